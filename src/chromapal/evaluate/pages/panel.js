"use strict";
// What the page shows beside the drawings; every text goes in as text.

const STATUS = {
  model: "", stated: "stated by a person", maybe: "stated by a person: maybe",
  none: "no neuron, stated by a person", unnamed: "no name is left for it",
  spurious: "likelier no neuron: glia, a granule, half of a cell",
  unassigned: "another neuron has this name, or it is nobody",
  forced: "another neuron has the likelier name",
};

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

function swatch(colour, words) {
  if (!colour) return null;
  const square = element("span", { className: "swatch" });
  square.style.background = css(colour);
  return element("span", {}, square, words);
}

const distance = (one, other) => Math.hypot(...one.map((at, axis) => at - other[axis]));

function neighbours(neuron) {
  const places = content.positions;
  const away = numbers().filter((other) => other !== neuron)
    .map((other) => [distance(places[neuron], places[other]), other]);
  return away.sort((one, other) => one[0] - other[0] || one[1] - other[1]).slice(0, NEIGHBOURS);
}

function showNeuron(given) {
  const neuron = state.current, said = state.statements.get(neuron);
  const word = ["none", "spurious"].includes(given.status) ? "no neuron" : given.name || "no name";
  const how = { stated: "said", maybe: "maybe", none: "said" }[given.status] ?? "dim";
  const share = said || !given.share ? "" : ` ${percent(given.share)}`;
  const words = said && !meaning(said.says, content) && said.says !== NONE
    ? `stated: ${said.says}` : STATUS[given.status];
  part("neuron").replaceChildren(
    element("p", { className: "dim" },
      `Neuron ${neuron}${content.labels?.[neuron] ? ` · in the file ${content.labels[neuron]}` : ""}`),
    element("p", { className: "answer" }, word, element("small", {}, share)),
    element("p", { className: how }, words || "\u00a0"),
    element("p", { className: "swatches" },
      swatch(content.measured?.[neuron], "measured"),
      swatch(content.predicted?.[neuron], "predicted")),
  );
}

const percent = (share) => share > 0 && share < 0.01 ? "<1 %" : `${Math.round(100 * share)} %`;

function showCandidates(some) {
  const stated = new Set([...state.statements]
    .filter(([neuron]) => neuron !== state.current).map(([, { says }]) => says));
  part("candidates").replaceChildren(...some.map((one, place) => {
    const bar = element("i");
    bar.style.width = `${100 * one.share}%`;
    const away = one.place
      ? `${distance(one.place, content.positions[state.current]).toFixed(1)} µm off` : "";
    const row = element("tr", { title: "Choose this name" },
      element("td", {}, element("kbd", {}, one.key)),
      element("td", { className: stated.has(one.name) ? "name taken" : "name" }, one.name),
      element("td", {}, element("span", { className: "bar" }, bar), percent(one.share)),
      element("td", {}, swatch(one.colour, "") ?? ""),
      element("td", { className: "dim" }, away));
    row.addEventListener("click", () => choose(place));
    return row;
  }));
}

function entry(neuron, words) {
  const { name, status } = answer(neuron);
  const row = element("li", {},
    element("b", {}, ["none", "spurious"].includes(status) ? "none" : name || `(${neuron})`),
    element("span", { className: "dim" }, words));
  row.addEventListener("click", () => goTo(neuron));
  return row;
}

// Names that the model knows in a ganglion and that no neuron has, the likeliest here first.
function showLacking(some) {
  const ganglion = some.length
    ? content.names.find((name) => written(name) === some[0].name).ganglion : "other";
  const given = new Set(numbers().map((neuron) => answer(neuron).name));
  const lacking = new Map();
  content.names.forEach((name, column) => {
    if (name.ganglion !== ganglion || given.has(written(name))) return;
    const best = Math.max(lacking.get(written(name)) ?? 0, chance(state.current, column));
    lacking.set(written(name), best);
  });
  part("lacking").hidden = ganglion === "other" || !lacking.size;
  const sorted = [...lacking].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
  const head = ganglion === "pharynx" ? ganglion : `${ganglion} ganglion`;
  part("lacking").replaceChildren(
    element("h2", {}, `Expected in the ${head}, not given`),
    element("p", {}, ...sorted.slice(0, 24).map(([name]) => {
      const button = element("button", { type: "button", title: "State this name" }, name);
      button.addEventListener("click", () => { button.blur(); sayAndGoOn(name); });
      return button;
    })));
}

// What names became when apply took account of anchors; it does not change while one looks at it.
function showChanged() {
  part("changed").hidden = !content.changed.length;
  const stated = content.changed.filter((one) => one.stated).length;
  part("changed").querySelector("h2").textContent =
    `Changed by anchors: ${content.changed.length}, of which stated ${stated}`;
  part("changed").querySelector("ul").replaceChildren(...content.changed.map((one) => {
    const row = element("li", { title: `Go to neuron ${one.neuron}` },
      element("span", { className: "dim" }, `${one.before || "no name"} →`),
      element("span", { className: one.stated ? "said" : "" }, one.now || "no name"));
    row.addEventListener("click", () => goTo(one.neuron));
    return row;
  }));
}

function showCounter() {
  const answers = numbers().map(answer);
  const settled = numbers().filter(isSettled).length;
  const doubted = [...state.statements.values()].filter((said) => said.maybe).length;
  const named = answers.filter(({ name }) => name);
  const right = named.reduce((sum, { share }) => sum + share, 0);
  part("counter").textContent = `${settled} of ${content.count} settled`
    + (doubted ? `, ${doubted} maybe` : "")
    + ` · about ${Math.round(right)} of ${named.length} expected right`;
  const open = unsaved();
  part("unsaved").hidden = !open;
  part("unsaved").textContent = `Unsaved: ${open} statement${open === 1 ? "" : "s"}`;
}

