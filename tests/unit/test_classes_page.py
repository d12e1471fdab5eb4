"""One class across all worms of a run: what the page holds, and what it shows in a browser."""

import json
import re

import numpy as np
import pytest

from chromapal.evaluate.pages import classes, workbench
from chromapal.evaluate.pages.classes import ClassedWorm, crops
from chromapal.evaluate.pages.policy import sources
from chromapal.worms.stack import Stack
from tests.browser import driven, needs_chromium
from tests.new_worm import new_worm
from tests.unit.test_workbench_browser import START

HOSTILE = "</script><img src=x onerror=alert(1)><!--content-->"
WINDOW = ("--window-size=1280,800", "--virtual-time-budget=60000")
SHOW = """
const saw = { broken: [] };
document.addEventListener("securitypolicyviolation", (event) => saw.broken.push(event.blockedURI));
const look = () => ({ found: part("found").textContent,
  rows: [...part("neurons").rows].map((row) => [...row.cells].map((cell) => cell.textContent)),
  links: [...part("neurons").querySelectorAll("a")].map((link) => link.getAttribute("href")),
  swatches: part("neurons").querySelectorAll(".swatch").length,
  pictures: [...part("neurons").querySelectorAll("canvas")].map((canvas) =>
    [...canvas.getContext("2d").getImageData(8, 8, 1, 1).data]),
  chosen: [...document.querySelectorAll("button[aria-current]")].map((button) => button.value) });
const later = () => new Promise((done) => setTimeout(done, 50));
addEventListener("load", async () => {
  saw.first = look();
  for (const button of document.querySelectorAll("button"))
    if (button.value === "ASE") button.click();
  await later();
  saw.clicked = look();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", cancelable: true }));
  await later();
  saw.next = look();
  location.hash = "#class=NOSUCH";
  await later();
  saw.unknown = look();
  saw.order = [...document.querySelectorAll("button")].map((button) => button.value);
  saw.tags = document.querySelectorAll("img").length;
  document.body.replaceChildren(Object.assign(document.createElement("pre"), { id: "saw" }));
  part("saw").textContent = JSON.stringify(saw);
});
"""


def worms_of_a_run():
    """Return three worms: one with its recording, a gray one without ASE, one with a bad name."""
    full = new_worm(pictured=True)
    gray = new_worm(seed=5, name="gray")
    without = gray.named.assign(answer=gray.named["answer"].mask(gray.named["class"].eq("ASE"), ""))
    hostile = new_worm(20, seed=6, lab=HOSTILE, name=HOSTILE)
    return [
        ClassedWorm(full.named, "named/EY/worm-7/neurons.html", full.measured, full.stack),
        ClassedWorm(without, "named/EY/gray/neurons.html"),
        ClassedWorm(hostile.named, "named/x/y/neurons.html", hostile.measured),
    ]


def of_ase(worm):
    own = worm.named[worm.named["class"].eq("ASE") & worm.named["answer"].ne("")]
    return own.sort_values(["probability", "neuron"], ascending=[False, True])


def test_crops_are_the_brightest_of_near_planes_by_hand():
    planes = np.zeros((6, 40, 40), np.uint8)
    planes[3, 20, 22] = 200  # z 3 um, y 10 um, x 11 um
    planes[0, 20, 20] = 90  # 3 um above the neuron: too far
    stack = Stack({"G": planes, "W": planes}, (0.0, 0.0, 0.0), (0.5, 0.5, 1.0))
    found = crops(stack, np.array([[10.0, 10.0, 3.0], [0.0, 10.0, 3.0], [90.0, 10.0, 3.0]]))
    assert found.shape == (3, 3, 17, 17) and found.dtype == np.uint8
    # a pixel is half a micrometre, the neuron in the middle; red and blue are dark
    assert [*zip(*np.nonzero(found[0]), strict=True)] == [(1, 8, 10)]
    assert found[0, 1, 8, 10] == 200 and not found[1:].any()
    gray = crops(Stack({"W": planes}, (0.0, 0.0, 0.0), (0.5, 0.5, 1.0)), np.array([[10, 10, 3.0]]))
    assert gray.shape == (1, 1, 17, 17) and gray.max() == 200
    # far above the recording there is nothing to see
    assert not crops(stack, np.array([[10.0, 10.0, -30.0]])).any()


