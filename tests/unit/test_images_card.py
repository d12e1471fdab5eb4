"""A data set's card: counts, histograms and twins, by hand."""

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.images import card, duplicates
from chromapal.images.collection import Collection, Image
from chromapal.images.duplicates import difference_hash, nearest


class Held(Collection):
    """Images given as arrays, named `split key`; counts how often each one is loaded."""

    def __init__(self, arrays, skipped=()):
        self.arrays = {key: np.asarray(rgb, dtype=np.float32) for key, rgb in arrays.items()}
        self.loads = []
        images = [Image(key, key[:-1], key.split()[0]) for key in arrays]
        super().__init__(images, skipped)

    def load(self, image):
        self.loads.append(image.key)
        return self.arrays[image.key].copy()


def scene(seed: int, shape=(40, 52)) -> np.ndarray:
    """A photograph's stand-in: smooth blobs of colour."""
    coarse = np.random.default_rng(seed).integers(0, 255, (5, 6, 3), dtype=np.uint8)
    image = PIL.Image.fromarray(coarse).resize(shape[::-1], PIL.Image.Resampling.BICUBIC)
    return np.asarray(image) / np.float32(255)


def test_counts_and_histograms_by_hand():
    primaries = [[[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5]]]
    arrays = {"train a1": primaries, "train a2": np.zeros((3, 2, 3)), "test b1": primaries}
    found = card.describe(Held(arrays, [("f", "r")]))
    splits = found.splits.set_index("split")
    assert splits.index.tolist() == ["train", "validation", "test"]
    assert splits.loc["train", ["pictures", "sources", "pixels"]].tolist() == [2, 1, 10]
    sizes = ["height_least", "height_most", "width_least", "width_most"]
    assert splits.loc["train", sizes].tolist() == [1, 3, 2, 4]
    assert splits.loc["train", "colourless"] == pytest.approx(0.7)
    # CIELAB of sRGB's primaries under D65: chroma 104.55, 119.78, 133.81
    mean = (104.55 + 119.78 + 133.81) / 10
    assert splits.loc["train", "chroma_mean"] == pytest.approx(mean, abs=0.01)
    assert splits.loc["validation", ["pictures", "pixels"]].tolist() == [0, 0]
    assert np.isnan(splits.loc["validation", "chroma_mean"])

    train = found.colours[found.colours["split"] == "train"]
    lit = train[train["pixels"] > 0].set_index(["quantity", "low"])
    expected = {
        ("hue", 0.0): 1, ("hue", 120.0): 1, ("hue", 240.0): 1,
        ("saturation", 0.0): 7, ("saturation", 0.95): 3,
        ("chroma", 0.0): 7, ("chroma", 100.0): 1, ("chroma", 115.0): 1, ("chroma", 130.0): 1,
    }  # fmt: skip
    assert lit["pixels"].to_dict() == expected
    assert lit.loc[("hue", 120.0), "share"] == pytest.approx(1 / 3)
    assert lit.loc[("chroma", 0.0), ["high", "share"]].tolist() == [5.0, 0.7]
    assert found.skipped.to_numpy().tolist() == [["f", "r"]]


def test_bins_cover_each_scale_and_shares_sum_to_1():
    found = card.describe(Held({"train a1": scene(0), "test b1": scene(1)}))
    for _, bins in found.colours.groupby(["split", "quantity"]):
        assert bins["low"].iloc[0] == 0
        np.testing.assert_allclose(bins["low"].iloc[1:], bins["high"].iloc[:-1])
        assert bins["share"].sum() == pytest.approx(1) or bins["pixels"].sum() == 0
    sums = found.colours.groupby(["split", "quantity"])["pixels"].sum()
    assert sums["train", "chroma"] == sums["test", "saturation"] == 40 * 52


def test_each_image_is_loaded_once():
    held = Held({f"train a{n}": scene(n) for n in range(4)} | {"test b1": scene(9)})
    card.describe(held)
    assert sorted(held.loads) == [image.key for image in held.images]


