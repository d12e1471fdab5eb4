"use strict";
// What a person states about neurons: its words, the files that it is kept in, and what they do.

const NONE = "-", MAYBE = "maybe", SURE = "sure";
const PLACES = ["nose", "tail", "dorsal", "ventral", "left", "right"];
const APART_UM = 1; // a statement about a neuron further away is about another segmentation

class Refused extends Error {}

// A typed name in the form in which names are compared; "" for one that nobody knows.
function cleaned(typed, content) {
  const plain = typed.toUpperCase().replace(/[\s_.\-]+/g, "").replace(/^([A-Z]+)0+([1-9]\d*)$/, "$1$2");
  const known = content.column.has(plain) || Object.hasOwn(content.classes, plain)
    || content.others.includes(plain);
  return known ? plain : "";
}

/* What a statement does to names: {columns, only}, see solve(); null where it says none, as
   where a neuron lies, of which the page knows nothing. */
function meaning(says, content) {
  if (says === NONE) return { columns: [], only: false };
  if (content.column.has(says)) return { columns: [content.column.get(says)], only: true };
  if (Object.hasOwn(content.classes, says)) return { columns: content.classes[says], only: false };
  if (says.includes("?") || PLACES.includes(says)
    || Object.hasOwn(AXES, says)) return null;
  return { columns: [], only: true };
}

// Whether a statement is a full name, which only one neuron may have.
function isFull(says, content) {
  return Boolean(meaning(says, content)?.only);
}

/* ---- CSV ---- */

// A spreadsheet runs cells that begin so as formulas, also behind blanks and as wide characters.
function inert(text) {
  const harmless = text === NONE || Number.isFinite(Number(text));
  return !harmless && /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text) ? `'${text}` : text;
}

function csvLine(cells) {
  const quoted = (text) => /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return cells.map((cell) => quoted(typeof cell === "number" ? `${cell}` : inert(cell))).join(",");
}

function csv(head, rows) {
  return [head, ...rows].map(csvLine).join("\n") + "\n";
}

// Rows of cells; quoted cells may hold commas, quotes and ends of lines.
function parsed(text) {
  const rows = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/gy;
  const body = text.replace(/^\ufeff/, "");
  while (cell.lastIndex < body.length) {
    const found = cell.exec(body);
    if (!found) throw new Refused("This file is no CSV: a quote does not end.");
    rows.at(-1).push((found[1] ?? "").replaceAll('""', '"') + (found[2] ?? ""));
    if (found[3] !== ",") rows.push([]);
  }
  return rows.filter((row) => row.some((one) => one.trim()));
}

const live = (text) => /^'\s*[=+\-@]/.test(text) ? text.slice(1) : text;

function anchorsCsv(statements, content, who) {
  const where = (neuron) => neuron === WORM ? ["", "", ""] : content.recorded[neuron];
  const rows = [...statements].sort(([one], [other]) => one - other).map(([neuron, said]) => [
    neuron === WORM ? "" : neuron, said.says, content.lab, content.worm, ...where(neuron),
    said.who ?? who, said.maybe ? MAYBE : SURE,
  ]);
  return csv(["neuron", "says", "lab", "worm", "x", "y", "z", "who", "sure"], rows);
}

function anchorsRead(text, content) {
  const [head = [], ...rows] = parsed(text).map((row) => row.map((cell) => cell.trim()));
  const at = Object.fromEntries(head.map((name, place) => [name, place]));
  if (!("neuron" in at && "says" in at))
    throw new Refused("This file has no columns neuron and says.");
  const statements = new Map(), taken = new Set();
  for (const row of rows) {
    const cell = (name) => live(row[at[name]] ?? "");
    if (!cell("says")) continue;
    for (const key of ["lab", "worm"])
      if (cell(key) && cell(key) !== content[key])
        throw new Refused(`These anchors are of ${key} ${cell(key)}, this page of ${content[key]}.`);
    const word = cell("says"), lower = word.toLowerCase(), who = cell("who") || undefined;
    if (Object.hasOwn(AXES, lower)) {
      if (cell("neuron")) throw new Refused("Axes are the worm's: such a row is of no neuron.");
      if (statements.has(WORM)) throw new Refused("The worm's axes are stated twice.");
      statements.set(WORM, { says: lower, maybe: false, who });
      continue;
    }
    const neuron = Number(cell("neuron"));
    if (!/^\d+(\.0*)?$/.test(cell("neuron")) || neuron >= content.count)
      throw new Refused(`There is no neuron ${cell("neuron")}.`);
    const place = ["x", "y", "z"].map(cell);
    const away = Math.hypot(...place.map((one, axis) => one - content.recorded[neuron][axis]));
    if (place.every(Boolean) && !(away <= APART_UM))
      throw new Refused(`Neuron ${neuron} lies elsewhere: these anchors are of another segmentation.`);
    const says = PLACES.includes(lower) ? lower : word === NONE ? word : cleaned(word, content) || word;
    if (statements.has(neuron)) throw new Refused(`Neuron ${neuron} is spoken of twice.`);
    if (isFull(says, content) && taken.has(says))
      throw new Refused(`Two neurons are called ${says}.`);
    taken.add(says);
    statements.set(neuron, { says, maybe: cell("sure") === MAYBE, who });
  }
  return statements;
}

/* ---- What a page holds ---- */

function decoded(text, kind) {
  return new kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

// Packed probabilities as rows of so many names.
function unpackedChances({ lengths, columns, values }, names) {
  const [counts, places, shares] = [
    decoded(lengths, Uint16Array), decoded(columns, Uint16Array), decoded(values, Float32Array),
  ];
  const chances = new Float64Array(counts.length * names);
  let next = 0;
  counts.forEach((count, neuron) => {
    for (let last = next + count; next < last; next += 1)
      chances[neuron * names + places[next]] = shares[next];
  });
  return chances;
}

// The content of the page, with its probabilities as rows, and columns by name.
function unpacked(text) {
  const content = JSON.parse(text);
  for (const list of Object.values(content.lists))
    list.chances = unpackedChances(list.chances, content.names.length);
  const column = new Map(content.names.map(({ name }, number) => [name, number]));
  return { ...content, column };
}
