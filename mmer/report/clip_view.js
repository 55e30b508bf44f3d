// One clip of the clip browser: its pictures, graph, what the models saw, probabilities and facts, from the page's JSON.
"use strict";
var mmerClip = (() => {
  const SVG = document.querySelector("svg")?.namespaceURI;
  const STROKES = ["disc", "disc minus", "hole", "line", "line minus", "dots"]; // as in clip_marks.py
  const [STEPS, OFFSET, UNKNOWN] = [8, 2 ** 14, 2 ** 16 - 1]; // of packed places
  const SPACE = "\u202f";

  const parsed = (id) => JSON.parse(document.getElementById(id).textContent);
  let sharedData = null;
  const shared = () => (sharedData ??= parsed("clips-shared"));

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  function drawn(name, attributes = {}) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }
  const percent = (mille) => `${(mille / 10).toFixed(1)}${SPACE}%`;

  // ---- Pictures ------------------------------------------------------------------------------------------------
  const viewOf = (clip) => [0, 0, ...(shared().pictures[clip.number]?.size ?? [128, 128])];
  function picture(view, label) {
    return drawn("svg", { viewBox: view.join(" "), role: "img", "aria-label": label });
  }
  function put(svg, pictures, kind) { // a picture of a card stands in the page already
    if (!pictures || !(kind in pictures.shown)) return;
    const [width, height] = pictures.size;
    svg.append(pictures.number ? drawn("use", { href: `#clip-${pictures.number}-${kind}` })
      : drawn("image", { href: pictures.shown[kind], width, height, preserveAspectRatio: "none" }));
  }
  function tile(name, note, content) {
    const caption = element("figcaption", {}, name);
    if (note) caption.append(" ", element("span", {}, note));
    return element("figure", { class: "tile" }, content, caption);
  }
  function arrows(steps) {
    const point = (x, y) => `${x.toFixed(1)} ${y.toFixed(1)}`;
    let path = "";
    for (let i = 0; i < steps.length; i += 4) {
      const [x, y, dx, dy] = steps.slice(i, i + 4);
      const barb = (side) => point(x + 0.65 * dx - side * 0.2 * dy, y + 0.65 * dy + side * 0.2 * dx);
      path += `M${point(x, y)}L${point(x + dx, y + dy)}M${barb(1)}L${point(x + dx, y + dy)}L${barb(-1)}`;
    }
    return path;
  }
  function places(clip) { // of every node: [x, y], or null where nobody knows
    if (clip.place < 0) return [];
    const bytes = Uint8Array.from(atob(shared().places[clip.place]), (sign) => sign.charCodeAt(0));
    const values = new DataView(bytes.buffer);
    return Array.from({ length: bytes.length / 4 }, (_, i) => {
      const [x, y] = [values.getUint16(4 * i, true), values.getUint16(4 * i + 2, true)];
      return x === UNKNOWN ? null : [(x - OFFSET) / STEPS, (y - OFFSET) / STEPS];
    });
  }
  const dot = (at) => `M${at[0].toFixed(1)} ${at[1].toFixed(1)}h0`;
  const line = (a, b) => `M${a[0].toFixed(1)} ${a[1].toFixed(1)}L${b[0].toFixed(1)} ${b[1].toFixed(1)}`;
  function around(at) {
    const [xs, ys] = [at.map((p) => p[0]), at.map((p) => p[1])];
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    const size = Math.max(Math.max(...xs) - x, Math.max(...ys) - y, 1);
    return [x - 0.1 * size, y - 0.1 * size, 1.2 * size, 1.2 * size];
  }
  function graphTile(data, clip) {
    const at = places(clip);
    const known = at.filter(Boolean);
    if (!data.graph || !known.length) return null;
    const { nodes, lines, total } = data.graph;
    const pictures = shared().pictures[clip.number];
    const svg = picture(pictures ? viewOf(clip) : around(known), "graph on the face");
    svg.classList.add("graph");
    put(svg, pictures, "onset");
    let [edges, count] = ["", 0];
    for (let i = 0; i < lines.length; i += 2) {
      const ends = [at[lines[i]], at[lines[i + 1]]];
      if (ends.every(Boolean)) [edges, count] = [edges + line(...ends), count + 1];
    }
    svg.append(drawn("path", { class: count > 120 ? "edges many" : "edges", d: edges }));
    svg.append(drawn("path", { class: "nodes", d: known.map(dot).join("") }));
    if (nodes.every((name) => name.startsWith("AU"))) {
      const labels = new Map(); // nodes in one place share a label
      nodes.forEach((name, i) => {
        if (at[i]) labels.set(String(at[i]), [...(labels.get(String(at[i])) ?? []), [at[i], name.slice(2).replace(/^0+/, "")]]);
      });
      for (const every of labels.values()) {
        const text = drawn("text", { x: every[0][0][0], y: (every[0][0][1] - 3).toFixed(1) });
        text.textContent = every.map(([, name]) => name).join(" ");
        svg.append(text);
      }
    }
    const missing = nodes.length - known.length;
    const note = `${count < total ? `${count} of ${total}` : count} edges${missing ? `, ${missing} nodes without place` : ""}`;
    return tile("graph", note, svg);
  }
  function sawTile(clip, [title, note, strokes, uri, view]) {
    const at = places(clip);
    const svg = picture(view ?? viewOf(clip), `${title} on the face: ${note}`);
    const [x, y, width, height] = view ?? viewOf(clip);
    if (uri) svg.append(drawn("image", { href: uri, x, y, width, height, preserveAspectRatio: "none" }));
    else put(svg, shared().pictures[clip.number], "onset");
    for (const [kind, thick, nodes] of strokes) {
      let path = "";
      if (STROKES[kind].startsWith("line")) for (let i = 0; i < nodes.length; i += 2) path += line(at[nodes[i]], at[nodes[i + 1]]);
      else path = (STROKES[kind] === "dots" ? at.filter(Boolean) : nodes.map((node) => at[node])).map(dot).join("");
      svg.append(drawn("path", { class: STROKES[kind], d: path, "stroke-width": thick }));
    }
    return tile(title, note, svg);
  }
  function faceTiles(clip) {
    const pictures = shared().pictures[clip.number];
    if (!pictures) return [element("div", { class: "empty" }, "no pictures of this clip in the page")];
    const [frame, source] = pictures.apex;
    const notes = {
      onset: clip.frames[0] === null ? "" : `frame ${clip.frames[0]}`,
      apex: `${frame === null ? "" : `frame ${frame}, `}${source}`,
      flow: `up to ${pictures.full[0]} px`, strain: `up to ${pictures.full[1]}`,
    };
    const labels = { onset: "face at onset", apex: "face at apex", flow: "motion from onset to apex", strain: "optical strain" };
    return Object.keys(labels).filter((kind) => kind in pictures.shown).map((kind) => {
      const svg = picture(viewOf(clip), labels[kind]);
      put(svg, pictures, kind);
      if (kind === "flow") svg.append(drawn("path", { class: "arrows", d: arrows(pictures.steps) }));
      return tile(kind, notes[kind], svg);
    });
  }

  // ---- One clip ------------------------------------------------------------------------------------------------
  function bar(data, clip, k) {
    const classes = [clip.shows(k) && "truth", clip.says(k) && "predicted", clip.says(k) !== clip.shows(k) && "off"];
    const fill = element("i", {});
    fill.style.setProperty("--p", clip.mean(k) / 1000);
    const runs = clip.runs(k);
    for (const value of runs || []) fill.append(Object.assign(element("b", {}), { style: `left:${value / 10}%` }));
    const told = [clip.shows(k) && (data.units ? "shown" : "truth"), clip.says(k) && "predicted"].filter(Boolean).join(", ");
    const row = element("li", { class: classes.filter(Boolean).join(" ") }, element("span", {}, data.names[k]), fill,
      element("span", { class: "number" }, percent(clip.mean(k))), element("span", { class: "told" }, told));
    if (runs) row.append(element("span", { class: "runs" }, `runs ${percent(Math.min(...runs))} to ${percent(Math.max(...runs))}`));
    return row;
  }
  function facts(data, clip) {
    const [onset, apex, offset] = clip.frames;
    const length = onset === null || offset === null ? "" : clip.fps ? `, ${Math.round(1000 * (offset - onset + 1) / clip.fps)} ms` : "";
    const rows = [
      ["subject", clip.subject], ["fold", clip.folds.join(", ")],
      ["annotated", [clip.emotion, clip.annotated].filter(Boolean).join("; ")],
      ["frames", onset === null && offset === null ? "" : `${onset ?? "?"} to ${offset ?? "?"}${apex === null ? "" : `, apex ${apex}`}${length}`],
      ["runs", data.runs > 1 ? `right in ${clip.right} of ${data.runs}; probabilities are means over runs, a tick is a run` : ""],
    ];
    const list = element("dl", { class: "clip-facts" });
    for (const [name, text] of rows) if (text) list.append(element("div", {}, element("dt", {}, name), element("dd", {}, text)));
    return list;
  }
  function show(view, data, clip, position) {
    view.card.className = `card ${clip.wrong ? "wrong" : "right"}`;
    view.position.textContent = position;
    const said = element("p", { class: "said" }, element("span", {}, "truth ", element("b", {}, clip.truth)), " ",
      element("span", {}, "predicted ", element("b", {}, clip.said)));
    const bars = element("ul", { class: data.units ? "bars of-units" : "bars", "aria-label": "probabilities" },
      ...clip.asked.map((k) => bar(data, clip, k)));
    const parts = [element("h4", {}, element("span", { class: "mark" }, clip.mark), " ", element("code", {}, clip.id)), said,
      element("div", { class: "tiles" }, ...faceTiles(clip), graphTile(data, clip) ?? "")];
    if (clip.saw.length) parts.push(element("div", { class: "tiles saw" }, ...clip.saw.map((seen) => sawTile(clip, seen))));
    view.body.replaceChildren(...parts, bars, facts(data, clip));
  }

  return { element, percent, parsed, shared, show, SPACE };
})();
