"""Figures of the image track, drawn from tiny made tables and images, show what those hold."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from PIL import Image

from chromapal.evaluate.figures import (
    contact_sheet,
    micrographs,
    picture_comparisons,
    picture_losses,
    picture_scores,
    picture_sets,
)

HOSTILE = "$a$_name^{of}_" + "many_letters_" * 8


def made_images() -> pd.DataFrame:
    """Two sets; the network was trained in two runs on the first one."""
    rows = [
        ("photos", "mse", "copy_gray", 9.0, 0.0, 100),
        ("photos", "mse", "mean_colour", 12.0, 0.2, 100),
        ("photos", "mse", "net", 8.0, 0.5, 100),
        ("photos", "few", "net", 10.0, 0.4, 5),
        ("worms", "mse", "net", 4.0, np.nan, 7),
    ]
    columns = ["set", "run", "colorizer", "delta_e", "colourfulness_ratio", "train_pictures"]
    table = pd.DataFrame(rows, columns=columns).assign(pictures=6, sources=2)
    table["delta_e_low"], table["delta_e_high"] = table["delta_e"] - 1, table["delta_e"] + 2
    table.loc[4, ["sources", "delta_e_low", "delta_e_high"]] = 1, np.nan, np.nan
    return table


def bars(axes) -> list[tuple[list, list, list]]:
    """Return x, y and ends of the intervals of each series of points that is not empty."""
    found = []
    for part in axes.containers:
        x, y = part.lines[0].get_xdata(), part.lines[0].get_ydata()
        ends = [segment[:, 0].tolist() for each in part.lines[2] for segment in each.get_segments()]
        if len(x):
            found.append((list(x), list(y), ends))
    return found


def labels(axes) -> list[str]:
    return [tick.get_text() for tick in axes.get_yticklabels()]


def upright(axes) -> list[float]:
    """Return the places of an axes' vertical lines."""
    return [
        line.get_xdata()[0]
        for line in axes.lines
        if list(line.get_ydata()) == [0, 1] and len(set(line.get_xdata())) == 1
    ]


def test_scores_stand_in_order_with_intervals_and_baselines():
    drawn = picture_scores.figure(made_images())
    near, vivid, other, _ = drawn.axes
    assert labels(near) == ["net", "copy gray (baseline)", "mean colour (baseline)"]
    # the best run decides; its two runs lie around the middle of the line
    net, baselines, few = bars(near)
    assert net == ([8.0], [pytest.approx(-0.15)], [[7.0, 10.0]])
    assert baselines == ([9.0, 12.0], [1.0, 2.0], [[8.0, 11.0], [11.0, 14.0]])
    assert few == ([10.0], [pytest.approx(0.15)], [[9.0, 12.0]])
    faces = [part.lines[0].get_markerfacecolor() for part in near.containers]
    assert faces[1] == "white" != faces[0]
    assert upright(near) == [9.0] and upright(vivid) == [1]
    assert bars(vivid)[0][0] == [0.5]
    assert "photos (test images: 6, sources: 2)" in near.get_title("left")
    assert "worms (test images: 6, sources: 1)" in other.get_title("left")
    # no interval, no baseline, and a ratio that is not defined
    assert bars(other) == [([4.0], [0.0], [[4.0, 4.0]])]
    assert upright(other) == []
    assert [note.get_text() for note in drawn.axes[3].texts] == ["undefined"]
    assert [note.get_text() for note in near.texts + vivid.texts + other.texts] == []


