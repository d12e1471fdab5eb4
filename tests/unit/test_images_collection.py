"""What every image set keeps to, whatever its files: keys, splits, gray, sources on one side."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.errors import InputError
from chromapal.images import collection
from chromapal.images.area import area_matrix
from chromapal.images.collection import LUMA, Collection, Image, luma, printable
from chromapal.images.split import split_sources
from chromapal.prepare.normalise import LUMINANCE


class Set(Collection):
    def load(self, image):
        return np.full((2, 3, 3), 0.5, dtype=np.float32)


def test_images_are_sorted_and_given_by_split():
    images = [Image("b", "2", "test"), Image("c", "1", "train"), Image("a", "1", "train")]
    found = Set.found("set", images, [("z", "why"), ("a\n", "broken")])
    assert [image.key for image in found.images] == ["a", "b", "c"]
    assert [image.key for image in found.of("train")] == ["a", "c"]
    assert found.of("validation") == ()
    assert found.skipped == (("a\\n", "broken"), ("z", "why"))


@pytest.mark.parametrize(
    "images",
    [
        [Image("a", "1", "train"), Image("a", "2", "train")],
        [Image("a", "1", "train"), Image("b", "1", "test")],
        [Image("a", "1", "train"), Image("b", "2", "exam")],
        [Image("a", "1", "train"), Image("b\n", "2", "test")],
    ],
    ids=["key twice", "source on two sides", "unknown split", "unprintable"],
)
def test_an_unsound_set_is_refused(images):
    with pytest.raises(ValueError):
        Set(images)


def test_a_set_without_training_images_is_one_line():
    with pytest.raises(InputError, match=r"set: found no image to train with \(1 skipped\).*f: w"):
        Set.found("set", [Image("a", "1", "test")], [("f", "w")])


def test_gray_is_the_luma_of_the_main_study():
    assert LUMA == LUMINANCE
    rgb = np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]], dtype=np.float32)
    np.testing.assert_allclose(luma(rgb), [[0.299, 0.587, 0.114, 1]], rtol=1e-6)
    assert luma(rgb).dtype == np.float32 and luma(rgb).max() <= 1
    found = Set([Image("a", "1", "train")])
    gray = found.gray(found.images[0])
    assert gray.shape == (2, 3)
    np.testing.assert_allclose(gray, 0.5, rtol=1e-6)


@given(st.text(), st.text())
def test_different_names_print_differently_on_one_line(one, other):
    assert printable(one).isprintable()
    assert (printable(one) == printable(other)) == (one == other)


def test_a_newline_and_the_letters_that_stand_for_it_are_told_apart():
    assert printable("a\nb") == "a\\nb" and printable("a\\nb") == "a\\\\nb"
    assert printable("a\udcff") == "a\\udcff"


@settings(deadline=None)
@given(
    st.sets(st.text(max_size=5), min_size=1, max_size=30),
    st.integers(0, 2**32),
    st.floats(0, 0.49),
    st.floats(0, 0.49),
)
def test_every_source_has_one_split_and_some_train(sources, seed, validation, test):
    roles = split_sources(sources, seed, validation, test)
    assert roles.keys() == sources
    assert roles == split_sources(sorted(sources, reverse=True) * 2, seed, validation, test)
    counts = [list(roles.values()).count(name) for name in ("train", "validation", "test")]
    assert counts[0] > 0
    if len(sources) >= 3:
        assert (counts[1] > 0) == (validation > 0)
        assert (counts[2] > 0) == (test > 0)


def test_shares_by_hand():
    def counts(number, **shares):
        roles = list(split_sources(map(str, range(number)), 3, **shares).values())
        return [roles.count(name) for name in ("train", "validation", "test")]

    assert counts(10) == [6, 2, 2]
    assert counts(1) == [1, 0, 0]
    assert counts(2) == [1, 0, 1]
    assert counts(3) == [1, 1, 1]
    assert counts(20, validation=0.05, test=0) == [19, 1, 0]
    assert split_sources("abcdefgh", 0) != split_sources("abcdefgh", 1)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (-0.1, 0.2), (float("nan"), 0.1)])
def test_shares_that_are_none_are_one_line(shares):
    with pytest.raises(InputError, match="split of images"):
        split_sources("ab", 0, *shares)


def test_areas_by_hand():
    np.testing.assert_allclose(area_matrix(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
    np.testing.assert_allclose(area_matrix(2, 4), [[1, 0], [1, 0], [0, 1], [0, 1]])
    np.testing.assert_array_equal(area_matrix(5, 5), np.eye(5))


@given(st.integers(1, 40), st.integers(1, 40))
def test_areas_keep_the_mean(length, size):
    weights = area_matrix(length, size)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(weights.mean(axis=0), 1 / length, rtol=1e-4)


def test_no_image_set_imports_torch():
    code = (
        "import sys; from chromapal.images import bundled, card, cifar100, folder, neuropal; "
        "sys.exit('torch' in sys.modules)"
    )
    source = Path(collection.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(source)}, check=False
    )
    assert done.returncode == 0
