import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.metrics import intervals
from chromapal.evaluate.tables import image_comparisons, images
from chromapal.images import card
from chromapal.images.collection import Collection, Image

TRAINED_ON = {"training_device": "cpu", "training_precision": "bf16"}


def read(path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, dtype=str)


@pytest.fixture
def scored(tmp_path):
    """Return a function that writes scored images and tells where."""

    def write(delta_e, sources, group="photos", run="mse", colorizer="net", **columns) -> dict:
        count = len(delta_e)
        table = pd.DataFrame(
            {
                # whatever else images are scored by
                **dict.fromkeys(TABLES["images"].names, 0.0),
                "key": [f"k{place}" for place in range(count)],
                "source": sources,
                "mse_rgb": np.linspace(0.1, 0.3, count),
                "mse_ab": 50.0,
                "psnr": 20.0,
                "ssim": 0.5,
                "delta_e": np.asarray(delta_e, dtype=float),
                "colourfulness": 0.1,
                "colourfulness_true": 0.4,
            }
        ).assign(train_pictures=60000, parameters=11689512, **{**TRAINED_ON, **columns})
        path = tmp_path / f"{group}-{run}-{colorizer}.parquet"
        table.to_parquet(path)
        return {"set": group, "run": run, "colorizer": colorizer, "path": path}

    return write


def scored_table(entries, path) -> pd.DataFrame:
    images.write_images(entries, path)
    return read(path)


def test_images_by_hand(scored, tmp_path):
    entry = scored(
        [2, 4, 6, 12], ["a", "a", "a", "b"],
        colourfulness=[0.1, 0.1, 0.1, 0.5], colourfulness_true=[0.1, 0.2, 0.3, 0.4],
    )  # fmt: skip
    table = scored_table([entry], tmp_path / "images.csv")
    assert list(table.columns) == TABLES["images"].names
    expected = {
        "set": "photos", "run": "mse", "colorizer": "net",
        # in full, whatever digits a float would be written with
        "train_pictures": "60000", "parameters": "11689512",
        "pictures": "4", "sources": "2", "mse_rgb": "0.2", "mse_ab": "50", "psnr": "20",
        "ssim": "0.5",
        # over images, not over sources (8); drawing both sources twice: all of a, or all of b
        "delta_e": "6", "delta_e_low": "4", "delta_e_high": "12",
        # 0.2 / 0.25; the mean of the ratios would be 0.77
        "colourfulness_ratio": "0.8",
        "training_device": "cpu", "training_precision": "bf16",
    }  # fmt: skip
    assert table.loc[0, list(expected)].to_dict() == expected


def test_one_source_is_no_sample_of_sources(scored, tmp_path):
    row = scored_table([scored([2, 4], ["a", "a"])], tmp_path / "images.csv").iloc[0]
    assert (row["delta_e"], row["delta_e_low"], row["delta_e_high"]) == ("3", "", "")


def test_gray_truths_have_no_ratio_and_missing_scores_no_mean(scored, tmp_path):
    entry = scored([1, np.nan], ["a", "b"], colourfulness_true=0.0)
    row = scored_table([entry], tmp_path / "images.csv").iloc[0]
    for name in ("delta_e", "delta_e_low", "delta_e_high", "colourfulness_ratio"):
        assert row[name] == "", name
    assert row["psnr"] == "20"


def test_a_set_without_test_images_has_a_row_of_nothing(scored, tmp_path):
    table = scored_table([scored([], []), scored([3], ["a"], "other")], tmp_path / "images.csv")
    nothing = table[table["set"] == "photos"].iloc[0]
    assert (nothing["pictures"], nothing["sources"], nothing["delta_e"]) == ("0", "0", "")
    alone = scored_table([scored([], [])], tmp_path / "alone.csv").iloc[0]
    assert alone.tolist() == nothing.tolist()
    other = table[table["set"] == "other"].iloc[0]
    assert (other["parameters"], other["delta_e"]) == ("11689512", "3")


