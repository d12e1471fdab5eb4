"""Large images in tiles: every pixel once, no seam, no more memory than tiles take."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.apply import tiles


def test_tiles_go_evenly_from_edge_to_edge():
    # tiles of 16 share 2 pixels at least
    assert tiles.starts(16, 16).tolist() == [0]
    assert tiles.starts(17, 16).tolist() == [0, 1]
    assert tiles.starts(30, 16).tolist() == [0, 14]
    assert tiles.starts(31, 16).tolist() == [0, 8, 15]


def test_shares_rise_over_what_neighbours_have_in_common():
    first, second = tiles.shares(30, 16)
    assert first[:14].tolist() == [1] * 14 and second[16:].tolist() == [1] * 14
    np.testing.assert_allclose(first[14:16], [2 / 3, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose(first + second, 1, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 40))
def test_what_depends_on_pixels_alone_is_the_same_in_tiles(height, width, side):
    image = np.random.default_rng(0).random((height, width), np.float32)
    seen = []

    def predict(tile):
        assert max(tile.shape) <= side
        seen.append(tile.shape)
        return np.stack([tile, 2 * tile], axis=2)

    next_row = 0
    for rows, found in tiles.blended(predict, image, side):
        assert rows.start == next_row and len(found) == rows.stop - rows.start <= side
        expected = np.stack([image[rows], 2 * image[rows]], axis=2)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        next_row = rows.stop
    assert next_row == height


def test_tiles_that_disagree_are_blended_without_a_seam():
    # each tile predicts its own number: 0 left, 1 right
    numbers = iter([0.0, 1.0])

    def predict(tile):
        return np.full((*tile.shape, 1), next(numbers), np.float32)

    ((_, found),) = tiles.blended(predict, np.zeros((4, 60), np.float32), 32)
    steps = np.diff(found[0, :, 0])
    # 32 pixels a tile, of which 4 are shared
    assert steps.max() == pytest.approx(1 / 5) and (steps >= 0).all()
    assert found[0, :28, 0].max() == 0 and found[0, 32:, 0].min() == 1


@pytest.mark.parametrize(
    ("small", "large"), [((3, 5), (600, 7)), ((1, 1), (4, 3)), ((4, 2), (4, 9))]
)
def test_an_image_is_enlarged_as_pytorch_does(small, large):
    image = np.random.default_rng(0).random((*small, 2), np.float32)
    parts = list(tiles.enlarged(image, *large))
    assert [rows.start for rows, _ in parts] == list(range(0, large[0], tiles.ROWS))
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(image).permute(2, 0, 1)[None], size=large, mode="bilinear"
    )[0].permute(1, 2, 0)
    found = np.concatenate([values for _, values in parts])
    np.testing.assert_allclose(found, expected, atol=1e-5)
