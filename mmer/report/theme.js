// Light or dark: what a reader chose on any earlier page, else what the system prefers (the style sheet knows).
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  let chosen = null;
  try { chosen = localStorage.getItem("mmer-theme"); } catch { /* storage is forbidden: the system decides */ }
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
})();
