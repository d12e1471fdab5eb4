"use strict";
// Drawings of the worm: neurons seen along an axis, with names that do not overlap, and traces.

const DIRECTIONS = [["nose", 0, -1], ["tail", 0, 1], ["dorsal", 1, 1], ["ventral", 1, -1],
  ["left", 2, 1], ["right", 2, -1]];
const INK = { name: "#f2f4f5", stated: "#8ff0ae", maybe: "#ffc46b", none: "#8b9297", rim: "#9fb4c6",
  ring: "#ffd84d", place: "#ff9ad5", sure: [88, 166, 255] };
const FONT = "11px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";
const HALF_SLICE_UM = 4;
const LINE = 12; // pixels, the height of a name
// where a name may stand, beside its neuron first
const AROUND = [0, 180, 270, 90, 315, 45, 225, 135].map((turn) => turn * Math.PI / 180);
// where a direction may stand, at the rim first, as a share of the way from the centre
const INWARDS = Array.from({ length: 11 }, (_, step) => 1 - 0.06 * step);
const MARGIN = 18; // pixels around a whole head
const CAPTION = 24; // pixels, its height
const LETTERS = 1.6; // the zoom from which candidates' places bear their keys

const dot = (one, other) => one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
const css = (colour) => `rgb(${colour.map((share) => Math.round(255 * share)).join(" ")})`;

/* One drawing. right and up: unit vectors of the axes that point there; places: [x, y, z] of each
   neuron in um along these axes; directions: unit vectors of posterior, dorsal and left in them. */
class View {
  constructor(figure, { right, up, places, directions, chosen }) {
    this.canvas = figure.querySelector("canvas");
    this.names = []; // what was written where, for tests: {neuron, box}
    Object.assign(this, { right, up, places, directions, chosen });
    this.caption = figure.querySelector("figcaption");
    this.facing = this.caption.appendChild(document.createElement("span"));
    this.canvas.addEventListener("click", (event) => {
      const near = this.nearest(event.offsetX, event.offsetY);
      if (near !== null && !this.dragged) this.chosen(near);
    });
  }

  get middle() {
    const centre = (axis) => {
      const along = this.places.map((place) => dot(place, axis));
      return [Math.min(...along), Math.max(...along)];
    };
    return [centre(this.right), centre(this.up)];
  }

  get towards() {
    return cross(this.right, this.up);
  }

  // Where a point is drawn, in pixels.
  at(place) {
    return [this.shift[0] + this.scale * dot(place, this.right),
      this.shift[1] - this.scale * dot(place, this.up)];
  }

  nearest(x, y) {
    let best = null, least = 18;
    for (const neuron of this.shown ?? []) {
      const [left, top] = this.at(this.places[neuron]);
      const away = Math.hypot(left - x, top - y);
      if (away < least) [best, least] = [neuron, away];
    }
    return best;
  }

  // The whole head, or, enlarged, what is around the current neuron.
  fit({ zoom, current }) {
    const { clientWidth: width, clientHeight } = this.canvas;
    const height = clientHeight - CAPTION;
    const [across, along] = this.middle;
    const spans = [across[1] - across[0], along[1] - along[0]].map((span) => Math.max(span, 1));
    const whole = Math.min((width - 2 * MARGIN - 40) / spans[0], (height - 2 * MARGIN) / spans[1]);
    this.scale = Math.max(whole, 0.1) * zoom;
    const held = [this.right, this.up].map((axis) => dot(this.places[current], axis));
    // the further one zooms in, the nearer to the middle is the current neuron
    const follow = 1 - 1 / zoom ** 2;
    const centre = [across, along].map(([low, high], axis) =>
      (1 - follow) * (low + high) / 2 + follow * held[axis]);
    this.shift = [width / 2 - this.scale * centre[0],
      CAPTION + height / 2 + this.scale * centre[1]];
    this.size = [width, clientHeight];
  }

  draw(worm) {
    const context = sharp(this.canvas);
    if (!this.canvas.clientWidth || !this.canvas.clientHeight) return;
    this.fit(worm);
    this.context = context;
    const within = (neuron) => this.depth === undefined
      || Math.abs(this.places[neuron][2] - this.depth) <= HALF_SLICE_UM;
    this.shown = worm.neurons.filter(within).sort((one, other) =>
      dot(this.places[one], this.towards) - dot(this.places[other], this.towards));
    this.pictured = Boolean(worm.stack && this.depth !== undefined);
    if (this.pictured) worm.stack.draw(this);
    drawOutlines(this, this.depth === undefined ? worm.ganglia : []);
    for (const neuron of this.shown) this.drawNeuron(neuron, worm);
    this.sayFacing();
    this.taken = [this.captionBox];
    this.drawScale();
    this.drawRim();
    if (this.depth === undefined) this.drawPlaces(worm);
    this.drawRing(worm);
    this.drawNames(worm);
    labelOutlines(this, worm);
  }

