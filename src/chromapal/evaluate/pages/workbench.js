"use strict";
// The page of a new worm: a person goes from neuron to neuron and states what they are.

const part = (id) => document.getElementById(id);
const content = unpacked(part("content").textContent);
const CANDIDATES = "QWERT", NEIGHBOURS = 8, ASKED = 8;
const CLOSEST = 12, FARTHEST = 1; // zoom
const CERTAIN = 0.95; // a landmark that is surer than this is not asked for first
const NOBODY_SURE = 0.5; // how surely a person tells what is none of the names
const HELP = [["Space", "accept the answer"], ["Q–T", "choose a candidate"], ["I", "type a name"],
  ["S", "swap two"], ["?", "maybe"], ["X", "no neuron"], ["N", "next, later"],
  ["Z", "undo"], ["M", "mirror axes"], ["G", "ganglia on, off"], ["← →", "step in z"],
  ["↑ ↓", "zoom"], ["0", "expected colours"], ["1–4", "channels on, off"]];
const state = {
  current: 0, statements: new Map(), kept: new Map(), history: [], passed: new Set(),
  zoom: 1, marked: null, expected: !content.measured, outlined: true,
};
const ganglia = placesByGanglion(content.names);
const stack = content.stack ? new Stack(content.stack) : null;
let solved; // the worm as it is named now

/* ---- Names under statements ---- */

function meanings(without) {
  const said = [...state.statements].filter(([neuron]) => neuron !== without)
    .map(([neuron, { says }]) => [neuron, meaning(says, content)]);
  // what the model takes for no neuron has no name until a person gives it one
  const none = numbers().filter((neuron) => isSpurious(neuron) && neuron !== without)
    .map((neuron) => [neuron, meaning(NONE, content)]);
  return new Map([...none, ...said.filter(([, what]) => what)]);
}

function solveAgain() {
  useAxes();
  const count = content.count, names = content.names.length;
  solved = solve(content.chances, count, names, meanings());
  const helps = worth(solved.chances, count, names, content.positions);
  solved.queue = queued(helps);
}

const chance = (neuron, column, found = solved) =>
  found.chances[neuron * content.names.length + column];
const written = (name) => isSideless() ? name.class : name.name;

// A neuron's answer as it is written, its probability, and where it comes from.
function answer(neuron) {
  const said = state.statements.get(neuron);
  const column = solved.best[neuron][0];
  const name = column === undefined ? "" : written(content.names[column]);
  if (isSpurious(neuron)) return { name: "", share: content.spurious[neuron], status: "spurious" };
  if (!said) {
    const best = solved.best[neuron];
    const forced = best.length > 1 && chance(neuron, best[0]) < chance(neuron, best[1])
      && written(content.names[best[1]]) !== name;
    const status = !name ? "unnamed" : solved.names[neuron] < 0 ? "unassigned"
      : forced ? "forced" : "model";
    return { name, share: name ? shareOf(neuron, name) : 0, status };
  }
  const status = said.maybe ? MAYBE : "stated";
  if (said.says === NONE) return { name: "", share: 1, status: "none" };
  const what = meaning(said.says, content);
  if (what === null) return { name, share: name ? shareOf(neuron, name) : 0, status };
  if (what.only) return { name: said.says, share: 1, status };
  return { name: name || said.says, share: shareOf(neuron, name), status };
}

function shareOf(neuron, name, found = solved) {
  if (!isSideless()) return chance(neuron, content.column.get(name), found);
  return content.names.reduce((sum, one, column) =>
    sum + (one.class === name ? chance(neuron, column, found) : 0), 0);
}

// The five best names as if nothing were stated about this neuron.
function candidates(neuron) {
  const found = state.statements.has(neuron) || isSpurious(neuron)
    ? solve(content.chances, content.count, content.names.length, meanings(neuron)) : solved;
  const some = content.names.map((_, column) => column).filter((k) => chance(neuron, k, found) > 0);
  const first = found.best[neuron][0];
  some.sort((one, other) => (other === first) - (one === first)
    || chance(neuron, other, found) - chance(neuron, one, found) || one - other);
  const names = [...new Set(some.map((column) => written(content.names[column])))];
  return names.slice(0, CANDIDATES.length).map((name, place) => {
    const column = some.find((one) => written(content.names[one]) === name);
    return { key: CANDIDATES[place], name, share: shareOf(neuron, name, found),
      place: isSideless() ? null : content.names[column].place,
      colour: content.names[column].colour };
  });
}