def test_every_named_neuron_stands_under_its_class():
    worms = worms_of_a_run()
    held = classes.content(worms)
    for worm, given in zip(worms, held["worms"], strict=True):
        own = worm.named[worm.named["answer"].ne("")]
        found = [(each["neuron"], each["name"]) for each in given["neurons"]]
        assert found == [*zip(own["neuron"], own["answer"], strict=True)]
        of_class = [held["classes"][each["class"]]["class"] for each in given["neurons"]]
        assert of_class == own["class"].tolist()
    parts = {each["class"]: each["ganglion"] for each in held["classes"]}
    assert parts["ASE"] == "lateral" and set(parts.values()) == set(held["ganglia"])
    assert "crops" in held["worms"][0] and "crops" not in held["worms"][1]
    assert held["worms"][1]["neurons"][0]["measured"] is None


def test_the_page_loads_nothing_and_keeps_hostile_names_inert(tmp_path):
    page, plain = classes.page(worms_of_a_run()), classes.page(worms_of_a_run()[:1])
    for tag in ("<script", "</script", "<img", "<!--"):
        assert page.count(tag) == plain.count(tag), tag
    policy = re.search('Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert sources(page, "script") in policy and "unsafe" not in policy
    held = json.loads(re.search('id="content">(.*?)</script>', page)[1])
    assert held["worms"][2]["lab"] == HOSTILE
    for name in ("one", "two"):
        classes.write(worms_of_a_run(), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    worms, folder = worms_of_a_run(), tmp_path_factory.mktemp("classes")
    return worms, driven(classes.page(worms), SHOW, folder, *WINDOW)


@needs_chromium
def test_a_class_is_seen_in_every_worm(seen):
    worms, saw = seen
    rows, own = saw["clicked"]["rows"], of_ase(worms[0])
    assert len(own) == 2 and saw["clicked"]["chosen"] == ["ASE"]
    for row, neuron in zip(rows, own.itertuples(), strict=False):
        assert row[0] == "EY worm 7" and row[1] == f"{neuron.answer} {neuron.neuron}"
        assert row[2] == f"{np.floor(100 * neuron.probability + 0.5):.0f} %"
    assert saw["clicked"]["links"][:2] == [
        f"named/EY/worm-7/neurons.html#neuron={number}" for number in own["neuron"]
    ]
    assert rows[2] == ["EY gray", "no neuron"]
    mean = np.concatenate([of_ase(worm)["probability"] for worm in worms]).mean()
    assert saw["clicked"]["found"].endswith(f"of 3 worms, on average {100 * mean:.0f} %")
    assert saw["clicked"]["swatches"] == 2 * len(saw["clicked"]["links"])


@needs_chromium
def test_a_neuron_in_the_recording_has_its_colour(seen):
    worms, saw = seen
    measured = worms[0].measured.to_numpy()[of_ase(worms[0])["neuron"]]
    found = np.array(saw["clicked"]["pictures"])[:, :3] / 255
    assert found.shape == (2, 3)
    assert np.corrcoef(found.ravel(), measured.ravel())[0, 1] > 0.7


@needs_chromium
def test_classes_are_gone_through_and_unknown_ones_are_none(seen):
    _, saw = seen
    order = saw["order"]
    assert saw["first"]["chosen"] == saw["unknown"]["chosen"] == order[:1]
    assert saw["next"]["chosen"] == [order[order.index("ASE") + 1]]
    assert saw["broken"] == [] and saw["tags"] == 0


@needs_chromium
@pytest.mark.parametrize(("address", "neuron"), [("#neuron=12", 12), ("#neuron=999", None)])
def test_a_worms_page_opens_at_the_neuron_of_its_address(tmp_path, address, neuron):
    driver = """
    addEventListener("load", () => {
      saw.current = state.current;
      saw.first = solved.queue[0];
      location.hash = "#neuron=3";
      setTimeout(() => { saw.next = state.current; done(); }, 50);
    });
    """
    page = workbench.page(new_worm(40))
    saw = driven(page, START + driver, tmp_path, *WINDOW, address=address)
    assert saw["current"] == (saw["first"] if neuron is None else neuron) and saw["next"] == 3
