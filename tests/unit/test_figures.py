"""Each figure, drawn from tiny made tables, shows what the tables hold."""

import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib.image import imread
from scipy.special import ndtri

from chromapal.evaluate.figures import (
    colour,
    coloured,
    confusion,
    examples,
    grids,
    identity,
    laboratories,
    losses,
    prediction,
    projections,
    style,
    volume,
)
from chromapal.evaluate.tables import read
from chromapal.worms.nwb.projections import Projections

RUN = {"colorizer": "resnet18_fusion", "variant": "no_background", "sample": "worm", "grid": 64}


def made_neurons() -> pd.DataFrame:
    """Two laboratories; A's worm has 5 neurons (2 unlabelled), B's `$1$` has 3."""
    count = 8
    um = np.arange(count, dtype=float)
    table = pd.DataFrame(
        {
            "lab": ["A"] * 5 + ["B"] * 3,
            "worm": ["one"] * 5 + ["$1$"] * 3,
            "xr": 10 * um, "yr": um[::-1] * 2, "zr": um % 4,
            "u": np.linspace(0, 1, count), "v": np.linspace(1, 0, count), "w": 0.5,
            "r": 1.0, "g": 0.1, "b": np.linspace(0, 1, count),
            "gray": np.linspace(0.2, 0.8, count), "weight": 1.0, "weight_n": 1.0,
            "name": ["AVAL", "", "AVAR", "", "RIH", "AVAL", "AVAR", "RIH"],
        }
    )  # fmt: skip
    return table.assign(row=np.arange(count), role="test", colour=True)


def made_colours(neurons: pd.DataFrame, away: float) -> pd.DataFrame:
    """Predict every channel `away` from the truth."""
    return neurons.assign(**{f"pred_{c}": neurons[c] + away for c in "rgb"})


