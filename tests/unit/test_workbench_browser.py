"""In a browser: a person corrects names by pressing keys, saves them, and reads them again."""

import dataclasses
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
from chromapal.identify.queue import Queue
from chromapal.worms import neuropal_id
from tests.browser import driven, needs_chromium
from tests.new_worm import IN_DOUBT, SPACING, new_worm

pytestmark = needs_chromium
HOSTILE = "</script><img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://x","1,2")'
START = """
const saw = { broken: [], steps: [] };
document.addEventListener("securitypolicyviolation", (event) => saw.broken.push(event.blockedURI));
let saved = "";
window.Blob = class { constructor(parts) { saved = parts.join(""); } };
URL.createObjectURL = () => "#";
const file = (id) => { part(id).click(); return saved; };
const hit = (key, more) =>
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true,
    cancelable: true, ...more }));
const says = (neuron) => {
  const said = state.statements.get(neuron);
  return said ? said.says + (said.maybe ? "?" : "") : null;
};
// not a File, which is read while a browser's virtual time runs out
const given = (name, text) => ({ name, text: () => Promise.resolve(text) });
const look = () => ({ current: state.current, answer: answer(state.current).name,
  counter: part("counter").textContent,
  unsaved: part("unsaved").hidden ? "" : part("unsaved").textContent,
  message: part("message").textContent, settled: state.statements.size });
const done = () => {
  document.body.replaceChildren(Object.assign(document.createElement("pre"), { id: "saw" }));
  part("saw").textContent = JSON.stringify(saw);
};
const typeName = (text) => {
  hit("i");
  saw.focused = document.activeElement.id;
  hit("x");  // a letter, while one types
  part("name").value = text;
  part("typing").requestSubmit();
};
"""
CORRECT = """
const act = (name, ...keys) => {
  const before = state.current, was = answer(before).name;
  const options = candidates(before).map((one) => one.name);
  for (const key of keys) key.length > 1 && !key.startsWith("Arrow") ? typeName(key) : hit(key);
  saw.steps.push({ name, before, was, options, says: says(before), ...look() });
};
addEventListener("load", async () => {
  saw.first = look();
  saw.queue = [...solved.queue];
  act("accept", " ");
  act("second", "w");
  act("third", "E");
  act("none", "x");
  act("accept", " ");
  act("typed", "hmc");
  act("maybe", "?");
  act("later", "n");
  act("class", "siav");
  act("accept", " ", );
  act("undone", "x", "z");
  act("unknown", "nosuch");
  saw.stays = document.activeElement.id;  // to be typed again
  hit("Escape");
  const [one, other] = [state.current, solved.queue[30]];
  const names = [answer(one).name, answer(other).name];
  hit("s");
  goTo(other);
  hit("s");
  saw.swapped = { names, says: [says(one), says(other)], one, other };
  // a name that is stated already leaves the neuron that had it
  const taken = saw.steps[0].says;
  goTo(solved.queue[5]);
  typeName(taken.toLowerCase());
  saw.moved = { message: part("message").textContent, says: says(saw.steps[0].before) };
  hit("z");
  saw.back = says(saw.steps[0].before);
  hit("x", { ctrlKey: true });
  hit("x", { repeat: true });
  saw.settled = look();
  saw.drawn = views.map((view) => view.names.map(({ box }) => box));
  for (let k = 0; k < 6; k += 1) hit("ArrowUp");
  saw.zoom = state.zoom;
  saw.drawn.push(...views.map((view) => view.names.map(({ box }) => box)));
  for (let k = 0; k < 9; k += 1) hit("ArrowDown");
  saw.whole = state.zoom;
  const depth = Number(part("depth").value);
  hit("ArrowRight"); hit("ArrowRight"); hit("ArrowLeft");
  saw.stepped = Number(part("depth").value) - depth;
  const shown = [...views[2].shown];
  saw.slice = shown.every((k) => Math.abs(content.recorded[k][2] - views[2].depth) <= 4);
  hit("0");
  saw.expected = state.expected;
  part("who").value = "=me";
  saw.names = file("save-names");
  saw.neuropal = file("save-neuropal");
  saw.anchors = file("save-anchors");
  saw.saved = look();
  const before = JSON.stringify([...state.statements].sort());
  hit("x");
  saw.more = look();
  await load(given("anchors(1).csv", saw.anchors.replaceAll("\\n", "\\r\\n")));
  saw.loaded = look();
  const strip = (map) => JSON.stringify([...map].map(([k, { says, maybe }]) => [k, says, maybe])
    .sort());
  saw.same = strip(state.statements) === strip(new Map(JSON.parse(before)));
  const refused = [
    saw.anchors.replaceAll(content.worm, "another"),
    "a,b\\n1,2\\n",
    "neuron,says\\n999,AVAL\\n",
    "neuron,says\\n1,AVAL\\n2,aval\\n",
    "neuron,says,x,y,z\\n1,AVAL,0,0,0\\n",
    'neuron,says\\n1,"AVAL\\n',
  ];
  saw.refused = [];
  for (const text of refused) {
    await load(given("a.csv", text));
    saw.refused.push(part("message").textContent);
  }
  saw.kept = strip(state.statements) === strip(new Map(JSON.parse(before)));
  await load(given("b.csv", "says,neuron\\nnose,4\\nSIA?L,5\\n-,6\\n,7\\nVB02,8\\n"));
  saw.places = [...state.statements].map(([k, { says }]) => [k, says]);
  saw.tags = document.querySelectorAll("img").length;
  saw.title = document.title;
  done();
});
"""