def test_rows_are_sorted_and_the_same_bytes_twice(scored, tmp_path):
    rng = np.random.default_rng(0)
    names = [(s, r, c) for s in ("NA", "007") for r in ("b", "a") for c in ("net", "copy_gray")]
    sources = [f"s{place % 7}" for place in range(30)]
    entries = [scored(rng.random(30), sources, *name) for name in names]
    table = scored_table(entries, tmp_path / "one.csv")
    assert table[["set", "run", "colorizer"]].apply(tuple, axis=1).tolist() == sorted(names)
    scored_table(entries[::-1], tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    images.write_images(entries, tmp_path / "three.csv", seed=1)
    other = read(tmp_path / "three.csv")
    assert other["delta_e"].equals(table["delta_e"])
    assert not other["delta_e_low"].equals(table["delta_e_low"])


def test_methods_scored_on_different_images_do_not_compare(scored, tmp_path):
    entries = [scored([1, 2], ["a", "b"]), scored([1], ["a"], colorizer="lazy")]
    with pytest.raises(ValueError, match=r"lazy.*other test images"):
        images.write_images(entries, tmp_path / "images.csv")
    # another run may test on others
    assert (
        len(scored_table([entries[0], scored([1], ["a"], run="few")], tmp_path / "images.csv")) == 2
    )


def test_studies_without_any_entry_still_have_tables(tmp_path):
    for write, columns in (
        (images.write_images, TABLES["images"].names),
        (images.write_image_losses, TABLES["image_losses"].names),
        (images.write_image_sets, TABLES["image_sets"].names),
    ):
        write([], tmp_path / "none.csv")
        assert (tmp_path / "none.csv").read_text() == ",".join(columns) + "\n"


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from("abcde")), min_size=1, max_size=30))
@settings(max_examples=15, deadline=None)
def test_intervals_lie_between_the_sources_means(rows):
    values, sources = (pd.Series(part) for part in zip(*rows, strict=True))
    low, high = intervals.over_sources(values, sources, seed=3)
    means = values.groupby(sources).mean()
    if len(means) < 2:
        assert np.isnan([low, high]).all()
    else:
        assert means.min() - 1e-9 <= low <= high <= means.max() + 1e-9
        shuffled = values.iloc[::-1], sources.iloc[::-1]
        assert intervals.over_sources(*shuffled, seed=3) == pytest.approx((low, high))


def test_large_sources_weigh_more():
    # in two of three samples the one large source is drawn, and settles the mean over images
    values = pd.Series([10.0] * 1000 + [0.0] * 19)
    sources = pd.Series(["large"] * 1000 + [f"small {place}" for place in range(19)])
    low, high = intervals.over_sources(values, sources, seed=0)
    assert low == 0 and 9.8 < high < 10


def test_sources_of_one_size_are_drawn_like_worms():
    means = np.random.default_rng(4).normal(10, 3, 40)
    spread = np.tile([-5.0, 5.0], 40)  # within a source; no width of the interval comes from it
    values, sources = pd.Series(np.repeat(means, 2) + spread), pd.Series(np.repeat(range(40), 2))
    low, high = intervals.over_worms(means[None], seed=0)
    found = intervals.over_sources(values, sources, seed=0)
    assert found == pytest.approx((low[0], high[0]), rel=0.02)
    assert found[1] - found[0] == pytest.approx(2 * 1.96 * means.std() / np.sqrt(40), rel=0.15)


def test_losses_keep_every_epoch_of_those_who_learn(tmp_path):
    history = pd.DataFrame(
        {"epoch": [0, 1], "step": [5, 10], "train_loss": [1.0, 0.5], "validation_loss": [1.5, 1.0],
         "learning_rate": 1e-3, **TRAINED_ON}
    )  # fmt: skip
    history.to_csv(tmp_path / "net.csv", index=False)
    history.iloc[:0].to_csv(tmp_path / "copy_gray.csv", index=False)
    entries = [
        {"set": group, "run": "mse", "colorizer": name, "path": tmp_path / f"{name}.csv"}
        for group in ("b", "a")
        for name in ("net", "copy_gray")
    ]
    images.write_image_losses(entries, tmp_path / "losses.csv")
    table = read(tmp_path / "losses.csv")
    assert list(table.columns) == TABLES["image_losses"].names
    assert table[["set", "epoch", "train_loss", "learning_rate"]].to_numpy().tolist() == [
        [group, epoch, loss, "0.001"]
        for group in ("a", "b")
        for epoch, loss in (("0", "1"), ("1", "0.5"))
    ]
    images.write_image_losses(entries[1::2], tmp_path / "losses.csv")
    assert len(read(tmp_path / "losses.csv")) == 0


class Made(Collection):
    """Eight by nine pixels; images of one number look the same."""

    def __init__(self, numbers: dict[str, tuple[str, int]], skipped=()):
        self.numbers = numbers
        images = [Image(key, key, split) for key, (split, _) in numbers.items()]
        super().__init__(images, skipped)

    def load(self, image: Image) -> np.ndarray:
        rng = np.random.default_rng(self.numbers[image.key][1])
        return rng.random((8, 9, 3), dtype=np.float32)