def made_identity() -> pd.DataFrame:
    """Two classifiers, three feature sets, two laboratories and all."""
    rows = []
    for classifier, plus in (("svm", 0.1), ("random_forest", 0.0)):
        for features, score in (
            ("position+gray", 0.3), ("position+gray+predicted", 0.35), ("position+rgb", 0.6)
        ):  # fmt: skip
            predicted = "predicted" in features
            for lab, count in (("A", 2), ("B", 1), ("all", 3)):
                accuracy = score + plus + (0.05 if lab == "A" else 0)
                rows.append(
                    {
                        "classifier": classifier, "variant": "no_background",
                        "colorizer": "resnet18_fusion" if predicted else "", "features": features,
                        "fold": "all", "lab": lab, "worms": count, "accuracy": accuracy,
                        "low": accuracy - 0.05, "high": accuracy + 0.04, "majority": 0.08,
                        "chance": 0.01, "recovery_ratio": 0.167 if predicted else np.nan,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def collections(axes) -> np.ndarray:
    """Collect the points of an axes' scatters, shape (n, 2)."""
    return np.concatenate([part.get_offsets() for part in axes.collections])


def test_scale_bar_is_as_long_as_it_says():
    figure = style.new(4, 2)
    axes = figure.subplots()
    axes.set_xlim(0, 48)
    axes.set_ylim(40, 0)
    assert style.scale_bar(axes, 48) == 10
    start, end = axes.lines[0].get_xdata()
    assert end - start == pytest.approx(10)
    assert [note.get_text() for note in axes.texts] == ["10 µm"]


def test_text_cannot_start_a_formula_or_run_over():
    assert style.text("$x$") == r"\$x\$"
    assert len(style.text("w" * 100)) == 32


def test_palette_is_seaborns_for_the_colour_blind():
    assert style.palette(11)[:10] == sns.color_palette("colorblind").as_hex()


def test_volume_shows_every_plane_in_micrometres():
    images = {"xy": np.zeros((4, 10, 3)), "xz": np.zeros((5, 10, 3)), "yz": np.zeros((5, 4, 3))}
    images["xy"][1, 7] = (1.0, 0.5, 0.0)
    drawn = volume.figure_of_volumes({"A one": Projections(images, np.array([0.5, 1.0, 2.0]))})
    xy, xz, yz = (axes.images[0] for axes in drawn.axes)
    assert xy.get_extent() == [0, 5, 4, 0]
    assert xz.get_extent() == [0, 5, 10, 0]
    assert yz.get_extent() == [0, 4, 10, 0]
    assert np.array_equal(xy.get_array()[1, 7], [1.0, 0.5, 0.0])
    assert "A one" in drawn.axes[0].get_title("left")


def test_without_volumes_neurons_stand_in_space():
    drawn = volume.figure_of_neurons(made_neurons(), "full_scale")
    assert [len(axes.collections[0].get_offsets()) for axes in drawn.axes] == [5, 3]
    assert drawn.axes[0].get_zlabel() == "z [µm]"
    assert "(5 neurons)" in drawn.axes[0].get_title()


def test_unreadable_volumes_give_way_to_the_table(tmp_path):
    bad = tmp_path / "A" / "bad.nwb"
    bad.parent.mkdir()
    bad.write_bytes(b"no volume")
    neurons = tmp_path / "neurons.parquet"
    made_neurons().to_parquet(neurons)
    volume.draw([bad], neurons, "full_scale", tmp_path / "volume.png")
    # two laboratories of 4.6 inches at 150 dots per inch
    assert imread(tmp_path / "volume.png").shape[1] == 2 * 4.6 * 150


def test_projections_show_raw_and_normalised_and_mark_the_unlabelled():
    drawn = projections.figure(made_neurons(), "full_scale")
    raw, normal = drawn.axes[0], drawn.axes[3]
    assert (raw.get_xlabel(), raw.get_ylabel()) == ("x [µm]", "y [µm]")
    assert normal.get_xlabel() == "u (x as 0..1)"
    named, unnamed = raw.collections
    assert (len(named.get_offsets()), len(unnamed.get_offsets())) == (3, 2)
    assert collections(raw)[:, 0].max() == 40
    assert collections(normal)[:, 0].max() == pytest.approx(4 / 7)
    labels = [part.get_text() for part in drawn.legends[0].get_texts()]
    assert labels == ["labelled (3)", "unlabelled (nobody named them) (2)"]
    assert tuple(named.get_facecolors()[0][:2]) == (1.0, 0.1)


def test_grids_show_a_slab_beside_a_single_cell():
    part = coloured.neurons_of(made_neurons(), ("A", "one"))
    slab = grids.sample(part, None, "worm", 8, 8.0)
    single = grids.sample(part, None, "neuron", 8, 8.0)
    assert np.isfinite(slab[0]).sum() == 5
    assert np.isfinite(single[0]).sum() == 1
    assert np.nanmax(slab[1]) == 1
    # the neuron at u = 0, v = 1 lies in the last row, first column
    assert slab[0][7, 0] == pytest.approx(0.2)
    drawn = grids.figure(made_neurons(), 8.0, grids=(8, 16))
    titles = [axes.get_title("left") for axes in drawn.axes[:8]]
    assert titles[0] == "worm sample, 8 by 8\ngray, 5 lit cells"
    assert titles[7] == "neuron sample, 16 by 16\nweight, 1 lit cell"


def in_body_axes():
    """The made worms, 10 um apart along posterior, all of them in training."""
    table = made_neurons()
    posterior = 10.0 * np.arange(len(table))
    return table.assign(role="train", posterior=posterior, dorsal=posterior / 10, left=-posterior)


def test_aligned_worms_are_drawn_along_the_body():
    table = in_body_axes()
    below = projections.figure(table, "full_scale").axes[3:6]
    assert [(axes.get_xlabel(), axes.get_ylabel()) for axes in below] == [
        ("posterior [µm]", "dorsal [µm]"),
        ("posterior [µm]", "left [µm]"),
        ("dorsal [µm]", "left [µm]"),
    ]
    own = table[table["worm"].eq("one")]
    assert collections(below[0])[:, 0].max() == own["posterior"].max()
    drawn = grids.figure(table, 8.0, grids=(8, 16))
    # the ranges are those of all training neurons, 2 um wider
    high = np.quantile(table["posterior"], 0.998) + 2
    assert drawn.axes[7].get_xlabel().startswith("posterior, -2 to ")
    assert f"{high:.0f} µm" in drawn.axes[7].get_xlabel()
    assert drawn.axes[0].get_ylabel().startswith("dorsal")


def test_losses_draw_every_fold_and_their_mean():
    epochs = np.arange(3)
    table = pd.concat(
        pd.DataFrame(
            {
                **RUN, "fold": fold, "epoch": epochs, "train_loss": level - 0.1 * epochs,
                "validation_loss": level + 0.5,
            }
        )
        for fold, level in (("fold0", 1.0), ("fold1", 2.0))
    )  # fmt: skip
    axes = losses.figure(table).axes[0]
    curves = [line.get_ydata().tolist() for line in axes.lines]
    assert len(curves) == 2 * (2 + 1)
    assert curves[2] == pytest.approx([1.5, 1.4, 1.3])
    assert curves[5] == pytest.approx([2.0, 2.0, 2.0])
    assert axes.get_xlabel() == "epoch"
    assert "worm samples, grid 64" in axes.get_ylabel()
    assert "models: 2" in axes.get_title("left")


def loss_curves(**epochs):
    """Return the panel of folds that each train for so many epochs."""
    table = pd.concat(
        pd.DataFrame(
            {
                **RUN, "fold": fold, "epoch": np.arange(count), "train_loss": 1.0,
                "validation_loss": 2.0,
            }
        )
        for fold, count in epochs.items()
    )  # fmt: skip
    return losses.figure(table).axes[0]


@pytest.mark.parametrize(
    ("epochs", "limits", "ticks"),
    [
        (1, (-0.5, 0.5), [0]),
        (2, (-0.5, 1.5), [0, 1]),
        (3, (-0.5, 2.5), [0, 1, 2]),
        (51, (-2, 52), [0, 10, 20, 30, 40, 50]),
    ],
)
def test_losses_count_whole_epochs_with_room_beside_the_ends(epochs, limits, ticks):
    axes = loss_curves(fold0=epochs)
    assert axes.get_xlim() == pytest.approx(limits)
    inside = [tick for tick in axes.get_xticks() if limits[0] <= tick <= limits[1]]
    assert inside == ticks


def test_losses_of_few_epochs_are_marked():
    axes = loss_curves(fold0=1, fold1=3)
    # per loss: fold 0, fold 1 and the mean over the one epoch that both have
    assert [len(line.get_xdata()) for line in axes.lines] == [1, 3, 1] * 2
    assert [line.get_marker() for line in axes.lines] == ["o", "", "o"] * 2


def test_colour_places_folds_and_pooled_values():
    rows = [
        {**RUN, "colorizer": name, "fold": fold, "lab": lab, "worms": 4, "mse": mse,
         "chroma_r2": 0.2, "colourfulness_ratio": 0.7, "delta_e": 12.0}
        for name, mse in (("mean_colour", 0.9), ("resnet18_fusion", 0.5))
        for fold in ("fold0", "all")
        for lab in ("A", "all")
    ]  # fmt: skip
    drawn = colour.figure(pd.DataFrame(rows))
    first = drawn.axes[0]
    assert [label.get_text().split("\n")[0] for label in first.get_yticklabels()] == [
        "mean_colour", "resnet18_fusion",
    ]  # fmt: skip
    folds, pooled = (part.get_offsets() for part in first.collections)
    assert folds.tolist() == pooled.tolist() == [[0.9, 0], [0.5, 1]]
    assert len(drawn.axes) == 4
    assert "4 worms" in drawn.get_suptitle()


def test_identity_shows_intervals_baselines_and_recovery():
    drawn = identity.figure(made_identity())
    (axes,) = drawn.axes
    points = [part.lines[0] for part in axes.containers]
    assert [line.get_xdata().tolist() for line in points] == [
        pytest.approx([0.4, 0.3]), pytest.approx([0.45, 0.35]), pytest.approx([0.7, 0.6])
    ]  # fmt: skip
    bars = axes.containers[0].lines[2][0].get_segments()
    assert bars[0][:, 0].tolist() == pytest.approx([0.35, 0.44])
    lines = [line.get_xdata() for line in axes.lines if len(set(line.get_xdata())) == 1]
    assert [0.08, 0.08] in [list(x) for x in lines]
    assert [0.01, 0.01] in [list(x) for x in lines]
    assert {note.get_text() for note in axes.texts} == {"recovery\n0.17"}
    assert "(3 worms)" in axes.get_title("left")


def test_laboratories_stand_side_by_side():
    drawn = laboratories.figure(made_identity())
    (axes,) = drawn.axes
    assert axes.get_title("left").endswith("svm")
    bars = [part for part in axes.containers if hasattr(part, "patches")]
    heights = [[bar.get_height() for bar in part.patches] for part in bars]
    assert heights[2] == pytest.approx([0.75, 0.7, 0.7])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        "A\n2 worms", "B\n1 worms", "all\n3 worms",
    ]  # fmt: skip


def test_confusion_keeps_the_classes_with_most_mistakes():
    table = pd.DataFrame(
        [
            ("AVA", "AVA", 6), ("AVA", "RIH", 4), ("RIH", "RIH", 9), ("RIH", "AIB", 1),
            ("AIB", "AIB", 20), ("background", "AVA", 50),
        ],
        columns=["true_class", "predicted_class", "count"],
    )  # fmt: skip
    counts = confusion.most_confused(table, classes=2)
    assert counts.index.tolist() == ["AVA", "RIH"]
    assert counts.to_numpy().tolist() == [[6, 4, 0], [0, 9, 1]]
    whole = table.assign(
        classifier="svm", colorizer="resnet18_fusion", variant="no_background",
        features="position+gray+predicted",
    )  # fmt: skip
    drawn = confusion.figure(whole, made_identity())
    axes = drawn.axes[0]
    assert axes.get_title("left") == "35 of these 40 neurons have the right class"
    shares = np.ma.filled(axes.collections[0].get_array(), 0).reshape(3, 4)
    assert shares[1].tolist() == pytest.approx([0, 0.6, 0.4, 0])
    assert [tick.get_text() for tick in axes.get_yticklabels()][1] == "AVA  (n = 10)"


def test_examples_pool_names_with_similarly_many_examples():
    table = pd.DataFrame(
        {"name": ["a", "b", "c", "d"], "training_examples": [1, 3, 10, 12],
         "tested": [2, 2, 10, 10], "right": [0, 1, 6, 8]}
    )  # fmt: skip
    line = examples.trend(table, bins=2)
    assert line["examples"].tolist() == [2, 11]
    assert line["accuracy"].tolist() == pytest.approx([0.25, 0.7])
    whole = table.assign(
        classifier="svm", colorizer="", variant="no_background", features="position+gray"
    )
    axes = examples.figure(whole, made_identity()).axes[0]
    assert axes.collections[0].get_offsets().tolist() == [[1, 0], [3, 0.5], [10, 0.6], [12, 0.8]]
    assert axes.get_xlabel() == "training examples of the name"


def test_prediction_shows_median_worms_with_their_error_and_its_baseline():
    neurons = made_neurons()
    worms = pd.DataFrame(
        [{**RUN, "colorizer": "mean_colour", "measure": "colour", "lab": "A", "worm": "one",
          "mse": 0.5}]
    )  # fmt: skip
    drawn = prediction.figure(made_colours(neurons, -0.1), neurons, worms, "full_scale", RUN)
    first, second = drawn.axes[0], drawn.axes[4]
    assert first.get_title("left").startswith("A one: mse 0.010, mean colour 0.500 (5 neurons)")
    assert second.get_title("left").startswith(r"B \$1\$: mse 0.010 (3 neurons)")
    gray, truth, predicted = (drawn.axes[at].collections[0].get_facecolors() for at in range(3))
    assert gray[:, 0].tolist() == gray[:, 1].tolist() == gray[:, 2].tolist()
    # by height: neurons 0 and 4 lie at z = 0, the last drawn is neuron 3
    assert truth[-1][:3].tolist() == pytest.approx([1.0, 0.1, 3 / 7])
    assert predicted[-1][:3].tolist() == pytest.approx([0.9, 0.0, 3 / 7 - 0.1])
    assert drawn.axes[8].get_ylabel() == "distance in displayed RGB (0 to √3)"


def test_prediction_flatters_nobody():
    test = pd.DataFrame(
        [("A", "best", 0.1), ("A", "middle", 0.2), ("A", "worst", 0.9), ("B", "only", 0.4)],
        columns=["lab", "worm", "squared"],
    )
    assert prediction.typical(test, most=2) == [("A", "middle"), ("B", "only")]
    assert prediction.typical(test, most=3) == [("A", "best"), ("A", "middle"), ("B", "only")]


def test_dark_colours_are_brightened_and_it_is_said():
    dark = pd.DataFrame({"r": [0.0, 0.05], "g": [0.05, 0.05], "b": [0.05, 0.05]})
    brighter = coloured.gain(dark, "full_scale")
    assert brighter == pytest.approx(20)
    assert coloured.colours(dark, "full_scale", brighter)[0].tolist() == pytest.approx([0, 1, 1])
    assert coloured.brightened(brighter) == ", brightened 20 times"
    assert coloured.gain(dark, "rank_normal") == 1
    assert coloured.gain(dark * 100, "full_scale") == 1
    assert coloured.brightened(1.0) == ""


def test_rank_normal_colours_are_shown_as_ranks():
    table = pd.DataFrame({"r": [ndtri(0.25)], "g": [np.nan], "b": [0.0]})
    assert coloured.colours(table, "rank_normal").tolist() == [pytest.approx([0.25, 0.5, 0.5])]


@pytest.mark.parametrize(
    ("draw", "columns"),
    [
        (losses.figure, ["colorizer", "variant"]),
        (colour.figure, ["colorizer", "variant", "lab"]),
        (identity.figure, ["fold", "lab"]),
        (laboratories.figure, ["fold", "lab"]),
    ],
)
def test_a_study_without_such_cells_says_so(draw, columns):
    drawn = draw(pd.DataFrame(columns=columns))
    assert drawn.axes == []
    assert "in this study" in drawn.texts[0].get_text() or "of this study" in str(drawn.texts[0])


def test_a_study_without_colorizer_or_classifier_draws_messages():
    none = pd.DataFrame(columns=["fold", "lab", "role", "r", "g", "b"])
    for drawn in (
        confusion.figure(none, none),
        examples.figure(none, none),
        prediction.figure(none, made_neurons(), none, "rank_normal", {}),
    ):
        assert drawn.axes == []


def test_a_figure_is_the_same_bytes_twice(tmp_path):
    table = made_identity()
    read_back = tmp_path / "identity.csv"
    table.to_csv(read_back, index=False)
    for name in ("one", "two"):
        identity.draw(read_back, tmp_path / f"{name}.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_text_columns_stay_text(tmp_path):
    path = tmp_path / "worms.csv"
    path.write_text("lab,worm,mse\nNA,007,0.5\nHL,,\n")
    table = read.read_csv(path)
    assert table["lab"].tolist() == ["NA", "HL"]
    assert table["worm"].tolist() == ["007", ""]
    assert table["mse"].isna().tolist() == [False, True]


def test_a_study_without_colour_says_so(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(style, "message", lambda text: said.append(text) or style.new(3, 1))
    made_neurons().assign(colour=False).to_parquet(tmp_path / "neurons.parquet")
    projections.draw(tmp_path / "neurons.parquet", None, "full_scale", tmp_path / "a.png")
    volume.draw([], tmp_path / "neurons.parquet", "full_scale", tmp_path / "b.png")
    grids.draw(tmp_path / "neurons.parquet", None, 8.0, tmp_path / "c.png")
    assert len(said) == 3 and "No worm" in said[0]
    assert all((tmp_path / f"{name}.png").exists() for name in "abc")