@pytest.fixture(scope="module")
def corrected(tmp_path_factory) -> tuple[NewWorm, dict]:
    worm = new_worm(name=HOSTILE, lab=FORMULA)
    worm = dataclasses.replace(worm, notes=[HOSTILE])
    folder = tmp_path_factory.mktemp("workbench")
    options = ("--window-size=1280,800", "--virtual-time-budget=60000")
    saw = driven(workbench.page(worm), START + CORRECT, folder, *options)
    (folder / "anchors.csv").write_text(saw["anchors"], encoding="utf-8")
    saw["path"] = folder / "anchors.csv"
    return worm, saw


def test_the_page_asks_in_the_order_that_is_measured(corrected):
    worm, saw = corrected
    known = worm.probabilities.columns
    landmark = worm.expected["landmark"].reindex(known).to_numpy()
    queue = dataclasses.replace(Queue.of(known, []), landmark=landmark)
    log = torch.tensor(worm.probabilities.to_numpy(float)).log()
    found = correct(log, known, Anchors())
    position = torch.tensor(worm.named[list(BODY)].to_numpy(float))
    order = queue.order(found.probabilities, position, found.answers.best[:, 0])
    assert saw["queue"] == order.tolist()


def test_keys_state_what_they_say(corrected):
    _, saw = corrected
    steps = saw["steps"]
    assert [step["before"] for step in steps[:1]] == saw["queue"][:1]
    said = {}
    for step in steps:
        said.setdefault(step["name"], []).append(step)
    assert [each["says"] == each["was"] for each in said["accept"]] == [True] * 3
    assert said["second"][0]["says"] == said["second"][0]["options"][1]
    assert said["third"][0]["says"] == said["third"][0]["options"][2]
    assert said["none"][0]["says"] == "-" and said["typed"][0]["says"] == "HMC"
    assert said["maybe"][0]["says"] == said["maybe"][0]["was"] + "?"
    assert said["class"][0]["says"] == "SIAV" and saw["focused"] == saw["stays"] == "name"
    assert (
        said["undone"][0]["says"] is None
        and said["undone"][0]["current"] == (said["undone"][0]["before"])
    )
    assert "No list of neurons has the name" in said["unknown"][0]["message"]
    names, swapped = saw["swapped"]["names"], saw["swapped"]["says"]
    assert swapped == names[::-1]
    # Space, W, E, X, Space, I, ?, I, Space and two by S
    assert saw["settled"]["settled"] == 11
    assert saw["moved"]["says"] is None and "Z undoes it" in saw["moved"]["message"]
    assert saw["back"] == steps[0]["says"]


def test_a_statement_leads_to_the_next_question_and_is_counted(corrected):
    _, saw = corrected
    assert all(
        step["current"] != step["before"]
        for step in saw["steps"]
        if step["name"] not in ("maybe", "undone", "unknown")
    )
    assert saw["first"]["counter"].startswith("0 of 170 settled · about ")
    assert saw["settled"]["counter"].startswith("10 of 170 settled, 1 maybe · about ")
    assert saw["first"]["unsaved"] == saw["saved"]["unsaved"] == saw["loaded"]["unsaved"] == ""
    assert saw["settled"]["unsaved"] == "Unsaved: 11 statements"
    assert saw["more"]["unsaved"] == "Unsaved: 1 statement"


