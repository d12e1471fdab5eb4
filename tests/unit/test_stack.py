"""What a page shows of a volume lies where its neurons are, and stays small."""

import numpy as np

from chromapal.worms import stack


def test_blocks_are_averaged_around_the_neurons():
    volume = np.zeros((100, 80, 10, 2), np.uint16)
    volume[50:52, 40:42, 5, 1] = 1000
    centres = np.array([[50, 40, 5], [52, 44, 6]])
    found = stack.shown(volume, {"G": 1}, centres, np.array([0.15, 0.15, 2.0]))
    assert list(found.channels) == ["G"] and found.channels["G"].dtype == np.uint8
    assert np.allclose(found.step, [0.3, 0.3, 2.0])
    # 4 um are 27 voxels along x and y, 2 along z: from 23, 13 and 3; the centre of two voxels
    assert np.allclose(found.origin, [23.5 * 0.15, 13.5 * 0.15, 6.0])
    z, y, x = np.unravel_index(found.channels["G"].argmax(), found.channels["G"].shape)
    place = np.array(found.origin) + np.array([x, y, z]) * found.step
    assert np.abs(place - [50.5 * 0.15, 40.5 * 0.15, 10.0]).max() <= 0.16


def test_a_large_volume_gets_coarser_pixels():
    class Volume:
        shape = (1000, 1000, 40, 4)

        def __getitem__(self, key):
            size = [part.stop - part.start for part in key[:3]]
            return np.full(size, 7, np.uint16)

    centres = np.array([[0, 0, 0], [999, 999, 39]])
    found = stack.shown(Volume(), dict(zip("RGBW", range(4), strict=True)), centres, np.ones(3) / 4)
    total = sum(levels.nbytes for levels in found.channels.values())
    assert stack.MOST_BYTES / 2 < total <= stack.MOST_BYTES
    assert max(levels.max() for levels in found.channels.values()) == 0


def test_a_volume_of_one_voxel_and_none():
    volume = np.full((1, 1, 1, 1), np.nan)
    found = stack.shown(volume, {"W": 0}, np.zeros((1, 3), int), np.array([0.1, 0.1, 0.1]))
    assert found.channels["W"].shape == (1, 1, 1) and found.origin == (0.0, 0.0, 0.0)
    assert stack.shown(volume, {"W": 0}, np.zeros((0, 3), int), np.ones(3)) is None