// Neurons to ask about, as chromapal.identify.queue has them: landmarks first; what helps most times
// how surely a person can answer it; ganglia in which that is hardest last.
function queued(helps) {
  const value = (neuron) => {
    let surely = 0, rest = 1;
    content.names.forEach(({ surely: known }, column) => {
      surely += chance(neuron, column) * known;
      rest -= chance(neuron, column);
    });
    return helps[neuron] * (surely + Math.max(rest, 0) * NOBODY_SURE);
  };
  const turn = (neuron) => {
    const best = solved.best[neuron][0];
    if (best === undefined) return 1;
    if (content.names[best].landmark && chance(neuron, best) < CERTAIN) return 0;
    return content.names[best].last ? 2 : 1;
  };
  const later = (neuron) => state.passed.has(neuron) || state.statements.get(neuron)?.maybe;
  return numbers().filter((neuron) => !isSettled(neuron))
    .map((neuron) => [later(neuron) ? 3 : turn(neuron), -value(neuron), neuron])
    .sort((one, other) => one[0] - other[0] || one[1] - other[1] || one[2] - other[2])
    .map(([, , neuron]) => neuron);
}

const numbers = () => [...Array(content.count).keys()];

const isSpurious = (neuron) => neuron in content.spurious && !state.statements.has(neuron);

function isSettled(neuron) {
  const said = state.statements.get(neuron);
  return Boolean(said && !said.maybe);
}

/* ---- Statements ---- */

function remember() {
  state.history.push({ statements: new Map(state.statements), current: state.current,
    passed: new Set(state.passed) });
}

// State something of neurons at once, {neuron: says}; a full name leaves the neuron that had it.
function say(words, maybe = false) {
  remember();
  let told = "";
  // before any of them gets another's name
  for (const [neuron] of words) state.statements.delete(neuron);
  for (const [neuron, says] of words) {
    for (const [other, said] of [...state.statements])
      if (said.says === says && isFull(says, content)) {
        state.statements.delete(other);
        told = `${says} was stated of neuron ${other}, which is open again; Z undoes it.`;
      }
    state.statements.set(neuron, { says, maybe, who: part("who").value.trim() || undefined });
    state.passed.delete(neuron);
  }
  tell(told);
  solveAgain();
}

// What a person stated before this page was made; each can be undone by itself.
function takeOver() {
  for (const { neuron, ...said } of content.stated) {
    if (neuron !== WORM) state.current = neuron;
    remember();
    state.statements.set(neuron, said);
  }
  state.kept = new Map(state.statements);
}

function sayAndGoOn(says) {
  say([[state.current, says]]);
  goOn();
}

function goOn() {
  const next = solved.queue.find((neuron) => neuron !== state.current);
  if (next === undefined) show();
  else goTo(next);
}

function accept() {
  const { name, status } = answer(state.current);
  const said = state.statements.get(state.current);
  if (status === "none" || status === "spurious") return sayAndGoOn(NONE);
  if (!name) return refuse("This neuron has no answer to accept.");
  return sayAndGoOn(said && meaning(said.says, content) ? said.says : name);
}

function choose(place) {
  const one = candidates(state.current)[place];
  if (one) sayAndGoOn(one.name);
}

function maybe() {
  const said = state.statements.get(state.current), { name } = answer(state.current);
  if (!said && !name) return refuse("This neuron has no answer that may be right.");
  say([[state.current, said ? said.says : name]], !said?.maybe);
  return show();
}

function swap() {
  if (state.marked === null || state.marked === state.current) {
    state.marked = state.marked === null ? state.current : null;
    tell(state.marked === null ? "" : "Go to the other neuron and press S again.");
    return show();
  }
  const [one, other] = [answer(state.marked).name, answer(state.current).name];
  if (!one || !other) return refuse("Only two neurons with names can be swapped.");
  say([[state.marked, other], [state.current, one]]);
  tell(`${one} and ${other} are swapped.`);
  state.marked = null;
  return show();
}