def test_the_export_is_a_file_of_anchors(corrected):
    worm, saw = corrected
    read = Anchors.read(saw["path"], len(worm.named))
    table = pd.read_csv(saw["path"], dtype=str, keep_default_na=False)
    assert list(table) == ["neuron", "says", "lab", "worm", "x", "y", "z", "who", "sure"]
    assert len(table) == 11 and table["sure"].eq("maybe").sum() == 1
    assert set(table["lab"]) == {f"'{FORMULA}"} and "'=me" in set(table["who"])
    stated = {int(row.neuron): row.says for row in table.itertuples()}
    assert {**read.names, **read.partial, **dict.fromkeys(read.excluded, "-")} == stated
    assert len(read.excluded) == 1 and list(read.partial.values()) == ["SIAV"]
    assert saw["swapped"]["says"] == [read.names[saw["swapped"][key]] for key in ("one", "other")]
    places = worm.named.set_index("neuron").loc[list(stated), ["xr", "yr", "zr"]]
    np.testing.assert_allclose(table[["x", "y", "z"]].astype(float), places, atol=1e-3)


def test_a_new_page_goes_on_from_what_was_stated(corrected, tmp_path):
    worm, saw = corrected
    old = Anchors.read(saw["path"], len(worm.named))
    after = dataclasses.replace(worm, stated=old.statements())
    driver = """
    addEventListener("load", () => {
      saw.first = look();
      saw.asked = solved.queue.filter(isSettled);
      part("who").value = "another";
      hit(" ");
      saw.further = look();
      saw.anchors = file("save-anchors");
      hit("z"); hit("z");
      saw.undone = look();
      done();
    });
    """
    options = ("--window-size=1280,800", "--virtual-time-budget=60000")
    again = driven(workbench.page(after), START + driver, tmp_path, *options)
    assert again["first"]["counter"].startswith("10 of 170 settled, 1 maybe")
    assert again["asked"] == [] and again["first"]["unsaved"] == ""
    assert again["further"]["unsaved"] == "Unsaved: 1 statement"
    # one of this page and one of those before
    assert again["undone"]["settled"] == 10
    before, now = (
        pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False).set_index("neuron")
        for text in (saw["anchors"], again["anchors"])
    )
    pd.testing.assert_frame_equal(now.loc[before.index], before)
    further = now.drop(before.index)
    assert further[["who", "sure"]].to_numpy().tolist() == [["another", "sure"]]


def test_the_page_names_the_others_as_python_does(corrected):
    worm, saw = corrected
    read = Anchors.read(saw["path"], len(worm.named))
    chances = torch.tensor(worm.probabilities.to_numpy(), dtype=torch.float64)
    chances = torch.where(chances > packing.FLOOR, chances, 0.0)
    expected = correct(chances.log(), list(worm.probabilities), read)
    names = pd.read_csv(io.StringIO(saw["names"]), keep_default_na=False)
    assert names["name"].tolist() == expected.names.tolist()
    np.testing.assert_allclose(names["probability"], expected.probability, atol=2e-6)
    changed = names["name"].to_numpy() != worm.named.sort_values("neuron")["answer"].to_numpy()
    assert changed.sum() > 11
    assert names["status"].value_counts()[["stated", "maybe", "none"]].tolist() == [9, 1, 1]


def test_the_names_go_back_to_neuropal_id(corrected, tmp_path):
    worm, saw = corrected
    (tmp_path / "n.csv").write_text(saw["neuropal"], encoding="utf-8")
    read = neuropal_id.read(tmp_path / "n.csv", SPACING)
    stated = Anchors.read(saw["path"], len(worm.named))
    voxels = worm.named.set_index("neuron")[["x", "y", "z"]]
    by_place = {tuple(row): number for number, row in zip(voxels.index, voxels.values, strict=True)}
    named = {
        by_place[tuple(map(int, row[:3]))]: row.ID for row in read.itertuples(index=False) if row.ID
    }
    assert stated.names.items() <= named.items() and len(named) == 10
    lines = saw["neuropal"].splitlines()
    assert sum(",0.5," in line for line in lines) == 1


def test_anchors_are_read_again(corrected):
    _, saw = corrected
    assert saw["same"] and saw["kept"]
    assert "11 statements were read from anchors(1).csv" in saw["loaded"]["message"]
    for words, message in zip(
        ("of worm another", "no columns", "no neuron 999", "two neurons are called AVAL",
         "another segmentation", "no CSV"),
        saw["refused"], strict=True,
    ):  # fmt: skip
        assert words.lower() in message.lower(), message
    assert saw["places"] == [[4, "nose"], [5, "SIA?L"], [6, "-"], [8, "VB2"]]


