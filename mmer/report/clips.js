// Every test clip of an experiment: a list with filters, one clip opened at a time. The data stand in the page as JSON;
// pictures become elements when a clip is opened, and no sooner.
"use strict";
(() => {
  const { element, parsed, shared, show, SPACE } = mmerClip;
  const PORTION = 200; // rows of a list that are made at a time

  // ---- What the data say of the clip at a place in the list of an experiment -----------------------------------
  function answersOf(data) {
    const width = data.names.length;
    const mean = (at, k) => data.mean[at * width + k];
    const units = (word, wanted) => data.names.filter((_, k) => word[k] === wanted);
    const shows = (values, at, k) => (data.units ? values[at][k] === "1" : values[at] === k);
    const asked = (at, k) => !data.units || data.truth[at][k] !== "-";
    const all = [...data.names.keys()];
    const sure = (at, k) => (data.units ? Math.max(mean(at, k), 1000 - mean(at, k)) : mean(at, k));
    const failed = (at) => all.filter((k) => asked(at, k) && shows(data.truth, at, k) !== shows(data.said, at, k));
    return data.clips.map((number, at) => {
      const [id, subject, corpus, emotion, annotated, onset, apex, offset, fps] = shared().clips[number];
      const mistakes = failed(at);
      const wrong = mistakes.length > 0;
      const confidence = data.units
        ? Math.max(...(wrong ? mistakes : all.filter((k) => asked(at, k))).map((k) => sure(at, k)))
        : mean(at, data.said[at]);
      const named = (values) => (data.units ? units(values[at], "1").join(" ") || "none" : data.names[values[at]]);
      return {
        at, number, id, subject, corpus, emotion, annotated, frames: [onset, apex, offset], fps, wrong, confidence,
        mistakes: mistakes.length, asked: all.filter((k) => asked(at, k)),
        truth: named(data.truth), said: named(data.said), right: data.right[at],
        truths: all.filter((k) => shows(data.truth, at, k)).map((k) => data.names[k]),
        saids: all.filter((k) => shows(data.said, at, k)).map((k) => data.names[k]),
        shows: (k) => shows(data.truth, at, k), says: (k) => shows(data.said, at, k), mean: (k) => mean(at, k),
        runs: (k) => data.by_run && Array.from({ length: data.runs }, (_, r) => data.by_run[(at * data.runs + r) * width + k]),
        folds: data.fold[at].map((f) => data.folds[f]),
        saw: data.saw[at] ?? [],
        place: data.places?.[at] ?? -1,
        mark: data.units ? `${all.filter((k) => asked(at, k)).length - mistakes.length} of ${all.filter((k) => asked(at, k)).length} right`
          : wrong ? "wrong" : "right",
      };
    });
  }
  const ORDERS = {
    "most surely wrong first": (a, b) => b.wrong - a.wrong || b.mistakes - a.mistakes
      || (a.wrong ? b.confidence - a.confidence : a.confidence - b.confidence),
    "most sure first": (a, b) => b.confidence - a.confidence,
    "least sure first": (a, b) => a.confidence - b.confidence,
    "by name": () => 0,
  };
  const SURE = { "at least 90 %": [900, 1001], "70 to 90 %": [700, 900], "below 70 %": [0, 700] };

  // ---- The list and its filters --------------------------------------------------------------------------------
  function choice(label, options, first) {
    const select = element("select", {}, ...(first ? [element("option", { value: "" }, first)] : []),
      ...options.map(([value, text]) => element("option", { value }, text ?? value)));
    return [element("label", {}, element("span", {}, label), select), select];
  }
  const counted = (clips, of) => {
    const counts = new Map();
    for (const clip of clips) for (const name of [of(clip)].flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => [name, `${name} (${count})`]);
  };
  function build(box) {
    const data = parsed(box.dataset.clips);
    const clips = answersOf(data);
    const prefix = box.dataset.clips;
    const filters = [
      ["result", [["right", `right (${clips.filter((c) => !c.wrong).length})`], ["wrong", `wrong (${clips.filter((c) => c.wrong).length})`]],
        (clip, value) => clip.wrong === (value === "wrong")],
      [data.units ? "unit shown" : "truth", counted(clips, (clip) => clip.truths), (clip, value) => clip.truths.includes(value)],
      [data.units ? "unit predicted" : "predicted", counted(clips, (clip) => clip.saids), (clip, value) => clip.saids.includes(value)],
      ["subject", counted(clips, (clip) => clip.subject), (clip, value) => clip.subject === value],
      ["corpus", counted(clips, (clip) => clip.corpus), (clip, value) => clip.corpus === value],
      ["confidence", data.units ? [] : Object.keys(SURE).map((name) => [name]),
        (clip, value) => clip.confidence >= SURE[value][0] && clip.confidence < SURE[value][1]],
    ].filter(([, options]) => options.length > 1).map(([label, options, fits]) => {
      const [field, select] = choice(label, options, "all");
      return { field, select, fits };
    });
    const [orderField, order] = choice("order", Object.keys(ORDERS).map((name) => [name]));
    const count = element("p", { class: "small", role: "status" });
    const list = element("ul", { class: "clip-list", role: "listbox", tabindex: "0", "aria-label": `Test clips of ${data.experiment}` });
    const [back, forth] = ["Previous", "Next"].map((name) => element("button", { type: "button" }, name));
    const position = element("span", { class: "small", role: "status" });
    const body = element("div", {});
    const card = element("article", { class: "card" }, element("div", { class: "clip-steps" }, back, forth, position), body);
    const view = { card, body, position };
    box.append(element("div", { class: "filters-of-clips", role: "group", "aria-label": `Filter the clips of ${data.experiment}` },
      ...filters.map((one) => one.field), orderField), count, element("div", { class: "clip-panes" }, list, card));

    let [shown, made, open] = [[], 0, -1];
    function more(wanted) {
      for (; made < Math.min(wanted, shown.length); made += 1) {
        const clip = shown[made];
        const sure = data.units ? "" : ` ${Math.round(clip.confidence / 10)}${SPACE}%`;
        const row = element("li", { role: "option", id: `${prefix}-${clip.at}`, class: clip.wrong ? "wrong" : "right", "aria-selected": "false" },
          element("span", { class: "mark" }, clip.mark), element("code", {}, clip.id),
          element("span", { class: "what" }, data.units ? clip.said : clip.wrong ? `${clip.truth}, taken for ${clip.said}${sure}` : `${clip.truth}${sure}`));
        row.dataset.place = made;
        list.append(row);
      }
    }
    function select(place, scroll = true) {
      if (place < 0 || place >= shown.length) return;
      more(place + 2);
      list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
      open = place;
      const row = list.children[place];
      row.setAttribute("aria-selected", "true");
      list.setAttribute("aria-activedescendant", row.id);
      if (scroll) { // only the list moves, never the page
        const [top, bottom] = [row.offsetTop - list.offsetTop, row.offsetTop - list.offsetTop + row.offsetHeight];
        if (top < list.scrollTop) list.scrollTop = top;
        else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
      }
      back.disabled = place === 0;
      forth.disabled = place === shown.length - 1;
      show(view, data, shown[place], `${place + 1} of ${shown.length}: ${shown[place].id}`);
    }
    function filter() {
      const kept = clips.filter((clip) => filters.every(({ select: field, fits }) => !field.value || fits(clip, field.value)));
      shown = kept.sort((a, b) => ORDERS[order.value](a, b) || a.at - b.at);
      [made, open] = [0, -1];
      list.replaceChildren();
      list.removeAttribute("aria-activedescendant");
      list.scrollTop = 0;
      more(PORTION);
      count.textContent = `${shown.length} of ${clips.length} clips`;
      card.hidden = !shown.length;
      select(0);
    }
    const STEP = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    list.addEventListener("keydown", (event) => {
      if (!(event.key in STEP) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      select(Math.max(0, Math.min(shown.length - 1, open + STEP[event.key])));
    });
    box.addEventListener("keydown", (event) => { // beside the fields, where arrows have a meaning of their own
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step || event.target.closest("select") || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      select(open + step);
    });
    list.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) select(Number(row.dataset.place), false);
    });
    list.addEventListener("scroll", () => {
      if (list.scrollTop + 2 * list.clientHeight > list.scrollHeight) more(made + PORTION);
    }, { passive: true });
    for (const [button, step] of [[back, -1], [forth, 1]]) {
      button.addEventListener("click", () => {
        select(open + step);
        if (button.disabled) (step < 0 ? forth : back).focus();
      });
    }
    box.addEventListener("change", filter);
    filter();
  }

  // ---- Built when it comes near ---------------------------------------------------------------------------------
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      build(target);
    }
  }, { rootMargin: "60% 0px" });
  for (const box of document.querySelectorAll(".clip-browser")) {
    box.hidden = false;
    box.parentNode.querySelector("details.chosen")?.removeAttribute("open");
    near.observe(box);
  }
})();