  drawNeuron(neuron, worm) {
    const { context } = this, [x, y] = this.at(this.places[neuron]);
    const size = this.radius(worm), status = worm.status(neuron);
    context.beginPath();
    if (status === "none" || status === "spurious") {
      context.moveTo(x - size, y - size); context.lineTo(x + size, y + size);
      context.moveTo(x + size, y - size); context.lineTo(x - size, y + size);
      context.strokeStyle = INK.none; context.lineWidth = 1.5; context.stroke();
      return;
    }
    context.arc(x, y, size, 0, 2 * Math.PI);
    context.fillStyle = worm.fill(neuron);
    // the picture shows the neuron itself
    if (!this.pictured) context.fill();
    const stated = status === "stated" || status === "maybe";
    context.strokeStyle = stated ? INK[status] : "#ffffff70";
    context.lineWidth = stated ? 2.5 : 1;
    context.stroke();
  }

  radius({ zoom }) {
    return Math.min(4.5 + 1.2 * (zoom - 1), 9);
  }

  drawRing(worm) {
    const { context } = this, [x, y] = this.at(this.places[worm.current]);
    context.lineWidth = 2;
    context.strokeStyle = INK.ring;
    if (!this.shown.includes(worm.current)) context.setLineDash([3, 3]);
    context.beginPath(); context.arc(x, y, this.radius(worm) + 6, 0, 2 * Math.PI); context.stroke();
    context.setLineDash([]);
    if (worm.marked !== null) {
      const [left, top] = this.at(this.places[worm.marked]);
      const half = this.radius(worm) + 5;
      context.strokeRect(left - half, top - half, 2 * half, 2 * half);
    }
  }