def test_comparisons_join_the_runs_of_a_method():
    several = [
        {"title": "More images", "runs": ["few", "mse"], "colorizers": ["net", "copy_gray"]},
        {"title": "Other loss", "runs": ["mse", "huber"], "colorizers": ["net"]},
    ]
    drawn = picture_comparisons.figure(made_images(), several)
    near, vivid, empty, _ = drawn.axes
    # copy_gray and the set of worms were scored in one run only
    assert labels(near) == ["photos: net"]
    few, mse = bars(near)
    assert few == ([10.0], [pytest.approx(-0.15)], [[9.0, 12.0]])
    assert mse == ([8.0], [pytest.approx(0.15)], [[7.0, 10.0]])
    joined = next(line for line in near.lines if len(line.get_xdata()) == 2)
    assert list(joined.get_xdata()) == [10.0, 8.0]
    assert [part[0] for part in bars(vivid)] == [[0.4], [0.5]]
    assert upright(vivid) == [1]
    words = [part.get_text() for part in vivid.get_legend().get_texts()]
    assert words == ["few\n(5 training images)", "mse\n(100 training images)"]
    assert near.get_title("left") == "More images"
    assert not empty.axison and "no method" in empty.texts[0].get_text()


def made_losses(**columns) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "set": "photos", "run": "mse", "colorizer": "net", "epoch": [1, 0, 2],
            "step": [20, 10, 30], "train_loss": [2.0, 4.0, 1.0], "validation_loss": [3.0, 5.0, 2.0],
            "learning_rate": 1e-3,
        }
    )  # fmt: skip
    return table.assign(**columns)


def test_losses_have_a_panel_per_method_and_a_line_style_per_run():
    other = {"run": "huber", "train_loss": [0.02, np.inf, 0.01], "validation_loss": 0.03}
    table = pd.concat(
        [made_losses(), made_losses(**other), made_losses(colorizer="wide"),
         made_losses(set="worms")]
    )  # fmt: skip
    drawn = picture_losses.figure(table)
    net, wide, worms, empty = drawn.axes
    assert [axes.get_title("left") for axes in (net, wide, worms)] == ["net", "wide", "net"]
    huber, _, mse, mse_validation = net.lines  # by name
    assert mse.get_xdata().tolist() == [10, 20, 30]
    assert mse.get_ydata().tolist() == [4, 2, 1]
    assert mse_validation.get_ydata().tolist() == [5, 3, 2]
    assert np.isnan(huber.get_ydata()[0]) and huber.get_ydata()[1:].tolist() == [0.02, 0.01]
    # the run of most methods is drawn without gaps
    assert (mse.get_linestyle(), huber.get_linestyle()) == ("-", "--")
    assert mse.get_color() == huber.get_color() != mse_validation.get_color()
    # 5 is more than ten times 0.01, but not 1
    assert (net.get_yscale(), wide.get_yscale()) == ("log", "linear")
    assert not empty.axison
    words = [part.get_text() for part in drawn.legends[0].get_texts()]
    assert words == ["training images", "validation images", "run mse", "run huber"]


def test_losses_of_one_epoch_lie_on_an_axis_of_whole_steps():
    axes = picture_losses.figure(made_losses().query("epoch == 0")).axes[0]
    assert axes.get_xlim() == (9.5, 10.5)
    assert [tick for tick in axes.get_xticks() if 9.5 <= tick <= 10.5] == [10]
    assert [line.get_marker() for line in axes.lines] == ["o", "o"]
    longer = picture_losses.figure(made_losses()).axes[0]
    # 4% of the 20 steps from the first epoch's end to the last one's
    assert longer.get_xlim() == pytest.approx((9.2, 30.8))
    assert [line.get_marker() for line in longer.lines] == ["", ""]


def made_content(images=()) -> picture_sets.Content:
    splits = pd.DataFrame(
        {"split": ["train", "validation", "test"], "pictures": [5.0, 2, 0], "sources": [3.0, 1, 0]}
    )
    rows = [
        {"split": split, "quantity": quantity, "low": low, "high": low + 0.5,
         "share": np.nan if split == "test" else share}
        for quantity in ("hue", "saturation", "chroma")
        for split, shares in (("train", (0.2, 0.8)), ("validation", (0.6, 0.4)), ("test", (0, 0)))
        for low, share in zip((0.0, 0.5), shares, strict=True)
    ]  # fmt: skip
    # bins need not come in order
    return picture_sets.Content(images, splits, pd.DataFrame(rows[::-1]))


