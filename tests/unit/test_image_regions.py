"""Errors by hue and by detail: by hand, from pixels to tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from skimage.color import rgb2lab

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.figures import (
    learning_curves,
    picture_colours,
    picture_details,
    picture_hues,
)
from chromapal.evaluate.metrics import intervals, regions
from chromapal.evaluate.tables import image_regions, region_comparisons
from chromapal.images import card


def lab(*pixels, lightness=50.0) -> np.ndarray:
    """Return an image one pixel high, of pairs of a and b."""
    ab = np.asarray(pixels, dtype=float)
    return np.column_stack([np.full(len(ab), lightness), ab])[None]


def by_hue(measured: pd.DataFrame) -> pd.DataFrame:
    return measured[measured["kind"] == "hue"].set_index("region")


@pytest.mark.parametrize(
    ("rgb", "hue"),
    [
        ((1, 0, 0), "red"), ((1, 1, 0), "yellow"), ((0, 1, 0), "green"), ((0, 1, 1), "cyan"),
        ((0, 0, 1), "blue"), ((1, 0, 1), "purple"), ((1, 0.5, 0), "orange"),
        ((0.4, 0.4, 0.4), "gray"), ((0.35, 0.5, 0.2), "green"), ((0.5, 0.7, 0.9), "blue"),
    ],
)  # fmt: skip
def test_colours_are_in_the_sector_of_their_name(rgb, hue):
    image = rgb2lab(np.float64([[rgb]]))
    found = by_hue(regions.measure(image, image))
    assert found.index[found["pixels"] == 1].tolist() == [hue, "all"]


def test_the_hue_circle_is_divided_without_a_gap_and_what_has_no_hue_is_one_thing():
    ends = [edge for sector in regions.SECTORS.values() for edge in sector]
    assert ends[0] == 0 and ends[-1] == 360 and ends[1:-1:2] == ends[2::2]
    assert regions.COLOURLESS == card.COLOURLESS


def test_sums_by_hand():
    truth = lab((0, -10), (-30, 40), (-6, 8), (3, 0))
    predicted = lab((0, -5), (40, 30), (-3, 4), (0, -3))
    found = by_hue(regions.measure(truth, predicted))
    assert found["pixels"].to_dict() == {
        **dict.fromkeys(("red", "orange", "yellow", "cyan", "purple"), 0),
        **{"green": 2, "blue": 1, "gray": 1, "all": 4},
    }
    # (40, 30) lies at 37 degrees
    assert found["predicted"].to_dict() == {
        **dict.fromkeys(("orange", "yellow", "cyan", "purple"), 0),
        **{"red": 1, "green": 1, "blue": 1, "gray": 1, "all": 4},
    }
    green = found.loc["green"]
    # chroma 50 and 10; the first is a quarter turn towards smaller angles, the second is found
    assert (green["weight"], green["found"]) == (60, 10)
    assert green["squared"] == pytest.approx(50 * (70**2 + 10**2) / 2 + 10 * (9 + 16) / 2)
    assert green["squared_gray"] == pytest.approx((50**3 + 10**3) / 2)
    assert (green["chroma"], green["chroma_true"]) == (50 * 50 + 10 * 5, 50 * 50 + 10 * 10)
    assert green["blue"] == pytest.approx(50 * -10 + 10 * -4)
    assert (green["both"], green["along"], green["across"]) == (2, 50, -2500)
    gray = found.loc["gray"]
    assert (gray["weight"], gray["found"], gray["blue"], gray["both"]) == (1, 1, -3, 0)
    everything = found.loc["all"]
    assert (everything["weight"], everything["found"]) == (4, 3)
    assert everything["blue"] == 5 - 10 - 4 - 3


def test_a_colour_gone_gray_is_not_found_and_has_no_hue():
    found = by_hue(regions.measure(lab((0, -10)), lab((0, -4.9)))).loc["blue"]
    assert (found["found"], found["predicted"], found["both"], found["along"]) == (0, 0, 0, 0)


def test_thirds_are_of_the_gradient_of_the_true_lightness():
    # an even part, a ramp and stripes, each a third of the image
    even, ramp = np.full((30, 30), 20.0), np.tile(20 + np.arange(30.0), (30, 1))
    stripes = np.tile(np.arange(30) // 2 % 2 * 60.0, (30, 1))
    lightness = np.hstack([even, ramp, stripes])
    truth = np.dstack([lightness, 0 * lightness, 0 * lightness])
    predicted = truth.copy()
    for number, part in enumerate((slice(0, 28), slice(32, 58), slice(62, 90))):
        predicted[:, part, 2] = [0, 4, 8][number]
    rows = regions.measure(truth, predicted).query("kind == 'detail'").set_index("region")
    assert rows["pixels"].sum() == 2700
    assert rows["pixels"].to_numpy() == pytest.approx([900, 900, 900], abs=120)
    mean = rows["squared"] / rows["pixels"]
    assert mean["smooth"] == pytest.approx(0, abs=1) and mean["fine"] == pytest.approx(32, abs=4)
    # an even image has no detail
    flat = regions.measure(lab((0, 1), (0, 2)), lab((0, 0), (0, 0)))
    assert flat.query("kind == 'detail'")["pixels"].tolist() == [2, 0, 0]


def test_histograms_count_pixels_of_both_images():
    rows = regions.measure(lab((0, 10), (0, 10), (0, 139.9)), lab((10, 0), (0, 1), (0, 200)))
    hue = rows[rows["kind"] == "hue_bin"].set_index("region")
    assert hue.loc["9", ["pixels", "predicted"]].tolist() == [3, 1]
    assert hue.loc["0", ["pixels", "predicted"]].tolist() == [0, 1]
    chroma = rows[rows["kind"] == "chroma_bin"].set_index("region")
    assert chroma["pixels"].sum() == chroma["predicted"].sum() == 3
    assert chroma.loc[["0", "2", "27"], "predicted"].tolist() == [1, 1, 1]


def test_intervals_of_sums_draw_whole_sources():
    sums = pd.DataFrame({"above": [1.0, 1, 9], "below": [1.0, 1, 3]})
    sources = pd.Series(["a", "a", "b"])
    # both sources twice, or each once: 1, 3 or 11 / 5
    assert intervals.of_sums(sums, sources, np.divide, 0) == (1, 3)
    low, high = intervals.of_sums(sums, pd.Series(["a"] * 3), np.divide, 0)
    assert np.isnan([low, high]).all()


@pytest.fixture
def entries(tmp_path):
    """Write the sums of two images of two sources, and tell where."""
    pairs = {
        "one": (lab((0, -10), (-30, 40), (3, 0)), lab((0, -5), (-15, 20), (3, 0))),
        "two": (lab((0, -10), (0, -10), (3, 0)), lab((0, 10), (0, 10), (3, -6))),
    }
    tables = [
        regions.measure(*pair).assign(key=key, source=f"of {key}") for key, pair in pairs.items()
    ]
    pd.concat(tables).to_parquet(tmp_path / "net.parquet")
    model = {"set": "photos", "run": "all", "colorizer": "net"}
    return [{**model, "path": tmp_path / "net.parquet"}]


def read(path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"hue": str}, keep_default_na=True)


def test_hues_by_hand(entries, tmp_path):
    image_regions.write_hues(entries, tmp_path / "t.csv", seed=0)
    table = read(tmp_path / "t.csv")
    assert list(table.columns) == TABLES["image_hues"].names
    assert table["hue"].tolist() == list(regions.HUES)
    table = table.set_index("hue")
    blue = table.loc["blue"]
    assert blue["pictures"] == 2 and blue["share_true"] == pytest.approx(3 / 6)
    # (0, -5) of the first image, (3, -6) of the second
    assert blue["share_predicted"] == pytest.approx(2 / 6)
    # all blue pixels have one chroma; the first image's is found, the other's two turn yellow
    assert blue[["hue_found", "hue_found_low", "hue_found_high"]].tolist() == pytest.approx(
        [1 / 3, 0, 1]
    )
    # of the two pixels predicted blue one is gray, and has an image of its own
    of_right = [blue[f"hue_right{end}"] for end in ("", "_low", "_high")]
    assert of_right == pytest.approx([0.5, 0, 1])
    assert blue["mse_ab"] == pytest.approx((12.5 + 2 * 200) / 3, abs=1e-3)
    assert blue["mse_ab_over_gray"] == pytest.approx((12.5 + 2 * 200) / 150, abs=1e-5)
    assert blue["chroma_ratio"] == pytest.approx(25 / 30, abs=1e-5)
    assert blue[["b_shift", "b_shift_low", "b_shift_high"]].tolist() == pytest.approx([15, 5, 20])
    # turned by half a circle, as the vivid wrong pixels outweigh the pale right one
    assert abs(blue["hue_shift"]) == 180
    green = table.loc["green"]
    assert (green["pictures"], green["hue_found"], green["hue_shift"]) == (1, 1, 0)
    assert (green["mse_ab_over_gray"], green["chroma_ratio"]) == (0.25, 0.5)
    # of one image there is no interval
    assert np.isnan(green[["hue_found_low", "b_shift_high"]].to_list()).all()
    # an overtone of what has no colour
    assert table.loc["gray", "b_shift"] == -3 and np.isnan(table.loc["gray", "hue_shift"])
    assert table.loc["red", ["pictures", "share_true"]].tolist() == [0, 0]
    assert np.isnan(table.loc["red", "hue_found"])
    assert table.loc["all", "hue_found"] == pytest.approx(3 / 6)


def test_details_are_held_against_smooth_parts_of_the_same_images(tmp_path):
    rows = []
    for key, errors in (("one", (10, 20, 60)), ("two", (110, 120, 160))):
        for region, error in zip(regions.DETAILS, errors, strict=True):
            rows.append(
                dict.fromkeys(regions.SUMS, 0.0)
                | {"kind": "detail", "region": region, "pixels": 2, "predicted": 2, "weight": 2,
                   "squared": 2.0 * error, "squared_gray": 400, "chroma": 1, "chroma_true": 4,
                   "key": key, "source": key}
            )  # fmt: skip
    pd.DataFrame(rows).to_parquet(tmp_path / "net.parquet")
    entry = {"set": "s", "run": "r", "colorizer": "net", "path": tmp_path / "net.parquet"}
    image_regions.write_details([entry], tmp_path / "t.csv", seed=0)
    table = pd.read_csv(tmp_path / "t.csv").set_index("detail")
    assert [*table.columns[:3], "detail"] == TABLES["image_details"].names[:4]
    assert table["mse_ab"].tolist() == [60, 70, 110]
    assert table.loc["fine", ["mse_ab_low", "mse_ab_high"]].tolist() == [60, 160]
    # images differ by 100, the parts of each by 50
    fine = table.loc["fine", ["against_smooth", "against_smooth_low", "against_smooth_high"]]
    assert fine.tolist() == [50, 50, 50]
    assert table.loc["smooth", "against_smooth_high"] == 0
    assert table["share"].tolist() == pytest.approx([1 / 3] * 3, abs=1e-5)
    assert (table.loc["fine", "mse_ab_over_gray"], table.loc["fine", "chroma_ratio"]) == (
        0.55, 0.25,
    )  # fmt: skip


def test_runs_are_compared_region_by_region_on_the_same_draws(entries, tmp_path):
    # another run whose predictions are all two bluer, in images listed in another order
    table = pd.read_parquet(entries[0]["path"]).iloc[::-1]
    bluer = table.assign(blue=table["blue"] - 2 * table["weight"])
    bluer.to_parquet(tmp_path / "few.parquet")
    few = entries[0] | {"run": "few", "path": tmp_path / "few.parquet"}
    comparison = {"title": "less", "runs": ["all", "few"], "colorizers": ["net"]}
    region_comparisons.write([*entries, few], [comparison], tmp_path / "t.csv", seed=0)
    found = pd.read_csv(tmp_path / "t.csv")
    assert list(found.columns) == TABLES["image_region_comparisons"].names
    assert len(found) == len(regions.HUES) * 4 + len(regions.DETAILS) * 2
    found = found.set_index(["measure", "region"])
    assert (found["run"] == "few").all() and (found["against_run"] == "all").all()
    shift = found.loc[("b_shift", "blue"), ["pictures", "difference", "low", "high"]]
    # images differ by 15, the runs by 2 in each
    assert shift.tolist() == [2, -2, -2, -2]
    assert found.loc[("hue_found", "blue"), "difference"] == 0
    assert np.isnan(found.loc[("b_shift", "red"), "difference"])
    one_image = few | {"path": tmp_path / "one.parquet"}
    bluer[bluer["key"] == "one"].to_parquet(one_image["path"])
    with pytest.raises(ValueError, match="other test images"):
        region_comparisons.write([*entries, one_image], [comparison], tmp_path / "t.csv", seed=0)


def test_histograms_are_fractions_of_all_pixels(entries, tmp_path):
    image_regions.write_colours(entries, tmp_path / "t.csv")
    table = pd.read_csv(tmp_path / "t.csv")
    assert list(table.columns) == TABLES["image_colours"].names
    sums = table.groupby("quantity")[["share_true", "share_predicted"]].sum()
    # two of six pixels are gray, one of them becomes blue; any pixel has a chroma
    assert sums.loc["hue"].tolist() == pytest.approx([4 / 6, 5 / 6], abs=1e-5)
    assert sums.loc["chroma"].tolist() == pytest.approx([1, 1], abs=1e-5)
    blue = table[(table["quantity"] == "hue") & (table["low"] == 270)].iloc[0]
    assert (blue["high"], blue["share_true"]) == (280, 0.5)


def test_models_without_test_images_have_no_rows(tmp_path):
    pd.DataFrame({"key": [], "source": []}).to_parquet(tmp_path / "none.parquet")
    entry = {"set": "s", "run": "r", "colorizer": "net", "path": tmp_path / "none.parquet"}
    both = {"title": "t", "runs": ["r", "q"], "colorizers": ["net"]}
    for name, write in (
        ("image_hues", lambda out: image_regions.write_hues([entry], out, 0)),
        ("image_details", lambda out: image_regions.write_details([entry], out, 0)),
        ("image_colours", lambda out: image_regions.write_colours([entry], out)),
        (
            "image_region_comparisons",
            lambda out: region_comparisons.write([entry, entry | {"run": "q"}], [both], out, 0),
        ),
    ):
        write(tmp_path / "t.csv")
        assert (tmp_path / "t.csv").read_text() == ",".join(TABLES[name].names) + "\n"


def scores(ratio=0.5) -> pd.DataFrame:
    rows = [{"set": "photos", "run": "all", "colorizer": "net", "delta_e": 9.0,
             "colourfulness_ratio": ratio}]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=TABLES["images"].names)


def test_tables_become_figures(entries, tmp_path):
    for name in ("hues", "details"):
        getattr(image_regions, f"write_{name}")(entries, tmp_path / f"{name}.csv", 0)
    image_regions.write_colours(entries, tmp_path / "colours.csv")
    scores().to_csv(tmp_path / "images.csv", index=False)
    model = ("photos", "all")
    picture_hues.draw(tmp_path / "hues.csv", *model, tmp_path / "hues.png")
    picture_details.draw(tmp_path / "details.csv", *model, tmp_path / "details.png")
    picture_colours.draw(
        tmp_path / "colours.csv", tmp_path / "images.csv", *model, tmp_path / "colours.png"
    )
    for name in ("hues", "details", "colours"):
        assert imread(tmp_path / f"{name}.png").std() > 0.01


def test_figures_show_what_tables_hold(entries, tmp_path):
    image_regions.write_hues(entries, tmp_path / "hues.csv", 0)
    hues = picture_hues.figure(read(tmp_path / "hues.csv"), "photos", "all")
    shares, found, *_, b_shift = hues.axes
    bars = [bar.get_width() for bar in shares.containers[0]]
    assert bars == pytest.approx([0, 0, 0, 100 / 6, 0, 50, 0, 100 / 3], abs=1e-3)
    assert [tick.get_text() for tick in shares.get_yticklabels()] == [
        *regions.SECTORS, "gray", "all pixels",
    ]  # fmt: skip
    assert found.containers[0].lines[0].get_xdata()[5] == pytest.approx(1 / 3, abs=1e-5)
    assert "bluer" in b_shift.get_xlabel() and "CIELAB" in b_shift.get_xlabel()
    image_regions.write_colours(entries, tmp_path / "colours.csv")
    colours = pd.read_csv(tmp_path / "colours.csv")
    drawn = picture_colours.figure(colours, scores(), "photos", "all")
    assert "colourfulness, pred. / true: 0.50" in drawn.axes[0].get_title("left")
    none = picture_colours.figure(colours, scores(np.nan), "photos", "all")
    assert none.axes[0].get_title("left") == "net"


def test_sets_with_nothing_to_show_say_so():
    columns = {name: TABLES[name].names for name in ("image_hues", "image_details",
                                                      "image_colours")}  # fmt: skip
    none = {name: pd.DataFrame(columns=names) for name, names in columns.items()}
    for drawn in (
        picture_hues.figure(none["image_hues"], "s", "r"),
        picture_details.figure(none["image_details"], "s", "r"),
        picture_colours.figure(none["image_colours"], scores().iloc[:0], "s", "r"),
    ):
        assert drawn.axes == [] and len(drawn.texts) == 1


def curve_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return hues and images of one network on 12, 25 and 160 images, and of two baselines."""
    models = [("few", "net", 12, 300.0), ("some", "net", 25, 250.0), ("all", "net", 160, 200.0),
              ("all", "copy_gray", 160, 280.0), ("huber", "net", 160, 210.0)]  # fmt: skip
    images = pd.DataFrame(
        [{"set": "photos", "run": run, "colorizer": name, "train_pictures": count}
         for run, name, count, _ in models]
    )  # fmt: skip
    rows = [
        {"set": "photos", "run": run, "colorizer": name, "hue": hue}
        | {f"{column}{end}": error + more
           for column in ("mse_ab", "hue_found", "b_shift", "chroma_ratio")
           for end, more in (("", 0), ("_low", -5), ("_high", 7))}
        for run, name, _, error in models for hue in ("all", "green")
    ]  # fmt: skip
    return pd.DataFrame(rows), images


def test_learning_curves_join_runs_by_their_number_of_images():
    comparison = {"title": "t", "runs": ["all", "some", "few"], "colorizers": ["net"]}
    drawn = learning_curves.figure(*curve_tables(), [comparison])
    error = drawn.axes[0]
    curve = error.containers[0].lines[0]
    assert (list(curve.get_xdata()), list(curve.get_ydata())) == ([12, 25, 160], [300, 250, 200])
    ends = error.containers[0].lines[2][0].get_segments()
    assert [segment[:, 1].tolist() for segment in ends] == [[295, 307], [245, 257], [195, 207]]
    assert error.get_xscale() == "log"
    assert [tick.get_text() for tick in error.get_xticklabels()] == ["12", "25", "160"]
    words = [part.get_text() for part in drawn.legends[0].get_texts()]
    assert words == ["net", "copy gray (baseline)"]
    assert 280 in [line.get_ydata()[0] for line in error.lines]


def test_two_numbers_of_images_are_no_curve():
    comparison = {"title": "t", "runs": ["huber", "all", "few"], "colorizers": ["net"]}
    drawn = learning_curves.figure(*curve_tables(), [comparison])
    assert drawn.axes == [] and "three or more" in drawn.texts[0].get_text()
