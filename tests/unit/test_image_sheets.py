"""Sheets of images: every image in its place, and nothing on top of anything else."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from PIL import Image

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.figures import (
    contact_sheet,
    image_parts,
    micrographs,
    ranked_sheet,
    style,
)

HOSTILE = "$a$_name^{of}_" + "many_letters_" * 8


def made_scores() -> pd.DataFrame:
    rows = [("copy_gray", 9.0), ("net", 8.0), ("better", 7.0)]
    table = pd.DataFrame(rows, columns=["colorizer", "delta_e"])
    return table.assign(set="photos", run="mse", pictures=6)


def overlaps(drawn) -> list:
    """List what leaves the figure, and the pairs of texts and images that lie on each other."""
    renderer = FigureCanvasAgg(drawn).get_renderer()
    drawn.draw_without_rendering()
    parts = [(part.get_text(), part) for part in drawn.texts]
    for place, axes in enumerate(drawn.axes):
        parts.append((f"image {place}", axes.patch))
        parts += [(t.get_text(), t) for t in (axes.title, axes.yaxis.label) if t.get_text()]
    boxes = [(name, part.get_window_extent(renderer)) for name, part in parts]
    page = drawn.bbox
    outside = [
        name for name, box in boxes
        if min(box.x0, box.y0) < 0 or box.x1 > page.x1 or box.y1 > page.y1
    ]  # fmt: skip
    pairs = []
    for (one, first), (two, second) in itertools.combinations(boxes, 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        if min(wide, high) > 0.5:
            pairs.append((one, two))
    return outside + pairs


@given(st.text(max_size=60), st.integers(6, 30), st.integers(1, 3), st.booleans())
@settings(deadline=None)
def test_wrapped_names_fit_and_start_no_formula(name, letters, lines, spaced):
    found = image_parts.wrapped(name, letters, lines, spaced)
    assert "$" not in found.replace(r"\$", "")
    parts = found.split("\n")
    assert len(parts) <= lines
    assert all(len(part.replace(r"\$", "$")) <= letters for part in parts)


def test_wrapped_names_break_between_words():
    assert image_parts.wrapped("lab_resnet50_frozen") == "lab resnet50\nfrozen"
    assert image_parts.wrapped("hubble_deep_field", spaced=False) == "hubble_deep_\nfield"
    assert image_parts.wrapped("one_two_three_four", 6, 2).endswith("…")


def test_methods_stand_in_order_of_what_they_have_to_beat():
    scores = {"net": 3.0, "better": 2.0, "mean_colour": 9.0, "worse": np.nan}
    assert image_parts.ordered([*scores, "unknown"], scores) == [
        "mean_colour", "better", "net", "unknown", "worse",
    ]  # fmt: skip


def test_images_shown_are_spread_over_the_set():
    assert image_parts.evenly_spaced(0) == []
    assert image_parts.evenly_spaced(3) == [0, 1, 2]
    assert image_parts.evenly_spaced(15, 8) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert image_parts.evenly_spaced(1000, 1) == [0]


def test_images_are_read_as_red_green_and_blue(tmp_path):
    values = np.arange(6, dtype=np.uint8).reshape(2, 3) * 51
    Image.fromarray(values).save(tmp_path / "gray.png")
    Image.fromarray(np.dstack([values] * 3 + [values * 0])).save(tmp_path / "alpha.png")
    for name in ("gray", "alpha"):
        found = image_parts.load(tmp_path / f"{name}.png")
        assert found.shape == (2, 3, 3)
        assert found[..., 1] == pytest.approx(values / 255)
    assert image_parts.load(tmp_path / "missing.png") is None


def test_index_is_text(tmp_path):
    (tmp_path / "index.csv").write_text("number,key,source\n0,NA,007\n12,k 1,\n")
    table = image_parts.list_test_images(tmp_path)
    assert table.to_numpy().tolist() == [["000", "NA", "007"], ["012", "k 1", ""]]


def squares(*values: float) -> list[np.ndarray]:
    return [np.full((2, 2, 3), value) for value in values]


def test_contact_sheet_puts_every_image_in_its_place():
    methods = {
        "net": squares(0.3, 0.4), "copy_gray": squares(0.7, 0.8), "new": [None, squares(0.6)[0]],
        "better": squares(0.1, 0.1),
    }  # fmt: skip
    drawn = contact_sheet.figure(
        ["a", "$b"], squares(0.0, 0.1), squares(0.2, 0.9), methods, made_scores(), "photos", "$m$"
    )
    rows = [drawn.axes[:6], drawn.axes[6:]]
    assert [axes.get_title() for axes in rows[0]] == [
        "gray\n(input)", "truth", "copy gray\n(baseline)\nΔE 9.0", "better\nΔE 7.0",
        "net\nΔE 8.0", "new\nnot scored",
    ]  # fmt: skip
    shown = [[axes.images[0].get_array()[0, 0, 0] if axes.images else None for axes in row]
             for row in rows]  # fmt: skip
    assert shown == [[0.0, 0.2, 0.7, 0.1, 0.3, None], [0.1, 0.9, 0.8, 0.1, 0.4, 0.6]]
    assert [row[0].get_ylabel() for row in rows] == ["a", r"\$b"]
    assert drawn.get_suptitle().startswith(r"photos, run \$m\$: ")
    assert "all 6 test images" in drawn.texts[-1].get_text()
    assert rows[0][0].get_position().y0 > rows[1][0].get_position().y1


def test_contact_sheet_has_at_most_eight_rows():
    values = np.arange(15) / 15
    drawn = contact_sheet.figure(
        [str(place) for place in range(15)], squares(*values), squares(*values),
        {"net": squares(*values)}, made_scores(), "photos", "mse",
    )  # fmt: skip
    assert [axes.get_ylabel() for axes in drawn.axes[::3]] == [str(n) for n in range(0, 15, 2)]
    assert drawn.axes[-1].images[0].get_array()[0, 0, 0] == pytest.approx(14 / 15)


def test_many_methods_go_on_below_beside_truth_again():
    methods = {f"method_{place:02d}": squares(place / 20) for place in range(12)}
    none = made_scores().iloc[:0]
    drawn = contact_sheet.figure(["a"], squares(0.5), squares(1.0), methods, none, "photos", "mse")
    titles = [axes.get_title().split("\n")[0] for axes in drawn.axes]
    assert titles == [
        *("gray", "truth", *(f"method {place:02d}" for place in range(6))),
        *("gray", "truth", *(f"method {place:02d}" for place in range(6, 12))),
    ]
    assert drawn.axes[9].images[0].get_array().max() == 1.0
    assert drawn.axes[15].images[0].get_array().max() == 11 / 20


@pytest.mark.parametrize(
    ("shape", "methods", "rows"), [((1, 1), 1, 1), ((3, 40), 2, 4), ((40, 3), 9, 8)]
)
def test_nothing_on_a_sheet_lies_on_something_else(shape, methods, rows):
    images = [*[np.zeros((*shape, 3))] * (rows - 1), None]
    coloured = {f"{place}_{HOSTILE}": images for place in range(methods)}
    sources = [HOSTILE, *["x" * 90] * 7][:rows]
    drawn = contact_sheet.figure(sources, images, images, coloured, made_scores(), HOSTILE, HOSTILE)
    assert overlaps(drawn) == []


def saved(folder, **images: float):
    folder.mkdir(parents=True)
    for name, value in images.items():
        Image.fromarray(np.full((2, 2, 3), value, np.uint8)).save(folder / f"{name}.png")
    return folder


def test_contact_sheet_reads_folders_and_is_the_same_bytes_twice(tmp_path, monkeypatch):
    images = {f"{place:03d}_true": place for place in range(15)}
    shown = saved(tmp_path / "shown", **images)
    Image.fromarray(np.full((2, 2), 255, np.uint8)).save(shown / "002_gray.png")
    sources = ["NA", *(f"s{place}" for place in range(1, 15))]
    pd.DataFrame({"number": range(15), "key": "k", "source": sources}).to_csv(shown / "index.csv")
    coloured = [
        {"set": "photos", "run": "mse", "colorizer": "net",
         "path": saved(tmp_path / "net", **{"000": 51, "002": 102, "003": 153})}
    ]  # fmt: skip
    table = tmp_path / "images.csv"
    others = [made_scores().assign(run="few"), made_scores().assign(set="NA")]
    everything = pd.concat([made_scores(), *others])
    everything.reindex(columns=TABLES["images"].names).to_csv(table, index=False)
    calls = []
    inner = contact_sheet.figure
    monkeypatch.setattr(
        contact_sheet, "figure", lambda *given: calls.append(given) or inner(*given)
    )
    for name in ("one", "two"):
        out = tmp_path / f"{name}.png"
        contact_sheet.draw(shown, coloured, table, name="photos", run="mse", out=out)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    sources, gray, truth, methods, scores, name, run = calls[0]
    # every other one of fifteen
    assert sources == ["NA", *(f"s{place}" for place in range(2, 15, 2))]
    assert [image.max() for image in truth] == pytest.approx(np.arange(0, 15, 2) / 255)
    assert [image is None for image in gray] == [True, False, *[True] * 6]
    assert [image.max() for image in methods["net"][:2]] == pytest.approx([0.2, 0.4])
    assert methods["net"][2:] == [None] * 6
    assert scores[["set", "run"]].drop_duplicates().to_numpy().tolist() == [["photos", "mse"]]
    assert (name, run, scores["delta_e"].dtype) == ("photos", "mse", float)


def test_micrographs_are_read_by_name_and_missing_ones_leave_a_gap(tmp_path, monkeypatch):
    shown = saved(tmp_path / "shown", cell=255, eye=51)
    coloured = [
        {
            "colorizer": "net",
            "path": saved(tmp_path / "a", micrograph_cell=102, micrograph_eye=153),
        },
        {"colorizer": "copy_gray", "path": saved(tmp_path / "b", micrograph_cell=204)},
    ]
    drawn = []
    inner = micrographs.figure
    monkeypatch.setattr(
        micrographs, "figure", lambda *given: drawn.append(inner(*given)) or drawn[0]
    )
    micrographs.draw(shown, coloured, name="photos", run="$mse$", out=tmp_path / "out.png")
    assert imread(tmp_path / "out.png").size
    axes = np.reshape(drawn[0].axes, (2, 3))
    values = [panel.images[0].get_array().max() if panel.images else -1 for panel in axes.ravel()]
    assert values == pytest.approx([1, 0.8, 0.4, 0.2, -1, 0.6])
    assert [panel.get_ylabel() for panel in axes[:, 0]] == ["cell", "eye"]
    assert [panel.get_title() for panel in axes[0]] == [
        "gray\n(input)", "copy gray\n(baseline)", "net",
    ]  # fmt: skip
    assert drawn[0].get_suptitle() == r"Micrographs in the colours of photos, run \$mse\$"
    assert "No true colours" in drawn[0].texts[-1].get_text()


@pytest.mark.parametrize(
    ("count", "rows", "stacks"), [(1, 1, 1), (1, 4, 2), (2, 3, 1), (1, 12, 2), (4, 2, 1)]
)
def test_few_columns_fill_the_page(count, rows, stacks):
    images = [np.zeros((2, 3, 3))] * rows
    drawn = image_parts.sheet(
        [f"image {row:03d}" for row in range(rows)], [("input", images)],
        [(f"method {place}", images) for place in range(count)], "title", "note",
    )  # fmt: skip
    assert drawn.get_figwidth() == style.NARROWEST
    boxes = [axes.get_position() for axes in drawn.axes]
    # a gap's width from the right edge, wherever rows go on
    assert max(box.x1 for box in boxes) * style.NARROWEST == pytest.approx(
        style.NARROWEST - image_parts.GAP
    )
    assert len({round(box.x0, 6) for box in boxes}) == stacks * (1 + count)
    assert overlaps(drawn) == []
    # headings stand above each stack
    assert sum(axes.get_title() == "input" for axes in drawn.axes) == stacks


def scored(*delta_e: float) -> pd.DataFrame:
    keys = [f"k{place}" for place in range(len(delta_e))]
    return pd.DataFrame({"key": keys, "source": keys, "delta_e": delta_e})


def test_best_median_and_worst_images_are_those_of_smallest_middle_and_largest_error():
    found = ranked_sheet.ranked(scored(*(float(value) for value in range(20, 0, -1))))
    assert found["delta_e"].tolist() == [1, 2, 3, 9, 10, 11, 18, 19, 20]
    assert found["rank"].tolist() == found["delta_e"].tolist()
    assert found["word"].tolist() == [*["best"] * 3, *["median"] * 3, *["worst"] * 3]
    few = ranked_sheet.ranked(scored(5.0, 1, 3, 2, 4))
    assert few["word"].tolist() == ["best", "median", "median", "median", "worst"]
    assert few["delta_e"].tolist() == [1, 2, 3, 4, 5]
    assert ranked_sheet.ranked(scored(5.0, 1))["word"].tolist() == ["median", "median"]


def test_the_best_network_is_no_baseline():
    table = made_scores()
    assert ranked_sheet.best_network(table) == "better"
    assert ranked_sheet.best_network(table.assign(delta_e=[1, np.nan, np.nan])) == ""


def test_ranked_sheet_shows_the_images_that_were_scored(tmp_path, monkeypatch):
    names = {f"{place:03d}": 10 * place for place in range(12)}
    shown = saved(tmp_path / "shown", **{f"{key}_true": value for key, value in names.items()})
    index = pd.DataFrame({"number": range(12)})
    index.assign(key=[f"k{n}" for n in range(12)], source="$s$").to_csv(shown / "index.csv")
    coloured, scores = [], []
    for name, errors in (("better", range(12, 0, -1)), ("net", range(12))):
        coloured.append({"colorizer": name, "path": saved(tmp_path / name, **names)})
        scored(*map(float, errors)).to_parquet(tmp_path / f"{name}.parquet")
        scores.append({"colorizer": name, "path": tmp_path / f"{name}.parquet"})
    table = tmp_path / "images.csv"
    made_scores().reindex(columns=TABLES["images"].names).to_csv(table, index=False)
    drawn = []
    inner = ranked_sheet.figure
    monkeypatch.setattr(
        ranked_sheet, "figure", lambda *given: drawn.append(inner(*given)) or drawn[0]
    )
    ranked_sheet.draw(shown, coloured, table, scores, "photos", "mse", tmp_path / "out.png")
    assert imread(tmp_path / "out.png").size
    # by the errors of the better network, of which the last image has the smallest
    rows = np.reshape(drawn[0].axes, (9, 4))
    values = [round(row[1].images[0].get_array().max() * 255) for row in rows]
    assert values == [110, 100, 90, 70, 60, 50, 20, 10, 0]
    labels = [row[0].get_ylabel().split("\n")[:2] for row in rows]
    assert labels[0] == ["best", "rank 1: ΔE 1.0"] and labels[8] == ["worst", "rank 12: ΔE 12.0"]
    assert labels[4][0] == "median"
    assert [axes.get_title().split("\n")[0] for axes in rows[0][2:]] == ["better", "net"]


def test_a_set_without_scored_images_says_so(tmp_path):
    none = made_scores().iloc[:0]
    drawn = ranked_sheet.figure(pd.DataFrame(), {}, {}, none, "photos", "mse")
    assert drawn.axes == [] and len(drawn.texts) == 1