def test_sets_show_images_and_histograms_of_splits_that_have_any():
    images = [np.full((4, 4, 3), value) for value in (0.1, 0.9)]
    drawn = picture_sets.figure({"photos": made_content(images)})
    examples, (hue, saturation, chroma) = drawn.axes[:8], drawn.axes[8:11]
    assert [len(axes.images) for axes in examples] == [1, 1, 0, 0, 0, 0, 0, 0]
    assert examples[1].images[0].get_array().max() == 0.9
    for axes in (hue, saturation, chroma):
        curves = [patch.get_data() for patch in axes.patches]
        assert [curve.values.tolist() for curve in curves] == [[20, 80], [60, 40]]
        assert curves[0].edges.tolist() == [0, 0.5, 1]
    assert hue.get_xlabel() == "hue [degrees, HSV]" and hue.get_xlim() == (0, 360)
    assert "fraction" in hue.get_ylabel() and "%" in hue.get_ylabel()
    said = drawn.subfigs[0].get_suptitle()
    assert said == "photos: 5 train (sources: 3), 2 validation (sources: 1), 0 test (sources: 0)"


def saved(folder, **images: float):
    folder.mkdir(parents=True)
    for name, value in images.items():
        Image.fromarray(np.full((2, 2, 3), value, np.uint8)).save(folder / f"{name}.png")
    return folder


def test_tables_on_disk_become_figures(tmp_path):
    images = made_images().assign(mse_rgb=1, mse_ab=1, psnr=1, ssim=1, scielab=1, parameters=1)
    images.assign(set="NA").to_csv(tmp_path / "images.csv", index=False)
    made_losses(run="007").to_csv(tmp_path / "losses.csv", index=False)
    picture_scores.draw(tmp_path / "images.csv", tmp_path / "scores.png")
    several = [{"title": "t", "runs": ["few", "mse"], "colorizers": ["net"]}]
    picture_comparisons.draw(tmp_path / "images.csv", several, tmp_path / "comparisons.png")
    picture_losses.draw(tmp_path / "losses.csv", tmp_path / "losses.png")
    for name in ("scores", "comparisons", "losses"):
        assert imread(tmp_path / f"{name}.png").std() > 0.01


def test_a_card_on_disk_becomes_a_figure(tmp_path):
    content = made_content()
    card = tmp_path / "card"
    card.mkdir()
    wide = content.splits.assign(**dict.fromkeys(["pixels", "colourless", "chroma_mean"], np.nan))
    wide.to_csv(card / "splits.csv", index=False)
    content.colours.assign(pixels=1).to_csv(card / "colours.csv", index=False)
    shown = saved(tmp_path / "shown", **{"000_true": 51, "002_true": 102})
    (shown / "index.csv").write_text("number,key,source\n0,k,a\n1,l,b\n2,m,c\n")
    found = picture_sets.read_content(card, shown)
    # an image that is not there is passed over
    assert [image.max() for image in found.images] == pytest.approx([0.2, 0.4])
    assert found.colours["share"].isna().sum() == 6
    entry = {"set": "photos", "card": card, "test_images": shown}
    picture_sets.draw([entry], tmp_path / "sets.png")
    assert imread(tmp_path / "sets.png").std() > 0.01


def test_studies_with_nothing_to_show_say_so():
    none = made_images().iloc[:0]
    for drawn in (
        picture_scores.figure(none),
        picture_losses.figure(made_losses().iloc[:0]),
        picture_comparisons.figure(none, []),
        picture_sets.figure({}),
        contact_sheet.figure([], [], [], {}, none, "photos", "mse"),
        micrographs.figure({}, {}, "photos", "mse"),
    ):
        assert drawn.axes == [] and len(drawn.texts) == 1
    # a set without a test image still has its other splits
    drawn = picture_sets.figure({HOSTILE: made_content()})
    assert drawn.subfigs[0].subfigs[0].texts[0].get_text() == "no test image"
