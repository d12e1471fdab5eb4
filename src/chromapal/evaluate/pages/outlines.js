"use strict";
// Where ganglia lie: an outline around the expected places of each one's names.

const TINTS = { anterior: "#e0b25c", dorsal: "#7cc4e8", lateral: "#5fbf9b", ventral: "#d98a5f",
  retrovesicular: "#c99ac0", pharynx: "#9fb0d8" };

// Expected places [um] of a page's names by ganglion; nothing of names in none.
function placesByGanglion(names) {
  const places = new Map(Object.keys(TINTS).map((ganglion) => [ganglion, []]));
  for (const { ganglion, place } of names) if (place) places.get(ganglion)?.push(place);
  return new Map([...places].filter(([, own]) => own.length > 2));
}

// The corners of the convex hull of points [x, y], in order: Andrew's monotone chain.
function hull(points) {
  const sorted = [...points].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const leftTurn = ([a, b], [c, d], [e, f]) => (c - a) * (f - b) - (d - b) * (e - a) > 0;
  const half = (along) => {
    const corners = [];
    for (const point of along) {
      while (corners.length > 1 && !leftTurn(corners.at(-2), corners.at(-1), point)) corners.pop();
      corners.push(point);
    }
    return corners.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

function drawOutlines(view, ganglia) {
  const { context } = view;
  view.outlines = [...ganglia].map(([ganglion, places]) =>
    ({ ganglion, corners: hull(places.map((place) => view.at(place))) }));
  context.lineWidth = 1;
  for (const { ganglion, corners } of view.outlines) {
    context.strokeStyle = TINTS[ganglion];
    context.globalAlpha = 0.7;
    context.beginPath();
    for (const corner of corners) context.lineTo(...corner);
    context.closePath();
    context.stroke();
  }
  context.globalAlpha = 1;
}

// Where a ganglion's name may stand: beside its outline, outside first, the highest and lowest first.
function* boxesBeside(corners, half) {
  const centre = [0, 1].map((axis) =>
    corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length);
  const along = corners.flatMap((corner, place) => [0, 0.25, 0.5, 0.75].map((share) =>
    corner.map((at, axis) => (1 - share) * at + share * corners.at(place - 1)[axis])));
  const off = along.map(([x, y]) => [x, y, x - centre[0], y - centre[1]])
    .sort((one, other) => Math.abs(other[3]) - Math.abs(one[3]));
  for (const side of [1, -1])
    for (const [x, y, across, down] of off) {
      const far = Math.hypot(across, down) || 1;
      const left = x + side * across / far * (half + 3) - half;
      const top = y + side * down / far * (LINE / 2 + 3) - LINE / 2;
      yield [left, top, left + 2 * half, top + LINE];
    }
}

// The ganglia's names, where they hide neither neurons nor what is written already.
function labelOutlines(view, worm) {
  const { context, size: [width, height] } = view, room = view.radius(worm) + 1;
  const points = view.shown.map((neuron) => view.at(view.places[neuron]));
  const free = ([left, top, right, bottom]) =>
    left > 0 && top > 0 && right < width && bottom < height
    && !view.taken.some((other) => overlap([left, top, right, bottom], other))
    && !points.some(([x, y]) => x > left - room && x < right + room
      && y > top - room && y < bottom + room);
  context.font = `italic ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const outline of view.outlines) {
    const half = context.measureText(outline.ganglion).width / 2 + 2;
    outline.box = [...boxesBeside(outline.corners, half)].find(free) ?? null;
    if (!outline.box) continue;
    view.taken.push(outline.box);
    context.fillStyle = TINTS[outline.ganglion];
    context.fillText(outline.ganglion, outline.box[0] + 2, outline.box[1] + LINE / 2 + 0.5);
  }
}
