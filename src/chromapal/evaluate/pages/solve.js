"use strict";
// One name to one neuron under what a person states: chromapal/identify/corrected.py in a browser.
// A test holds both to each other.

const PASSES = 10; // of identify/assign.py
const BLANK = 12; // the cost of leaving a neuron without a name there
const LEAST = 1e-12; // the least share of a stated name, and of nobody
const BEST = 5;
const REACH_UM = 12; // of identify/anchors.py: within which neurons share their uncertainty

/* Solve a worm again.

   chances: Float64Array of count x names probabilities, row by row.
   stated: what is said of neurons, by number: {columns}, the names that one may have (none for what
   is no neuron or has an unknown name), and {only}: whether these are no other neuron's.
   Gives chances under these statements; names, the assigned column of each neuron or -1; and best,
   its five best columns. */
function solve(chances, count, names, stated) {
  const allowed = allowedNames(count, names, stated);
  const weight = new Float64Array(count * names), nobody = new Float64Array(count);
  for (let neuron = 0; neuron < count; neuron += 1) {
    const start = neuron * names, end = start + names;
    const held = stated.has(neuron) && allowed.subarray(start, end).includes(1);
    let rest = 1;
    for (let place = start; place < end; place += 1) {
      rest -= chances[place];
      if (allowed[place]) weight[place] = held ? Math.max(chances[place], LEAST) : chances[place];
    }
    // whatever the model thought, such a neuron has one of the stated names
    nobody[neuron] = held ? 0 : Math.max(rest, LEAST);
  }
  const shared = sharedOut(weight, nobody, count, names);
  return { chances: shared, ...answers(shared, allowed, count, names) };
}

function allowedNames(count, names, stated) {
  const allowed = new Uint8Array(count * names).fill(1);
  const only = [];
  for (const [neuron, said] of stated) {
    if (said.only) only.push(...said.columns);
    allowed.fill(0, neuron * names, (neuron + 1) * names);
    for (const column of said.columns) allowed[neuron * names + column] = 1;
  }
  for (const column of only)
    for (let neuron = 0; neuron < count; neuron += 1) {
      const said = stated.get(neuron);
      if (!(said?.only && said.columns.includes(column))) allowed[neuron * names + column] = 0;
    }
  return allowed;
}

// Sinkhorn's scaling with slack: rows, nobody included, add up to one and columns to one at most.
function sharedOut(weight, nobody, count, names) {
  const scale = new Float64Array(names).fill(1), inverse = new Float64Array(count);
  const sums = new Float64Array(names), shared = new Float64Array(weight.length);
  const free = (neuron) => {
    let total = nobody[neuron];
    for (let k = 0, place = neuron * names; k < names; k += 1, place += 1)
      total += weight[place] * scale[k];
    return total;
  };
  for (let pass = 0; pass < PASSES; pass += 1) {
    sums.fill(0);
    for (let neuron = 0; neuron < count; neuron += 1) {
      inverse[neuron] = 1 / free(neuron);
      for (let k = 0, place = neuron * names; k < names; k += 1, place += 1)
        sums[k] += weight[place] * inverse[neuron];
    }
    for (let k = 0; k < names; k += 1) scale[k] /= Math.max(scale[k] * sums[k], 1);
  }
  sums.fill(0);
  for (let neuron = 0; neuron < count; neuron += 1) {
    const total = free(neuron);
    for (let k = 0, place = neuron * names; k < names; k += 1, place += 1) {
      shared[place] = weight[place] * scale[k] / total;
      sums[k] += shared[place];
    }
  }
  // what ten passes leave over one is nobody's
  for (let place = 0; place < shared.length; place += 1)
    shared[place] /= Math.max(sums[place % names], 1);
  return shared;
}