def test_a_hash_by_hand():
    gray = np.tile(np.array([0, 1, 0, 1, 1, 0, 0, 0, 1]), (8, 1)).astype(np.float32)
    gray[7] = np.linspace(0, 1, 9)
    rgb = np.repeat(gray[..., None], 3, axis=2)
    row = 0b10100001
    expected = int.from_bytes(bytes([row] * 7 + [0b11111111]), "big")
    assert difference_hash(rgb) == (expected, False)
    assert difference_hash(np.repeat(np.repeat(rgb, 3, axis=0), 5, axis=1)) == (expected, False)
    assert difference_hash(rgb[:, ::-1])[0] != expected


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (9, 8)])
def test_a_constant_image_is_flat_whatever_its_size(shape):
    assert difference_hash(np.full((*shape, 3), 0.3, dtype=np.float32)) == (0, True)


def test_a_twin_is_found_through_scale_brightness_and_compression(tmp_path):
    image = scene(5, (64, 64))
    counts = (image * 255).astype(np.uint8)
    PIL.Image.fromarray(counts).resize((48, 48)).save(tmp_path / "a.jpg", quality=60)
    small = np.asarray(PIL.Image.open(tmp_path / "a.jpg")) / 255
    held = Held(
        {
            "train a1": scene(4, (64, 64)),
            "train b1": image,
            "validation c1": small,
            "test d1": image,
            "test e1": 0.8 * image,
            "test f1": scene(6, (64, 64)),
            "train g1": np.zeros((16, 16, 3)),
            "test h1": np.full((16, 16, 3), 0.01),
            "test i1": np.zeros((16, 16, 3)),
            "test j1": np.zeros((16, 15, 3)),
        }
    )
    found = card.describe(held).duplicates
    assert found.columns.tolist() == duplicates.COLUMNS
    pairs = {(row.picture, row.twin): (row.bits, row.exact) for row in found.itertuples()}
    assert pairs.pop(("test d1", "train b1")) == (0, True)
    assert pairs.pop(("test i1", "train g1")) == (0, True)
    assert pairs.keys() == {
        ("validation c1", "train b1"),
        ("test d1", "validation c1"),
        ("test e1", "train b1"),
        ("test e1", "validation c1"),
    }
    assert all(bits <= 4 and not exact for bits, exact in pairs.values())


def test_twins_on_one_side_are_no_leak():
    same = scene(1)
    held = Held({"train a1": same, "train b1": same, "test c1": scene(2)})
    assert card.describe(held).duplicates.empty


BITS = st.lists(st.integers(0, 2**64 - 1), max_size=20)


@settings(deadline=None)
@given(BITS, BITS, st.integers(1, 60))
def test_the_nearest_is_that_of_a_plain_loop(own, others, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_BLOCK", block)
        place, distance = nearest(np.array(own, np.uint64), np.array(others, np.uint64))
    for index, bits in enumerate(own):
        differ = [(bits ^ other).bit_count() for other in others]
        expected = (differ.index(min(differ)), min(differ)) if differ else (0, 65)
        assert (place[index], distance[index]) == expected


def test_a_card_is_written_the_same_twice(tmp_path):
    held = Held({"train a1": scene(0), "test b1": scene(0)}, [("a,b", "why")])
    for name in ("one", "two"):
        card.write(card.describe(held), tmp_path / name)
    for name in ("splits", "colours", "duplicates", "skipped"):
        first = (tmp_path / "one" / f"{name}.csv").read_bytes()
        assert first == (tmp_path / "two" / f"{name}.csv").read_bytes()
    written = pd.read_csv(tmp_path / "one" / "duplicates.csv")
    assert written["exact"].tolist() == [True]
    assert pd.read_csv(tmp_path / "one" / "skipped.csv").to_numpy().tolist() == [["a,b", "why"]]