  // Where each candidate is expected; by its key, where there is room for one.
  drawPlaces(worm) {
    const { context } = this;
    context.font = `bold ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.strokeStyle = INK.place;
    context.lineWidth = 1;
    const from = this.at(this.places[worm.current]);
    for (const { key, place } of worm.expected) {
      const [x, y] = this.at(place);
      context.setLineDash([2, 2]);
      context.beginPath(); context.moveTo(x, y); context.lineTo(...from); context.stroke();
      context.setLineDash([]);
      if (worm.zoom < LETTERS) {
        context.beginPath();
        context.moveTo(x - 3, y); context.lineTo(x + 3, y);
        context.moveTo(x, y - 3); context.lineTo(x, y + 3);
        context.stroke();
        continue;
      }
      context.fillStyle = "#101214c0";
      context.fillRect(x - 6, y - 7, 12, 14);
      context.fillStyle = INK.place;
      context.fillText(key, x, y);
      this.taken.push([x - 7, y - 8, x + 7, y + 8]);
    }
  }

  // What the caption covers, which wraps where a view is narrow.
  get captionBox() {
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = this.caption;
    return [0, 0, offsetLeft + offsetWidth + 6, Math.max(CAPTION, offsetTop + offsetHeight + 2)];
  }

  // Which side of the worm points to the reader, in the caption.
  sayFacing() {
    const facing = DIRECTIONS.find(([, axis, sign]) =>
      sign * dot(this.directions[axis], this.towards) > 0.8)?.[0];
    this.facing.textContent = !facing ? ""
      : this.depth === undefined ? `${facing} towards you` : `${facing} side on top`;
  }

  // Which way the worm lies, at the rim.
  drawRim() {
    const { context, size: [width, height] } = this;
    context.font = FONT;
    context.fillStyle = INK.rim;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [word, axis, sign] of DIRECTIONS) {
      const direction = this.directions[axis].map((along) => sign * along);
      const [x, y] = [dot(direction, this.right), -dot(direction, this.up)];
      if (Math.hypot(x, y) < 0.5) continue;
      const half = context.measureText(word).width / 2;
      const far = Math.min(...[[width / 2 - half - 6, x], [height / 2 - 10, y]]
        .map(([room, part]) => Math.abs(part) < 1e-6 ? Infinity : room / Math.abs(part)));
      const boxAt = (share) => {
        const [left, top] = [width / 2 + share * far * x, height / 2 + share * far * y];
        return [left - half - 3, top - 8, left + half + 3, top + 8];
      };
      const share = INWARDS.find((one) =>
        !this.taken.some((other) => overlap(boxAt(one), other))) ?? 1;
      const box = boxAt(share);
      context.fillText(word, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2);
      this.taken.push(box);
    }
  }

  drawScale() {
    const { context, size: [width, height] } = this;
    const long = [1, 2, 5, 10, 20, 50].findLast((um) => um * this.scale < width / 5) ?? 1;
    const right = width - 10, left = right - long * this.scale, y = height - 9;
    context.font = FONT;
    context.textBaseline = "middle";
    context.strokeStyle = context.fillStyle = INK.rim;
    context.lineWidth = 1.5;
    context.beginPath(); context.moveTo(left, y); context.lineTo(right, y); context.stroke();
    context.textAlign = "right";
    context.fillText(`${long} µm`, right, y - 9);
    this.taken.push([Math.min(left, right - 36) - 2, y - 17, right + 2, y + 4]);
  }

  drawNames(worm) {
    const { context } = this;
    context.textAlign = "left";
    context.textBaseline = "middle";
    this.names = [];
    const points = this.shown.map((neuron) => this.at(this.places[neuron]));
    const first = new Map(worm.first.map((neuron, rank) => [neuron, rank]));
    const rank = (neuron) => first.get(neuron) ?? worm.first.length + 1 - worm.sure(neuron);
    const inside = ([left, top, right, bottom]) =>
      left > 0 && top > 0 && right < this.size[0] && bottom < this.size[1];
    for (const neuron of [...this.shown].sort((one, other) => rank(one) - rank(other))) {
      const word = worm.word(neuron), [x, y] = this.at(this.places[neuron]);
      if (!word || !inside([x, y, x, y])) continue;
      context.font = neuron === worm.current ? `bold ${FONT}` : FONT;
      const wide = context.measureText(word).width;
      const box = this.freeBox(x, y, wide, this.radius(worm), points, inside);
      if (!box) continue;
      this.taken.push(box);
      this.names.push({ neuron, box });
      context.fillStyle = INK[{ stated: "stated", maybe: "maybe" }[worm.status(neuron)] ?? "name"];
      context.globalAlpha = first.has(neuron) ? 1 : 0.45 + 0.5 * worm.sure(neuron);
      context.fillText(word, box[0] + 1, (box[1] + box[3]) / 2 + 0.5);
      context.globalAlpha = 1;
    }
  }

  // A box for a name near its neuron that hides no neuron and no other name.
  freeBox(x, y, wide, radius, points, inside) {
    for (const away of [radius + 4, radius + 9, radius + 15])
      for (const turn of AROUND) {
        const [across, down] = [Math.cos(turn), Math.sin(turn)];
        const left = x + across * away + (across > 0.3 ? 0 : across < -0.3 ? -wide : -wide / 2);
        const middle = y + down * (away + (Math.abs(across) < 0.3 ? 3 : 0));
        const box = [left - 1, middle - LINE / 2, left + wide + 1, middle + LINE / 2];
        const hides = ([px, py]) => px > box[0] - radius + 1 && px < box[2] + radius - 1
          && py > box[1] - radius + 2 && py < box[3] + radius - 2;
        if (inside(box) && !this.taken.some((other) => overlap(box, other)) && !points.some(hides))
          return box;
      }
    return null;
  }
}

const overlap = (one, other) =>
  one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
const cross = (a, b) =>
  [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

// A cleared canvas with as many pixels as the screen has.
function sharp(canvas) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

// A view that is turned by dragging it.
class TurnedView extends View {
  constructor(figure, given) {
    super(figure, given);
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.dragged = false;
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.canvas.hasPointerCapture(event.pointerId)) return;
      if (event.movementX || event.movementY) this.dragged = true;
      this.right = turned(this.right, this.towards, -event.movementX / 150);
      this.up = turned(this.up, this.towards, event.movementY / 150);
      given.redraw();
    });
  }
}

// A unit vector turned towards another, to which it is perpendicular.
function turned(vector, towards, angle) {
  return vector.map((part, axis) => Math.cos(angle) * part + Math.sin(angle) * towards[axis]);
}

// A neuron's calcium trace: value against time.
function drawTrace(canvas, { start, end, low, high, levels, unit }) {
  const context = sharp(canvas);
  const [left, right, top, bottom] = [60, canvas.clientWidth - 12, 32, canvas.clientHeight - 18];
  context.strokeStyle = INK.stated;
  context.lineWidth = 1.2;
  context.beginPath();
  levels.forEach((level, point) => {
    const x = left + (right - left) * point / Math.max(levels.length - 1, 1);
    if (level) context.lineTo(x, bottom - (bottom - top) * (level - 1) / 254);
    else context.moveTo(x, bottom);
  });
  context.stroke();
  context.font = FONT;
  context.fillStyle = INK.rim;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const digits = (value) => Number(value.toPrecision(3)).toString();
  context.fillText(digits(high), left - 6, top);
  context.fillText(digits(low), left - 6, bottom);
  context.textAlign = "left";
  context.fillText(`${digits(start)} s`, left, bottom + 11);
  context.textAlign = "right";
  context.fillText(`${digits(end)} s${unit ? ` (${unit})` : ""}`, right, bottom + 11);
}