function answers(shared, allowed, count, names) {
  const width = names + count, cost = new Float64Array(count * width).fill(BLANK);
  const possible = (place) => shared[place] > 0 && allowed[place];
  for (let neuron = 0; neuron < count; neuron += 1)
    for (let k = 0; k < names; k += 1) {
      const place = neuron * names + k;
      cost[neuron * width + k] =
        possible(place) ? -Math.log(Math.max(Math.fround(shared[place]), 1e-12)) : 1e3;
    }
  const assigned = assign(cost, count, width).map((column) => column < names ? column : -1);
  const best = [];
  for (let neuron = 0; neuron < count; neuron += 1) {
    const start = neuron * names, some = [];
    for (let k = 0; k < names; k += 1) if (possible(start + k)) some.push(k);
    const rank = (k) => k === assigned[neuron] ? Infinity : Math.fround(shared[start + k]);
    some.sort((one, other) => rank(other) === rank(one) ? one - other : rank(other) - rank(one));
    best.push(some.slice(0, BEST));
  }
  return { names: assigned, best };
}

/* Assign each row a column of its own so that the sum of costs is least; columns are no fewer.

   Shortest augmenting paths: Crouse 2016, "On implementing 2D rectangular assignment algorithms",
   in the order of SciPy's linear_sum_assignment, so that ties end alike. */
function assign(cost, rows, columns) {
  const u = new Float64Array(rows), v = new Float64Array(columns);
  const shortest = new Float64Array(columns), path = new Int32Array(columns);
  const columnOf = new Int32Array(rows).fill(-1), rowOf = new Int32Array(columns).fill(-1);
  const remaining = new Int32Array(columns);
  const rowSeen = new Uint8Array(rows), columnSeen = new Uint8Array(columns);
  for (let current = 0; current < rows; current += 1) {
    let left = columns, least = 0, row = current, sink = -1;
    for (let k = 0; k < columns; k += 1) remaining[k] = columns - k - 1;
    shortest.fill(Infinity);
    rowSeen.fill(0);
    columnSeen.fill(0);
    while (sink === -1) {
      let index = -1, lowest = Infinity;
      rowSeen[row] = 1;
      for (let k = 0; k < left; k += 1) {
        const column = remaining[k];
        const reached = least + cost[row * columns + column] - u[row] - v[column];
        if (reached < shortest[column]) {
          path[column] = row;
          shortest[column] = reached;
        }
        // of equally near columns one that is free ends the search
        if (shortest[column] < lowest || (shortest[column] === lowest && rowOf[column] === -1)) {
          lowest = shortest[column];
          index = k;
        }
      }
      least = lowest;
      const column = remaining[index];
      if (rowOf[column] === -1) sink = column;
      else row = rowOf[column];
      columnSeen[column] = 1;
      left -= 1;
      remaining[index] = remaining[left];
    }
    u[current] += least;
    for (let other = 0; other < rows; other += 1)
      if (rowSeen[other] && other !== current) u[other] += least - shortest[columnOf[other]];
    for (let k = 0; k < columns; k += 1) if (columnSeen[k]) v[k] -= least - shortest[k];
    for (let column = sink, other = -1; other !== current;) {
      other = path[column];
      rowOf[column] = other;
      [columnOf[other], column] = [column, columnOf[other]];
    }
  }
  return [...columnOf];
}

// How much each neuron's name would help: queue.worth. positions: [posterior, dorsal, left] in um.
function worth(chances, count, names, positions) {
  const entropy = new Float64Array(count);
  const surprise = (share) => {
    const kept = Math.min(Math.max(share, 1e-9), 1);
    return -kept * Math.log(kept);
  };
  for (let neuron = 0; neuron < count; neuron += 1) {
    let rest = 1;
    for (let k = 0, place = neuron * names; k < names; k += 1, place += 1) {
      entropy[neuron] += surprise(chances[place]);
      rest -= chances[place];
    }
    entropy[neuron] += surprise(rest);
  }
  return entropy.map((own, neuron) => {
    let sum = 0, total = 0;
    for (let other = 0; other < count; other += 1) {
      const away = Math.hypot(...positions[neuron].map((at, axis) => at - positions[other][axis]));
      const near = Math.exp(-away * away / (2 * REACH_UM * REACH_UM));
      sum += near * entropy[other];
      total += near;
    }
    return own + sum / total;
  });
}
