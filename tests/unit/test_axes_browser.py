"""In a browser: where left and right are undecided, a person switches between both lists."""

import io

import numpy as np
import pandas as pd
import pytest
import torch

from chromapal.columns import BODY
from chromapal.evaluate.pages import packing, workbench
from chromapal.evaluate.pages.workbench import NewWorm
from chromapal.identify.anchors import Anchors
from chromapal.identify.corrected import correct
from tests.browser import driven, needs_chromium
from tests.new_worm import in_doubt, new_worm
from tests.unit.test_workbench_browser import START

pytestmark = needs_chromium
IN_DOUBT = (
    "axes as decided: left and right are undecided, and names go without a side; M mirrors them"
)
MIRROR = """
const names = () => numbers().map((neuron) => answer(neuron).name);
const marks = () => {
  const view = views[2], left = view.directions[2];
  return [left[0], left[1], left[2]];
};
const seen = (name) => saw.steps.push({ name, names: names(), axes: part("axes").textContent,
  hidden: part("axes").hidden, message: part("message").textContent, marks: marks(),
  facing: views[2].facing.textContent, places: views[0].places,
  candidates: candidates(10).map((one) => [one.name, one.share]),
  unsaved: part("unsaved").textContent, statements: state.statements.size });
addEventListener("load", async () => {
  seen("first");
  hit("m");
  seen("mirrored");
  hit("m");
  seen("again");
  hit("z"); hit("z");
  seen("undone");
  hit("m");
  goTo(10);
  hit(" ");
  saw.said = says(10);
  saw.anchors = file("save-anchors");
  saw.names = file("save-names");
  hit("z"); hit("z");
  seen("empty");
  await load(given("anchors.csv", saw.anchors));
  seen("loaded");
  saw.refused = [];
  for (const text of ["neuron,says\\n3,handedness=right\\n",
      "neuron,says\\n,handedness=right\\n,handedness=mirrored\\n"]) {
    await load(given("a.csv", text));
    saw.refused.push(part("message").textContent);
  }
  await load(given("a.csv", "neuron,says\\n,Handedness=Mirrored\\n4,toString\\n"));
  seen("as decided");
  done();
});
"""


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    worm, folder = in_doubt(new_worm()), tmp_path_factory.mktemp("axes")
    options = ("--window-size=1280,800", "--virtual-time-budget=60000")
    saw = driven(workbench.page(worm), START + MIRROR, folder, *options)
    assert saw["broken"] == []
    saw["path"] = folder / "anchors.csv"
    saw["path"].write_text(saw["anchors"], encoding="utf-8")
    return worm, saw, {step["name"]: step for step in saw["steps"]}


def names_of(probabilities, anchors=None):
    """Name a worm in Python from what its page holds."""
    chances = torch.tensor(probabilities.to_numpy(), dtype=torch.float64)
    chances = torch.where(chances > packing.FLOOR, chances, 0.0)
    return correct(chances.log(), list(probabilities), anchors or Anchors()).names.tolist()


def test_m_switches_between_two_complete_lists(mirrored):
    worm, _, steps = mirrored
    known = list(worm.probabilities)
    decided, other = names_of(worm.probabilities), names_of(worm.mirrored[known])
    assert steps["mirrored"]["names"] == other and steps["again"]["names"] == decided
    # pairs have changed sides
    assert sum(one != two for one, two in zip(decided, other, strict=True)) > 50
    # as long as nobody knows, names go without a side
    first = steps["first"]["names"]
    assert "AVA" in first and not {"AVAL", "AVAR"} & set(first)
    assert {"AVAL", "AVAR"} & set(other)
    name, share = steps["mirrored"]["candidates"][0]
    assert share == pytest.approx(worm.mirrored[name][10], abs=1e-6)


