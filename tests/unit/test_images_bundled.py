"""The bundled photographs: they ship, their patches tile, and none stands on two sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from sklearn.datasets import load_sample_image

from chromapal.errors import InputError
from chromapal.images import bundled
from chromapal.images.bundled import MICROGRAPHS, PHOTOGRAPHS, Bundled, micrograph, patches


def test_every_photograph_ships_with_what_is_installed():
    found = Bundled.find(64)
    assert {image.source for image in found.images} == set(PHOTOGRAPHS)
    assert found.skipped == ()


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 30))
def test_patches_tile_without_overlap_and_stay_inside(high, wide, size):
    covered = np.zeros((high, wide), dtype=int)
    corners = list(patches(high, wide, size))
    for top, left in corners:
        block = covered[top : top + size, left : left + size]
        assert top >= 0 and left >= 0 and block.shape == (size, size)
        block += 1
    assert covered.max(initial=0) <= 1
    assert len(corners) == (high // size) * (wide // size)


def test_patches_by_hand():
    assert list(patches(5, 9, 4)) == [(0, 0), (0, 4)]
    assert list(patches(7, 4, 4)) == [(1, 0)]
    assert list(patches(3, 9, 4)) == []


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([48, 96, 224]))
def test_no_photograph_is_on_two_sides_for_any_seed(seed, size):
    found = Bundled.find(size, seed=seed)
    sides = {(image.source, image.split) for image in found.images}
    assert len(sides) == len(PHOTOGRAPHS)
    assert {split for _, split in sides} == {"train", "validation", "test"}
    assert found.images == Bundled.find(size, seed=seed).images


@pytest.mark.parametrize(
    ("name", "photograph"),
    [
        ("astronaut", data.astronaut),
        ("immunohistochemistry", data.immunohistochemistry),
        ("temple", lambda: load_sample_image("china.jpg")),
    ],
)
def test_a_patch_is_cut_where_its_key_says(name, photograph):
    found = Bundled.find(50, photographs=[name])
    image = found.images[-1]
    top, left = map(int, image.key.split()[1:])
    expected = photograph()[top : top + 50, left : left + 50] / 255
    patch = found.load(image)
    assert patch.dtype == np.float32
    np.testing.assert_allclose(patch, expected, atol=1e-6)
    patch[:] = 0  # the caller's own
    np.testing.assert_allclose(found.load(image), expected, atol=1e-6)


def test_a_limit_draws_some_patches_of_each_photograph():
    every, some = Bundled.find(64), Bundled.find(64, most_per_source=5)
    keys = {image.key for image in every.images}
    assert len(some.images) == 50 and {image.key for image in some.images} < keys
    other = Bundled.find(64, seed=1, most_per_source=5)
    assert {image.key for image in other.images} != {image.key for image in some.images}


def test_a_photograph_smaller_than_a_patch_is_skipped():
    found = Bundled.find(320)
    assert ("chelsea.png", "451 x 300 pixels, less than 320 a side") in found.skipped
    assert "cat" not in {image.source for image in found.images}


def test_a_photograph_that_is_not_installed_is_skipped(monkeypatch):
    monkeypatch.setitem(PHOTOGRAPHS, "yeti", ("skimage", "data", "yeti.png"))
    assert ("yeti.png", "not installed") in Bundled.find(64).skipped


def test_one_photograph_trains():
    assert {p.split for p in Bundled.find(100, photographs=["coffee"]).images} == {"train"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "size: found 0"),
        ({"size": 64, "most_per_source": 0}, "most_per_source: found 0"),
        ({"size": 64, "photographs": ["lena"]}, "'lena'; expected one of astronaut"),
        ({"size": 5000}, "no image to train with .10 skipped"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, message):
    with pytest.raises(InputError, match=message) as error:
        Bundled.find(**arguments)
    assert "\n" not in str(error.value)


def test_micrographs_are_gray():
    for name in MICROGRAPHS:
        gray = micrograph(name)
        assert gray.ndim == 2 and gray.dtype == np.float32
        assert 0 <= gray.min() < gray.max() <= 1
    np.testing.assert_allclose(micrograph("cell"), data.cell() / 255, atol=1e-6)
    with pytest.raises(InputError, match="one of cell"):
        micrograph("astronaut")
    bundled._photograph.cache_clear()
