"use strict";
// Left and right: where they are undecided, both lists of names are at hand, and a person chooses.

const WORM = -1; // in place of a neuron's number: what is stated of the worm
const AXES = { "handedness=right": "right", "handedness=mirrored": "mirrored" };
const DECIDED_BY = {
  stated: "as stated when the worm was named",
  laboratory: "as in training worms of this laboratory",
  evidence: "by the neurons of this worm and of the laboratory's other new worms",
  anchors: "by what a person stated",
};

const otherAxes = (axes) => axes === "right" ? "mirrored" : "right";
const statedAxes = (statements) => AXES[statements.get(WORM)?.says];
const axesOf = (statements) => statedAxes(statements) ?? content.axes.chosen;
// Names go without a side as long as nobody knows which side is left.
const isSideless = () => content.axes.doubtful && !statedAxes(state.statements);

// Take over the list of names, positions and directions of a person's axes, where there is one.
function useAxes() {
  Object.assign(content, content.lists[axesOf(state.statements)]);
}

function mirror() {
  const { chosen, source, doubtful, probability } = content.axes;
  if (!doubtful)
    return refuse(`The axes are decided: ${chosen}, ${DECIDED_BY[source]}`
      + ` (${percent(probability)}).`);
  remember();
  const says = `handedness=${otherAxes(axesOf(state.statements))}`;
  state.statements.set(WORM, { says, maybe: false, who: part("who").value.trim() || undefined });
  solveAgain();
  tell("Left and right have changed sides; Z undoes it.");
  return show();
}

function axesWords() {
  return axesOf(state.statements) === content.axes.chosen ? "axes as decided" : "axes mirrored";
}

function showAxes() {
  const stated = statedAxes(state.statements), { doubtful } = content.axes;
  part("axes").hidden = !doubtful && !stated;
  part("axes").className = stated ? "stated" : "";
  part("axes").textContent = axesWords() + (stated
    ? `, stated (handedness=${stated})`
    : ": left and right are undecided, and names go without a side; M mirrors them");
}
