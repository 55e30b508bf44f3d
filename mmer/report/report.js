// What a page can do beyond showing itself. Nothing here is needed to read it, and it asks nothing of any network.
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  // ---- Light and dark -----------------------------------------------------------------------------------------
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  for (const button of all("button.theme")) {
    const show = () => button.setAttribute("aria-pressed", String(dark()));
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("mmer-theme", root.dataset.theme); } catch { /* not remembered, then */ }
      show();
    });
    system.addEventListener("change", show);
    show();
  }

  // ---- Tables that sort: whole groups of rows where a table has several ---------------------------------------
  const words = new Intl.Collator("en", { numeric: true });
  function sortable(table) {
    const bodies = [...table.tBodies];
    const groups = bodies.length > 1 || table.hasAttribute("data-groups");
    const items = groups ? bodies : [...(bodies[0]?.rows ?? [])];
    const heads = [...table.tHead.rows[0].cells];
    const valueOf = (item, at) => {
      const row = groups ? item.querySelector("tr.model") ?? item.rows[0] : item;
      const cell = row.cells[at];
      const text = cell?.dataset.value ?? cell?.textContent.trim() ?? "";
      return { number: parseFloat(text), text };
    };
    heads.forEach((head, at) => {
      if (head.hasAttribute("data-unsorted")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const numeric = head.classList.contains("number");
        const orders = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
        const next = orders[orders.indexOf(head.getAttribute("aria-sort")) + 1]; // after the last: as in the page
        for (const other of heads) other.removeAttribute("aria-sort");
        if (next) head.setAttribute("aria-sort", next);
        const sign = next === "descending" ? -1 : 1;
        const order = !next ? items : items.map((item) => [valueOf(item, at), item]).sort(([a], [b]) => {
          if (!numeric) return sign * words.compare(a.text, b.text);
          // What has no number stands last, whichever way the others go.
          return isNaN(a.number) || isNaN(b.number) ? isNaN(a.number) - isNaN(b.number) : sign * (a.number - b.number);
        }).map(([, item]) => item);
        order.forEach((item) => item.parentNode.append(item));
      });
    });
  }
  all("table[data-sortable]").forEach(sortable);

  // ---- Filters of the table of experiments --------------------------------------------------------------------
  for (const box of all(".filters")) {
    box.hidden = false;
    const experiments = all("tbody[data-experiment]");
    const [search, ...choices] = all("input[type=search], select", box);
    const baselines = box.querySelector("input[type=checkbox]");
    const said = box.querySelector("[role=status]");
    const clear = box.querySelector("button");
    const filter = () => {
      const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const kept = experiments.filter((one) => {
        const text = one.rows[0].textContent.toLowerCase();
        const fits = choices.every((c) => !c.value || one.dataset[c.name].split("\n").includes(c.value));
        return (one.hidden = !(fits && asked.every((word) => text.includes(word)))) === false;
      });
      const names = new Set(kept.map((one) => one.dataset.experiment));
      for (const link of all("[data-of]")) link.hidden = !names.has(link.dataset.of);
      for (const part of all(".overview-part")) part.hidden = !all("tbody:not([hidden])", part).length;
      for (const table of all("table.overview")) table.classList.toggle("bare", !baselines.checked);
      said.textContent = `${kept.length} of ${experiments.length} experiments`;
      clear.hidden = !asked.length && choices.every((choice) => !choice.value);
    };
    box.addEventListener("input", filter);
    clear.addEventListener("click", () => {
      for (const field of [search, ...choices]) field.value = "";
      filter();
      search.focus();
    });
    filter();
  }

  // ---- Copying a sentence -------------------------------------------------------------------------------------
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { // a page of a file may not be allowed to: the old way works there
      const field = document.createElement("textarea");
      field.value = text;
      field.style.cssText = "position:fixed;opacity:0";
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  }
  for (const button of all("button[data-copy]")) {
    const text = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      const done = await copy(source.textContent.replace(/\s+/g, " ").trim());
      button.textContent = done ? "Copied" : "Select and copy it";
      button.focus();
      await wait(1500);
      button.textContent = text;
    });
  }

  // ---- Contents that follow -----------------------------------------------------------------------------------
  const links = new Map(all("nav.contents a[href^='#']").map((link) => [link.hash.slice(1), link]));
  const sections = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let current = null;
  function parts(section, link) { // the headings of the section at hand, below its entry
    const list = document.createElement("ul");
    list.className = "parts-of";
    for (const [at, head] of all("h3", section).entries()) {
      head.id ||= `${section.id}-${at + 1}`;
      const item = document.createElement("li");
      const there = document.createElement("a");
      there.href = `#${head.id}`;
      there.textContent = head.dataset.short ?? head.textContent;
      item.append(there);
      list.append(item);
    }
    link.parentNode.append(list);
  }
  function follow() {
    const line = innerHeight / 3;
    const found = sections.filter((section) => section.getBoundingClientRect().top <= line).pop() ?? null;
    if (found === current) return;
    for (const old of all("nav.contents .parts-of")) old.remove();
    if (current) links.get(current.id).removeAttribute("aria-current");
    current = found;
    if (!found) return;
    const link = links.get(found.id);
    link.setAttribute("aria-current", "location");
    if (found.classList.contains("experiment")) parts(found, link);
    const list = link.closest("nav");
    const [box, here] = [list.getBoundingClientRect(), link.getBoundingClientRect()];
    if (here.top < box.top || here.bottom > box.bottom) list.scrollTop += here.top - box.top - box.height / 3;
    if (here.left < box.left || here.right > box.right) list.scrollLeft += here.left - box.left - 40;
  }
  if (sections.length) {
    let asked = false;
    addEventListener("scroll", () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => { asked = false; follow(); });
    }, { passive: true });
    follow();
  }

  // ---- Paper: what is folded is open, and folds again afterwards ----------------------------------------------
  let opened = [];
  addEventListener("beforeprint", () => {
    const closed = all("details:not([open]):not(.machine)"); // a browser may announce one print twice
    for (const one of closed) one.open = true;
    opened.push(...closed);
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
    opened = [];
  });
})();