function typed() {
  const name = cleaned(part("name").value, content);
  if (!name) return refuse(`No list of neurons has the name “${part("name").value.trim()}”.`);
  part("name").value = "";
  part("name").blur();
  return sayAndGoOn(name);
}

function undo() {
  const before = state.history.pop();
  if (!before) return refuse("There is nothing to undo.");
  Object.assign(state, before, { marked: null });
  tell("");
  solveAgain();
  return goTo(state.current);
}

function later() {
  remember();
  state.passed.add(state.current);
  solveAgain();
  goOn();
}

/* ---- What keys do ---- */

const ACTS = {
  " ": accept, x: () => sayAndGoOn(NONE), s: swap, z: undo, m: mirror, n: later, "?": maybe,
  i: () => part("name").focus(),
  0: () => { state.expected = !state.expected; show(); },
  g: () => { state.outlined = !state.outlined; draw(); },
  arrowup: () => enlarge(1.3), arrowdown: () => enlarge(1 / 1.3),
  arrowleft: () => step(-1), arrowright: () => step(1),
  escape: () => { state.marked = null; tell(""); show(); },
};
LETTERS_OF.forEach((letter, place) => {
  if (stack) ACTS[place + 1] = () => { stack.toggle(letter); draw(); };
});
[...CANDIDATES].forEach((key, place) => { ACTS[key.toLowerCase()] = () => choose(place); });

function enlarge(factor) {
  state.zoom = Math.min(Math.max(state.zoom * factor, FARTHEST), CLOSEST);
  draw();
}

function step(by) {
  part("depth").value = Number(part("depth").value) + by;
  draw();
}

function press(event) {
  const typing = event.target instanceof HTMLInputElement && event.target.type !== "range";
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = ACTS[event.key.toLowerCase()];
  // a held key goes on stepping, but states nothing twice
  if (!act || (event.repeat && !event.key.startsWith("Arrow"))) return;
  event.preventDefault();
  act();
}

function goTo(neuron) {
  state.current = neuron;
  part("depth").value = content.recorded[neuron][2];
  show();
}

function tell(words, refused = false) {
  part("message").textContent = words;
  part("message").className = refused ? "refused" : "";
}

function refuse(words) {
  tell(words, true);
}

/* ---- Files ---- */

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
}

function saveAnchors() {
  download("anchors.csv", anchorsCsv(state.statements, content, part("who").value.trim()));
  state.kept = new Map(state.statements);
  show();
}

function namesCsv() {
  const rows = numbers().map((neuron) => {
    const { name, share, status } = answer(neuron), said = state.statements.get(neuron);
    return [content.lab, content.worm, neuron, name, share.toFixed(6), status,
      said?.says ?? "", ...content.recorded[neuron]];
  });
  const head = ["lab", "worm", "neuron", "name", "probability", "status", "says", "x", "y", "z"];
  return csv(head, rows);
}

// NeuroPAL_ID's own table with a person's names as User ID and the others as Auto ID.
function neuropalCsv() {
  const { opening, head, rows } = content.neuropal;
  const at = (column) => head.indexOf(column);
  return opening + csv(head, rows.map(([neuron, ...cells]) => {
    const { name, share, status } = answer(neuron), stated = status === "stated" || status === MAYBE;
    cells[at("User ID")] = stated ? name : "";
    cells[at("User Confidence")] = stated ? (status === MAYBE ? "0.5" : "1") : "";
    cells[at("Auto ID")] = stated ? "" : name;
    cells[at("Auto Confidence")] = stated ? "" : share.toFixed(6);
    return cells;
  }));
}

async function load(file) {
  if (!file) return;
  try {
    const read = anchorsRead(await file.text(), content);
    remember();
    state.statements = read;
    state.kept = new Map(read);
    solveAgain();
    const lacking = axesOf(read) in content.lists ? "" : ` This page has no names for axes that are `
      + `${axesOf(read)}: apply takes account of them.`;
    tell(`${read.size} statements were read from ${file.name}.${lacking}`);
    goOn();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refuse(error.message);
  }
}

function unsaved() {
  const neurons = new Set([...state.statements.keys(), ...state.kept.keys()]);
  return [...neurons].filter((neuron) => {
    const [now, before] = [state.statements.get(neuron), state.kept.get(neuron)];
    return now?.says !== before?.says || now?.maybe !== before?.maybe;
  }).length;
}
