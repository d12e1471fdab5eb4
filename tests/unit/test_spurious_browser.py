"""In a browser: what the model takes for no neuron has no name until a person gives it one."""

import dataclasses

import pytest

from chromapal.evaluate.pages import workbench
from tests.browser import driven, needs_chromium
from tests.new_worm import new_worm
from tests.unit.test_workbench_browser import START

pytestmark = needs_chromium
SPURIOUS, BELOW = 12, 13
STEPS = """
const seen = (name) => saw.steps.push({ name, answer: answer(SPURIOUS), below: answer(BELOW),
  word: part("neuron").querySelector(".answer").textContent, first: candidates(SPURIOUS)[0],
  given: numbers().map((neuron) => answer(neuron).name) });
addEventListener("load", async () => {
  goTo(SPURIOUS);
  seen("first");
  goTo(50); hit(" ");
  goTo(SPURIOUS);
  seen("another stated");
  hit("q");
  goTo(SPURIOUS);
  seen("named");
  hit("z"); goTo(SPURIOUS); hit(" "); goTo(SPURIOUS);
  saw.said = says(SPURIOUS);
  seen("accepted");
  done();
});
"""


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    worm = new_worm()
    named = worm.named.copy()
    named.loc[named["neuron"].eq(SPURIOUS), "spurious_probability"] = 0.75
    named.loc[named["neuron"].eq(BELOW), "spurious_probability"] = 0.49
    page = workbench.page(dataclasses.replace(worm, named=named))
    steps = STEPS.replace("SPURIOUS", str(SPURIOUS)).replace("BELOW", str(BELOW))
    folder = tmp_path_factory.mktemp("spurious")
    saw = driven(page, START + steps, folder, "--window-size=1280,800")
    assert saw["broken"] == []
    return saw["said"], {step["name"]: step for step in saw["steps"]}


@pytest.mark.parametrize("step", ["first", "another stated"])
def test_it_has_no_name_also_after_other_statements(steps, step):
    seen = steps[1][step]
    assert seen["answer"] == {"name": "", "share": 0.75, "status": "spurious"}
    assert seen["word"] == "no neuron 75 %"
    assert seen["below"]["name"] and seen["below"]["status"] != "spurious"
    # what it might be is there to choose from
    assert seen["first"]["name"]


def test_a_person_names_it_and_nobody_else_has_that_name(steps):
    first, named = steps[1]["another stated"], steps[1]["named"]
    name = first["first"]["name"]
    assert named["answer"]["name"] == name and named["answer"]["status"] == "stated"
    assert named["given"].count(name) == 1


def test_to_accept_it_is_to_say_that_it_is_no_neuron(steps):
    said, seen = steps
    assert said == "-" and seen["accepted"]["answer"]["status"] == "none"