/* ---- Everything at once ---- */

let shownCandidates = [], views = [];

function draw() {
  for (const view of views) {
    if (view.depth === undefined) view.places = content.positions;
    else view.directions = content.directions;
  }
  const near = neighbours(state.current).map(([, neuron]) => neuron);
  const answers = numbers().map(answer);
  const worm = {
    neurons: numbers(), current: state.current, zoom: state.zoom, marked: state.marked,
    expected: shownCandidates.filter(({ place }) => place),
    first: [state.current, ...near, ...[...state.statements.keys()].filter((who) => who !== WORM)],
    status: (neuron) => answers[neuron].status,
    sure: (neuron) => answers[neuron].share,
    word: (neuron) => answers[neuron].name,
    fill: (neuron) => fill(neuron, answers[neuron].share),
    stack, ganglia: state.outlined ? ganglia : [],
  };
  const depth = Number(part("depth").value);
  part("depth-said").textContent = `z ${depth.toFixed(1)} µm ± ${HALF_SLICE_UM}`;
  if (stack) {
    for (const key of ["low", "high", "gamma"]) stack[key] = Number(part(key).value);
    part("channels").textContent = [...stack.on].sort().join(" + ") || "no channel";
  }
  for (const view of views) {
    if (view.depth !== undefined) view.depth = depth;
    view.draw(worm);
  }
  const traces = content.traces?.[state.current];
  if (content.traces) {
    part("trace-said").textContent = traces ? `Calcium trace, ${traces.series}`
      : "This neuron has no trace.";
    const canvas = part("trace").querySelector("canvas");
    if (traces) drawTrace(canvas, { ...traces, levels: decoded(traces.levels, Uint8Array) });
    else sharp(canvas);
  }
}

// Measured or expected colours; where there are none, the surer a name, the bluer.
function fill(neuron, share) {
  const colour = state.expected ? content.predicted?.[neuron] : content.measured?.[neuron];
  if (colour) return css(colour);
  return `rgb(${INK.sure.map((part_) => Math.round(40 + share * (part_ - 40))).join(" ")})`;
}

function show() {
  const given = answer(state.current);
  shownCandidates = candidates(state.current);
  showNeuron(given);
  showCandidates(shownCandidates);
  part("neighbours").replaceChildren(...neighbours(state.current)
    .map(([away, neuron]) => entry(neuron, `${away.toFixed(1)} µm`)));
  showLacking(shownCandidates);
  part("queue").replaceChildren(...solved.queue.filter((neuron) => neuron !== state.current)
    .slice(0, ASKED).map((neuron) => entry(neuron, percent(answer(neuron).share))));
  showCounter();
  showAxes();
  draw();
}

// The neuron of the page's address, as in `neurons.html#neuron=12`.
function asked() {
  const neuron = /^#neuron=(\d{1,6})$/.exec(location.hash)?.[1];
  return neuron < content.count ? Number(neuron) : null;
}

function start() {
  takeOver();
  solveAgain();
  const body = { places: content.positions, directions: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    chosen: goTo, redraw: draw };
  const [low, high] = [Math.min, Math.max].map((most) =>
    most(...content.recorded.map((place) => place[2])));
  Object.assign(part("depth"), { min: low, max: high });
  views = [
    new View(part("lateral"), { ...body, right: [1, 0, 0], up: [0, 1, 0] }),
    // from the back, with the nose to the left, the worm's left is below
    new View(part("above"), { ...body, right: [1, 0, 0], up: [0, 0, -1] }),
    new View(part("slice"), { ...body, places: content.recorded, directions: content.directions,
      right: [1, 0, 0], up: [0, -1, 0] }),
    new TurnedView(part("turned"), { ...body, right: [0.8, 0, 0.6], up: [-0.18, 0.95, 0.24] }),
  ];
  views[2].depth = low;
  part("trace").hidden = !content.traces;
  part("views").classList.toggle("traced", Boolean(content.traces));
  part("views").classList.toggle("pictured", Boolean(stack));
  part("levels").hidden = !stack;
  part("notes").replaceChildren(...content.notes.map((note) => element("p", {}, note)));
  const known = [...content.names.map(({ name }) => name), ...Object.keys(content.classes)];
  showChanged();
  part("known").append(...known.map((name) => element("option", { value: name })));
  part("keys").querySelector("dl").append(...HELP
    .filter(([key]) => (key !== "1–4" || stack) && (key !== "G" || ganglia.size))
    .flatMap(([key, words]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {},
      key === "0" && !content.measured ? "expected colours or certainty" : words)]));
  document.addEventListener("keydown", press);
  for (const key of ["depth", "low", "high", "gamma"]) part(key).addEventListener("input", draw);
  part("typing").addEventListener("submit", (event) => { event.preventDefault(); typed(); });
  part("save-anchors").addEventListener("click", saveAnchors);
  part("save-names").addEventListener("click", () => download("names.csv", namesCsv()));
  part("save-neuropal").addEventListener("click",
    () => download("neuropal_id.csv", neuropalCsv()));
  part("load").addEventListener("click", () => part("file").click());
  part("file").addEventListener("change", () => {
    load(part("file").files[0]);
    part("file").value = "";
  });
  addEventListener("beforeunload", (event) => { if (unsaved()) event.preventDefault(); });
  new ResizeObserver(draw).observe(part("views"));
  // pressed by the mouse, a button would take the space bar that accepts
  for (const button of document.querySelectorAll("button"))
    button.addEventListener("click", () => button.blur());
  addEventListener("hashchange", () => { if (asked() !== null) goTo(asked()); });
  goTo(asked() ?? solved.queue[0] ?? state.current);
}

start();