def test_the_axes_are_stated_on_the_page(mirrored):
    _, _, steps = mirrored
    assert [steps[step]["axes"] for step in ("first", "mirrored", "again", "undone")] == [
        IN_DOUBT,
        "axes mirrored, stated (handedness=right)",
        "axes as decided, stated (handedness=mirrored)",
        IN_DOUBT,
    ]
    assert steps["mirrored"]["unsaved"] == "Unsaved: 1 statement"
    assert (
        "changed sides; Z undoes it" in steps["mirrored"]["message"]
        and not steps["first"]["hidden"]
    )


def test_left_and_right_change_sides_in_the_views(mirrored):
    worm, _, steps = mirrored
    first, other = (np.array(steps[step]["places"]) for step in ("first", "mirrored"))
    np.testing.assert_allclose(other, first * [1, 1, -1], atol=0.01)
    np.testing.assert_allclose(first, worm.named[list(BODY)], atol=0.01)
    np.testing.assert_allclose(steps["mirrored"]["marks"], -np.array(steps["first"]["marks"]))
    assert {steps[step]["facing"] for step in ("first", "mirrored")} == {
        "left side on top", "right side on top",
    }  # fmt: skip


def test_undo_takes_the_axes_back(mirrored):
    _, _, steps = mirrored
    for step in ("undone", "empty"):
        assert steps[step]["names"] == steps["first"]["names"]
        assert steps[step]["statements"] == 0 and steps[step]["marks"] == steps["first"]["marks"]


def test_the_anchors_state_the_axes_and_restore_them(mirrored):
    worm, saw, steps = mirrored
    read = Anchors.read(saw["path"], len(worm.named))
    assert read.axes == 1 and read.names == {10: saw["said"]}
    row = pd.read_csv(saw["path"], dtype=str, keep_default_na=False).iloc[0]
    assert row[["neuron", "says", "x", "y", "z"]].tolist() == ["", "handedness=right", "", "", ""]
    assert row[["lab", "worm", "sure"]].tolist() == ["EY", "worm 7", "sure"]
    names = pd.read_csv(io.StringIO(saw["names"]), keep_default_na=False)
    found = names_of(worm.mirrored[list(worm.probabilities)], read)
    assert steps["loaded"]["names"] == names["name"].tolist() == found
    assert steps["loaded"]["axes"] == "axes mirrored, stated (handedness=right)"


def test_axes_are_stated_once_and_of_no_neuron(mirrored):
    _, saw, steps = mirrored
    assert "of no neuron" in saw["refused"][0] and "twice" in saw["refused"][1]
    # what is refused changes nothing, and capitals do not matter; no script knows such axes
    assert steps["as decided"]["axes"] == "axes as decided, stated (handedness=mirrored)"
    assert steps["as decided"]["names"][4] == "toString"


@pytest.mark.parametrize(
    ("source", "words"),
    [("laboratory", "training worms of this laboratory"), ("anchors", "a person stated")],
)
def test_where_axes_are_decided_m_says_by_what(tmp_path, source, words):
    axes = workbench.Axes(1, source, 0.97, False)
    worm = NewWorm(new_worm(30).named, new_worm(30).probabilities, axes)
    driver = """
    addEventListener("load", async () => {
      saw.hidden = part("axes").hidden;
      hit("m");
      saw.message = part("message").textContent;
      saw.stated = state.statements.size;
      await load(given("a.csv", "neuron,says\\n,handedness=mirrored\\n"));
      saw.loaded = part("message").textContent;
      saw.axes = part("axes").textContent;
      saw.anchors = file("save-anchors");
      done();
    });
    """
    options = ("--window-size=1280,800", "--virtual-time-budget=60000")
    saw = driven(workbench.page(worm), START + driver, tmp_path, *options)
    assert saw["message"].startswith("The axes are decided: right, ") and words in saw["message"]
    assert saw["message"].endswith("(97 %).") and saw["hidden"] and saw["stated"] == 0
    # another's statement is kept for apply, although this page has no such names
    assert "no names for axes that are mirrored" in saw["loaded"]
    assert saw["axes"] == "axes mirrored, stated (handedness=mirrored)"
    assert ",handedness=mirrored,EY," in saw["anchors"]
