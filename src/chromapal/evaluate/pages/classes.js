"use strict";
// One class across all worms of a run: who has the name, how surely, and what it looks like.

const part = (id) => document.getElementById(id);
const content = JSON.parse(part("content").textContent);
const STATUS = { person: "stated by a person", forced: "another neuron has the likelier name" };
const classes = content.classes.map((one) => one.class);

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

// Neurons of a class in a worm, the likeliest first.
const neuronsOf = (worm, name) => worm.neurons.filter((neuron) => classes[neuron.class] === name)
  .sort((one, other) => other.probability - one.probability || one.neuron - other.neuron);

function swatch(colour) {
  if (!colour) return element("span", { className: "dim" }, "none");
  const square = element("span", { className: "swatch" });
  square.style.background = `rgb(${colour.map((share) => Math.round(255 * share)).join(" ")})`;
  return square;
}

// The recording around a neuron: red, green and blue, or one channel in gray.
function crop({ side, channels, levels }, place) {
  const canvas = element("canvas", { width: side, height: side });
  const context = canvas.getContext("2d"), picture = context.createImageData(side, side);
  const size = side * side, start = place * channels * size;
  for (let pixel = 0; pixel < size; pixel += 1) {
    for (let k = 0; k < 3; k += 1)
      picture.data[4 * pixel + k] = levels[start + (channels === 1 ? 0 : k) * size + pixel];
    picture.data[4 * pixel + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

function rowOf(worm, neuron) {
  const bar = element("i"), percent = Math.round(100 * neuron.probability);
  bar.style.width = `${percent}%`;
  return element("tr", {},
    element("td", {}, `${worm.lab} ${worm.worm}`),
    element("td", {}, element("a", { href: `${worm.page}#neuron=${neuron.neuron}` }, neuron.name),
      element("span", { className: "dim" }, ` ${neuron.neuron}`)),
    element("td", {}, element("span", { className: "bar" }, bar), `${percent} %`),
    element("td", {}, swatch(neuron.measured)),
    element("td", {}, swatch(neuron.predicted)),
    element("td", {}, worm.crops ? crop(worm.crops, worm.neurons.indexOf(neuron)) : null),
    element("td", { className: "dim" }, STATUS[neuron.status] ?? ""));
}

function rowsOf(worm, name) {
  const found = neuronsOf(worm, name);
  if (found.length) return found.map((neuron) => rowOf(worm, neuron));
  return [element("tr", { className: "dim" }, element("td", {}, `${worm.lab} ${worm.worm}`),
    element("td", { colSpan: 6 }, "no neuron"))];
}

const wormsWith = (name) => content.worms.filter((worm) => neuronsOf(worm, name).length).length;

let current = "";

function show(name) {
  current = name;
  const neurons = content.worms.flatMap((worm) => neuronsOf(worm, name));
  const mean = neurons.reduce((sum, { probability }) => sum + probability, 0) / neurons.length;
  part("found").textContent = `${name}: ${neurons.length} neuron${neurons.length === 1 ? "" : "s"}`
    + ` in ${wormsWith(name)} of ${content.worms.length} worms, on average ${Math.round(100 * mean)} %`;
  part("neurons").replaceChildren(...content.worms.flatMap((worm) => rowsOf(worm, name)));
  for (const button of part("classes").querySelectorAll("button")) {
    if (button.value === name) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

const go = (name) => { location.hash = `class=${encodeURIComponent(name)}`; };

function showAsked() {
  const asked = /^#class=([A-Z0-9%]+)$/.exec(location.hash)?.[1];
  const order = [...part("classes").querySelectorAll("button")].map((button) => button.value);
  show(classes.includes(asked) ? asked : order[0]);
}

function start() {
  if (!content.worms.some((worm) => worm.crops)) part("recording").textContent = "";
  for (const worm of content.worms)
    if (worm.crops)
      worm.crops.levels = Uint8Array.from(atob(worm.crops.levels), (letter) => letter.charCodeAt(0));
  for (const ganglion of content.ganglia) {
    const own = content.classes.filter((one) => one.ganglion === ganglion);
    part("classes").append(element("h2", {}, ganglion), element("div", {}, ...own.map((one) => {
      const button = element("button", { type: "button", value: one.class }, one.class,
        element("small", {}, `${wormsWith(one.class)}`));
      button.addEventListener("click", () => go(one.class));
      return button;
    })));
  }
  addEventListener("hashchange", showAsked);
  document.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const order = [...part("classes").querySelectorAll("button")].map((button) => button.value);
    go(order[(order.indexOf(current) + by + order.length) % order.length]);
  });
  if (classes.length) showAsked();
  else part("found").textContent = "No neuron has a name.";
}

start();