def test_sets_tell_splits_twins_and_what_was_left_out(tmp_path):
    first = Made(
        {
            "a, b": ("train", 1), "b": ("train", 2), "c": ("validation", 1), "d": ("test", 1),
            "e": ("test", 4), "f": ("test", 2),
        },
        skipped=[("bad, file.png", "broken"), ("worse.png", "NA")],
    )  # fmt: skip
    folders = {"z": tmp_path / "z", "a": tmp_path / "a"}
    card.write(card.describe(first), folders["z"])
    card.write(card.describe(Made({"x": ("train", 1)})), folders["a"])
    images.write_image_sets(
        [{"set": name, "path": path} for name, path in folders.items()], tmp_path / "sets.csv"
    )
    table = read(tmp_path / "sets.csv")
    assert list(table.columns) == TABLES["image_sets"].names
    keys = ["set", "split", "pictures", "near_duplicates", "exact_duplicates", "skipped"]
    assert table[keys].to_numpy().tolist() == [
        ["a", "train", "1", "0", "0", "0"],
        ["a", "validation", "0", "0", "0", "0"],
        ["a", "test", "0", "0", "0", "0"],
        ["z", "train", "2", "0", "0", "2"],
        ["z", "validation", "1", "1", "1", "2"],
        # d has twins in train and in validation, and counts once
        ["z", "test", "3", "2", "2", "2"],
    ]
    # what the card says stands here as it was written
    splits = read(folders["z"] / "splits.csv")
    whole = [name for name in splits.columns if name != "split"]
    assert whole == TABLES["image_sets"].names[2:-3]
    assert table.loc[3:, whole].to_numpy().tolist() == splits[whole].to_numpy().tolist()


def test_near_twins_count_as_near_only(tmp_path):
    splits = pd.DataFrame(0, index=range(3), columns=TABLES["image_sets"].names[2:-3])
    splits.insert(0, "split", ["train", "validation", "test"])
    twins = pd.DataFrame(
        [("p", "test", "q", "train", 3, False), ("p", "test", "v", "validation", 0, True),
         ("r", "test", "q", "train", 4, False)],
        columns=["picture", "split", "twin", "twin_split", "bits", "exact"],
    )  # fmt: skip
    nothing = pd.DataFrame(columns=["file", "reason"])
    card.write(card.Card(splits, pd.DataFrame(columns=["split"]), twins, nothing), tmp_path)
    images.write_image_sets([{"set": "s", "path": tmp_path}], tmp_path / "sets.csv")
    test = read(tmp_path / "sets.csv").iloc[2]
    assert (test["near_duplicates"], test["exact_duplicates"]) == ("2", "1")


COMPARISON = {"title": "loss", "runs": ["mse", "huber"], "colorizers": ["net"]}


def compared(entries, path, comparisons=(COMPARISON,)):
    image_comparisons.write(entries, comparisons, path, seed=0)
    table = read(path)
    assert list(table.columns) == TABLES["image_comparisons"].names
    return table[table["measure"].eq("delta_e")]


def test_images_are_compared_one_by_one(scored, tmp_path):
    # very different images, all of them 1 better with the other loss
    entries = [
        scored([2, 40, 9], ["a", "b", "c"]),
        scored([1, 39, 8], ["a", "b", "c"], run="huber"),
    ]
    (row,) = compared(entries, tmp_path / "t.csv").to_dict("records")
    told = {
        "comparison": "loss", "set": "photos", "run": "huber", "colorizer": "net",
        "against_run": "mse", "against_colorizer": "net", "pictures": "3",
        "difference": "-1", "low": "-1", "high": "-1",
    }  # fmt: skip
    assert {key: row[key] for key in told} == told


def test_images_are_paired_by_key_whatever_their_order(scored, tmp_path):
    one = scored([2, 4], ["a", "b"])
    two = scored([3, 1], ["b", "a"], run="huber", key=["k1", "k0"])
    (row,) = compared([one, two], tmp_path / "t.csv").to_dict("records")
    assert (row["difference"], row["low"]) == ("-1", "-1")


def test_networks_are_held_against_the_baselines_of_their_run(scored, tmp_path):
    names = ("net", "copy_gray", "mean_colour")
    entries = [scored([2, 4], ["a", "b"], colorizer=name) for name in names]
    entries += [scored([2, 4], ["a", "b"], run="huber"), scored([1, 2], ["a", "b"], "other")]
    found = compared(entries, tmp_path / "t.csv")
    pairs = found[["comparison", "run", "colorizer", "against_run", "against_colorizer"]]
    baseline = image_comparisons.BASELINE
    assert sorted(pairs.apply(tuple, axis=1)) == [
        ("loss", "huber", "net", "mse", "net"),
        (baseline, "mse", "net", "mse", "copy_gray"),
        (baseline, "mse", "net", "mse", "mean_colour"),
    ]


def test_runs_of_other_images_do_not_compare(scored, tmp_path):
    entries = [scored([2, 4], ["a", "b"]), scored([2], ["a"], run="huber")]
    with pytest.raises(ValueError, match="other test images"):
        compared(entries, tmp_path / "t.csv")


def test_nothing_compared_is_a_table_without_rows(tmp_path):
    assert compared([], tmp_path / "t.csv", []).empty