def test_views_step_zoom_and_write_names_that_do_not_overlap(corrected):
    _, saw = corrected
    assert saw["zoom"] > 4 and saw["whole"] == 1 and saw["slice"] and saw["expected"]
    assert saw["stepped"] == 1
    for boxes in saw["drawn"]:
        boxes = np.array(boxes)
        assert len(boxes) > 8
        apart = [
            (boxes[:, None, low] >= boxes[None, :, high]) for low, high in ((0, 2), (1, 3))
        ]  # fmt: skip
        free = apart[0] | apart[0].T | apart[1] | apart[1].T
        assert free[~np.eye(len(boxes), dtype=bool)].all()


def test_hostile_names_stay_inert(corrected):
    worm, saw = corrected
    assert saw["broken"] == [] and saw["tags"] == 0
    assert saw["title"] == f"{FORMULA} {HOSTILE}"
    page = workbench.page(worm)
    assert page.count("<script") == workbench.page(new_worm()).count("<script")


def test_what_is_absent_does_not_appear(tmp_path):
    bare = NewWorm(new_worm().named, new_worm().probabilities, IN_DOUBT)
    driver = """
    saw.first = look();
    saw.hidden = part("trace").hidden;
    saw.swatches = [...document.querySelectorAll("#neuron .swatch, #candidates .swatch")].length;
    hit(" "); hit("w");
    saw.said = [...state.statements.values()].map(({ says }) => says);
    saw.names = numbers().map((neuron) => answer(neuron).name);
    saw.lacks = part("lacking").textContent;
    done();
    """
    saw = driven(workbench.page(bare), START + driver, tmp_path, "--window-size=1280,800")
    # the predicted colour of the neuron itself is in its table
    assert saw["hidden"] and saw["swatches"] == 1 and saw["broken"] == []
    assert len(saw["said"]) == 2 and not any(name in ("AVAL", "RIAR") for name in saw["names"])
    assert "AVA" in saw["names"]


def test_the_recording_lies_below_its_neurons_and_channels_are_switched(tmp_path):
    driver = """
    const bright = (neuron) => {
      goTo(neuron);
      const view = views[2], [x, y] = view.at(content.recorded[neuron]);
      return [...view.context.getImageData(Math.round(x), Math.round(y), 1, 1).data].slice(0, 3);
    };
    saw.own = numbers().slice(0, 40).map(bright);
    const channels = () => part("channels").textContent;
    saw.channels = [channels()];
    for (const key of ["1", "2", "3", "4", "1", "1"]) {
      hit(key);
      saw.channels.push(channels());
    }
    saw.gray = numbers().slice(0, 40).map(bright);
    const whole = () => {
      const { canvas, context } = views[2];
      const all = context.getImageData(0, 0, canvas.width, canvas.height).data;
      return all.reduce((sum, value) => sum + value, 0) / all.length;
    };
    saw.whole = [whole()];
    for (const [id, value] of [["high", 40], ["gamma", 0.5], ["low", 39]]) {
      part(id).value = value;
      part(id).dispatchEvent(new Event("input"));
      saw.whole.push(whole());
    }
    done();
    """
    worm = new_worm(pictured=True)
    page = workbench.page(worm)
    saw = driven(page, START + driver, tmp_path, "--window-size=1280,800")
    expected = ["B + G + R", "B + G", "B", "no channel", "W", "R + W", "W"]
    assert saw["channels"] == expected
    # a neuron's pixel in the picture has the colour that it was measured with
    measured = worm.measured.to_numpy()[:40].ravel()
    assert np.corrcoef(np.ravel(saw["own"]), measured)[0, 1] > 0.7
    assert (np.ptp(np.array(saw["gray"]), axis=1) == 0).mean() > 0.8
    first, narrow, lifted, dark = saw["whole"]
    assert first < narrow < lifted and dark < narrow
    assert saw["broken"] == [] and len(page) < 15_000_000


def test_nothing_is_written_below_a_caption_that_wraps(tmp_path):
    driver = """
    addEventListener("load", () => {
      const apart = ([a, b, c, d], [left, top, right, bottom]) =>
        c <= left || right <= a || d <= top || bottom <= b;
      saw.views = views.map((view) => ({ height: view.captionBox[3], words: view.taken.length,
        covered: view.taken.slice(1).filter((box) => !apart(box, view.captionBox)).length }));
      done();
    });
    """
    page = workbench.page(new_worm(pictured=True))
    saw = driven(page, START + driver, tmp_path, "--window-size=1000,800")
    assert max(view["height"] for view in saw["views"]) > 36  # two lines
    assert all(view["words"] > 6 and view["covered"] == 0 for view in saw["views"])
