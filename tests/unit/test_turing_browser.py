"""In a browser: the colour Turing test asks about each image and scores clicks as by hand."""

import base64
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from chromapal.evaluate.pages import turing
from tests.browser import driven, needs_chromium
from tests.unit.test_turing import FORMULA, HOSTILE, order, table

pytestmark = needs_chromium
# Clicks through the page as a person does, and leaves what it saw in the page's text.
DRIVER = """
const saw = { broken: [], images: [], alts: [], widths: [], drawn: [] };
document.addEventListener("securitypolicyviolation", (event) => saw.broken.push(event.blockedURI));
window.confirm = () => true;
let csvText;
window.Blob = class { constructor(parts) { csvText = parts.join(""); } };
URL.createObjectURL = () => "#";
const wait = (time) => new Promise((done) => setTimeout(done, time));
const press = (key, more) =>
  document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
const words = (one) => one.textContent.replaceAll("\\u00a0", " ");
const status = () => part("status").textContent;
const gives = {
  right: (one) => one.truth === "true",
  wrong: (one) => one.truth !== "true",
  mixed: (one) => one.truth === "true" ? one.key !== "plain" : one.colorizer !== "one",
};
async function round(real, how) {
  for (const one of images) {
    while (shownAt === Infinity) await wait(10);
    await wait(400);
    saw.images.push(part("image").src);
    saw.alts.push(part("image").alt);
    saw.widths.push(part("image").getBoundingClientRect().width);
    saw.drawn.push(getComputedStyle(part("image")).imageRendering);
    if (how === "keys") press(real(one) ? "R" : "p");
    else part(real(one) ? "real" : "predicted").click();
  }
  part("save").click();
  return {
    csv: csvText,
    summary: part("summary").textContent,
    scores: [...part("scores").tBodies].map((body) =>
      [...body.rows].map((row) => [...row.cells].map(words))),
    open: [...document.querySelectorAll("section:not([hidden])")].map((one) => one.id),
    focused: document.activeElement.textContent,
  };
}
addEventListener("load", async () => {
  press("r");
  part("start").click();
  saw.first = status();
  part("real").click();  // before there is an image
  while (shownAt === Infinity) await wait(10);
  part("real").click();  // too quick to be a judgement
  await wait(400);
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { repeat: true }]) press("r", more);
  saw.still = status();
  saw.right = await round(gives.right);
  document.querySelector("#results .restart").click();
  saw.again = status();
  saw.wrong = await round(gives.wrong, "keys");
  document.querySelector("#results .restart").click();
  saw.mixed = await round(gives.mixed);
  saw.intervals = [[0, 1], [1, 1], [1, 4], [5, 7], [0, 30], [117, 300], [1999, 2000]].map(
    ([some, all]) => [some, all, ...interval(some, all)]);
  saw.title = document.title;
  saw.tags = document.querySelectorAll("img").length;
  document.body.replaceChildren(Object.assign(document.createElement("pre"), { id: "saw" }));
  part("saw").textContent = JSON.stringify(saw);
});
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return table(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def page(shown):
    return turing.page(shown, 7, HOSTILE)


@pytest.fixture(scope="module")
def saw(page, tmp_path_factory):
    folder = tmp_path_factory.mktemp("chromium")
    return driven(page, DRIVER, folder, "--window-size=800,900", "--virtual-time-budget=600000")


def shares(played: dict) -> dict[str, list[str]]:
    """Read the counts of the table of scores; what they count is the same for each colorizer."""
    for _, *rows in played["scores"]:
        assert [row[0] for row in rows] == [
            "right", "true ones taken for real", "predicted ones taken for real (fooled)",
        ]  # fmt: skip
    return {name: [count for _, count, _ in rows] for (name,), *rows in played["scores"]}


def test_all_right(saw):
    assert saw["right"]["summary"] == "7 of 7 answers are right."
    assert shares(saw["right"]) == {
        "All images": ["7 of 7", "3 of 3", "0 of 4"],
        "one": ["6 of 6", "3 of 3", "0 of 3"],
        HOSTILE: ["2 of 2", "1 of 1", "0 of 1"],
    }


def test_all_wrong(saw):
    assert shares(saw["wrong"]) == {
        "All images": ["0 of 7", "0 of 3", "4 of 4"],
        "one": ["0 of 6", "0 of 3", "3 of 3"],
        HOSTILE: ["0 of 2", "0 of 1", "1 of 1"],
    }


def test_mixed_answers(saw):
    """One true image of three is missed, and the colorizer with the hostile name fools."""
    assert shares(saw["mixed"]) == {
        "All images": ["5 of 7", "2 of 3", "1 of 4"],
        "one": ["5 of 6", "2 of 3", "0 of 3"],
        HOSTILE: ["1 of 2", "1 of 1", "1 of 1"],
    }
    # by Clopper and Pearson, 5 of 7 and 1 of 4
    (_, right, _, fooled) = saw["mixed"]["scores"][0]
    assert right[2] == "0.71 (0.29 to 0.96)"
    assert fooled[2] == "0.25 (0.01 to 0.81)"


def test_intervals_are_exact(saw):
    for some, all_, low, high in saw["intervals"]:
        expected = binomtest(some, all_).proportion_ci(method="exact")
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("played", ["right", "wrong", "mixed"])
def test_csv_holds_every_answer(saw, shown, played):
    text = saw[played]["csv"]
    rows = pd.read_csv(io.StringIO(text), keep_default_na=False)
    assert list(rows) == ["number", "key", "colorizer", "truth", "answer", "right", "seconds"]
    assert rows["number"].tolist() == list(range(1, 8))
    harmless = [(key.replace(FORMULA, f"'{FORMULA}"), *rest) for key, *rest in order(shown, 7)]
    assert list(rows[["key", "colorizer", "truth"]].itertuples(index=False, name=None)) == harmless
    real = rows["answer"] == "real"
    assert rows["answer"].isin(["real", "predicted"]).all()
    assert (rows["right"] == np.where((rows["truth"] == "true") == real, "yes", "no")).all()
    assert (rows["right"] == "yes").sum() == {"right": 7, "wrong": 0, "mixed": 5}[played]
    assert rows["seconds"].between(0.2, 60).all()
    assert ',"\'=HYPERLINK(""http://x"",""1,2"")",' in text
    assert text.endswith("\n")


def test_the_image_asked_about_is_the_one_scored(saw, shown):
    """What was drawn is the file that the CSV's row is about."""
    files = {(row.key, row.colorizer): row.prediction for row in shown.itertuples()}
    files |= {(row.key, ""): row.truth for row in shown.itertuples()}
    listed = [files[key, colorizer] for key, colorizer, _ in order(shown, 7)] * 3
    drawn = [base64.b64decode(image.split(",")[1]) for image in saw["images"]]
    assert drawn == [Path(path).read_bytes() for path in listed]


def test_page_gives_nothing_away_and_breaks_no_rule(saw):
    assert saw["alts"] == [f"Image {number} of 7" for number in range(1, 8)] * 3
    assert saw["broken"] == []
    assert saw["title"] == HOSTILE
    assert saw["tags"] == 1


def test_small_images_are_enlarged_in_whole_steps(saw):
    # 6 pixels wide, 8 high: 43 times
    assert set(saw["widths"]) == {6 * 43}
    assert set(saw["drawn"]) == {"pixelated"}


def test_page_goes_on_only_with_an_answer(saw):
    assert saw["first"] == saw["still"] == saw["again"] == "Image 1 of 7"
    assert saw["right"]["open"] == ["results"]
    assert saw["right"]["focused"] == "Your score"
