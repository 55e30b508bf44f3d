// What scrolls sideways (tables, code, drawings on a phone) can be reached and moved by keyboard too.
const reachable = () => {
  for (const box of document.querySelectorAll(".table-wrapper, .drawing, .highlight pre")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
addEventListener("DOMContentLoaded", reachable);
addEventListener("resize", reachable);
