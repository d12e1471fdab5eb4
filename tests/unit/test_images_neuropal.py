"""Slices of NWB volumes: where a voxel goes, how channels are scaled, worms on one side."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chromapal.errors import InputError
from chromapal.images import neuropal_volume
from chromapal.images.neuropal import NeuroPal
from chromapal.images.neuropal_volume import quantiles, slices
from chromapal.worms.simulate.worms import SimulationParams, simulate
from tests.nwb_files import replace, write_nwb

DATA = Path(
    os.environ.get("CHROMAPAL_DATA", Path(__file__).resolve().parents[2] / "../shared/data")
)
SHAPE = (9, 8, 7)
DATASET = "acquisition/NeuroPALImageRaw/data"


def volume(seed: int = 0, channels: int = 4, shape=SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4096, (*shape, channels), dtype=np.uint16)


def scaled(channel: np.ndarray) -> np.ndarray:
    low, high = np.quantile(channel, [0.01, 0.99])
    return np.clip((channel - low) / (high - low), 0, 1)


@given(arrays(np.int64, st.integers(1, 50), elements=st.integers(0, 40)), st.floats(0, 1))
def test_quantiles_of_a_histogram_are_those_of_the_numbers(numbers, share):
    (found,) = quantiles(np.bincount(numbers, minlength=50), (share,))
    assert found == pytest.approx(np.quantile(numbers, share), abs=1e-9)


@pytest.mark.parametrize("chunks", [(4, 4, 4, 1), (9, 8, 7, 4), None])
def test_a_volume_of_the_asked_size_is_only_turned_and_scaled(chunks, tmp_path):
    data = volume(shape=(8, 8, 7))
    masks = (((1, 2, 3, 1.0),),)
    path = write_nwb(
        tmp_path / "w.nwb", data=data, chunks=chunks and (*np.minimum(chunks[:3], 7), 1),
        masks=masks, names=("A",),
    )  # fmt: skip
    found = slices(path, 8)
    assert set(found) == set("RGBW")
    for place, letter in enumerate("RGBW"):
        # x along columns, y along rows
        expected = scaled(data[..., place]).transpose(2, 1, 0)
        assert found[letter].dtype == np.float32
        np.testing.assert_allclose(found[letter], expected, atol=1e-5)


def test_squares_average_areas_before_the_range_is_cut(tmp_path):
    data = volume(3, shape=(12, 8, 2))
    path = write_nwb(
        tmp_path / "w.nwb", data=data, chunks=None, masks=(((1, 2, 1, 1.0),),), names=("A",)
    )
    red = data[..., 0].astype(float)
    low, high = np.quantile(red, [0.01, 0.99])
    block = (red[3:6, 4:6, 1].mean() - low) / (high - low)
    assert slices(path, 4)["R"][1, 2, 1] == pytest.approx(block, abs=1e-5)


def test_channels_are_those_that_the_file_says(tmp_path):
    data = volume(1)
    path = write_nwb(
        tmp_path / "w.nwb", data=data, rgbw=(2, 0, 3, 1),
        dyes=("CyOFP1", "TagRFP-T", "mNeptune2.5", "mTagBFP2"),
    )  # fmt: skip
    plain = slices(write_nwb(tmp_path / "v.nwb", data=data[..., [2, 0, 3, 1]]), 5)
    for letter, squares in slices(path, 5).items():
        np.testing.assert_array_equal(squares, plain[letter])


def test_a_constant_channel_is_0(tmp_path):
    data = volume()
    data[..., 2] = 77
    found = slices(write_nwb(tmp_path / "w.nwb", data=data), 6)
    assert (found["B"] == 0).all() and found["R"].max() > 0.5


@pytest.mark.parametrize(
    ("type_", "most"), [(np.uint32, 65535), (np.uint64, 9), (np.uint32, 65536)]
)
def test_wider_numbers_do_as_long_as_they_are_small(type_, most, tmp_path):
    data = volume() % 10
    path = write_nwb(tmp_path / "w.nwb", data=data)
    plain = slices(path, 6)
    data = data.astype(type_)
    if most > 9:
        data[0, 0, 0, 3] = most
    replace(path, DATASET, data)
    if most == 65536:
        with pytest.raises(InputError, match="counts of 0 to 65536; expected 0 to 65535"):
            slices(path, 6)
    else:
        np.testing.assert_allclose(slices(path, 6)["R"], plain["R"], atol=1e-6)


@pytest.fixture(scope="module")
def herd(tmp_path_factory):
    """Five tiny worms of two laboratories, a second file of one, and files that are none."""
    folder = tmp_path_factory.mktemp("herd")
    for number in range(5):
        path = folder / f"LAB{number % 2}" / f"{number}.nwb"
        write_nwb(path, identifier=f"w{number}", data=volume(number))
    write_nwb(folder / "LAB0" / "0b.nwb", identifier="w0", data=volume(9))
    write_nwb(folder / "LAB0" / "noblue.nwb", identifier="w8", data=volume(8), rgbw=(0, 1, -1, 3))
    write_nwb(folder / "LAB1" / "nowhite.nwb", identifier="w7", data=volume(7), rgbw=(0, 1, 2, -1))
    path = write_nwb(folder / "LAB1" / "float.nwb", identifier="w6")
    replace(path, DATASET, volume(6).astype(np.float32))
    (folder / "LAB1" / "text.nwb").write_text("hello")
    return folder


def test_worms_are_sources_and_bad_files_are_listed(herd):
    found = NeuroPal.find(herd, 8)
    assert {p.source for p in found.images} == {
        "LAB0/w0", "LAB0/w2", "LAB0/w4", "LAB1/w1", "LAB1/w3", "LAB1/w7",
    }  # fmt: skip
    assert len(found.images) == 6 * 7
    reasons = {Path(file).name: reason for file, reason in found.skipped}
    assert reasons.keys() == {"0b.nwb", "noblue.nwb", "float.nwb", "text.nwb"}
    assert reasons["0b.nwb"] == "a second file of LAB0/w0"
    assert reasons["noblue.nwb"] == "found no channel B; expected R, G, B"
    assert "counts of type float32" in reasons["float.nwb"]
    assert "no HDF5 file" in reasons["text.nwb"]


@pytest.mark.parametrize("seed", range(5))
def test_no_worm_is_on_two_sides(seed, herd):
    found = NeuroPal.find(herd, 8, seed=seed)
    sides = {(image.source, image.split) for image in found.images}
    assert len(sides) == 6
    assert {split for _, split in sides} == {"train", "validation", "test"}


def test_a_image_is_its_slice_and_gray_its_luma_or_white(herd):
    light = NeuroPal.find(herd, 8, kept=1)
    white = NeuroPal.find(herd, 8, gray_source="white", kept=1)
    assert "LAB1/w7" not in {image.source for image in white.images}
    for key, number, z in (("LAB1/w3 z005", 3, 5), ("LAB0/w4 z000", 4, 0)):
        image = next(image for image in light.images if image.key == key)
        channels = slices(herd / f"LAB{number % 2}" / f"{number}.nwb", 8)
        rgb = light.load(image)
        assert rgb.shape == (8, 8, 3) and rgb.dtype == np.float32
        for place, letter in enumerate("RGB"):
            np.testing.assert_array_equal(rgb[..., place], channels[letter][z])
        expected = rgb @ np.array([0.299, 0.587, 0.114])
        np.testing.assert_allclose(light.gray(image), expected, atol=1e-6)
        np.testing.assert_array_equal(white.gray(image), channels["W"][z])
        white.gray(image)[:] = 5  # the caller's own
        assert white.gray(image).max() <= 1


def test_only_the_worms_last_used_stay_in_memory(herd, monkeypatch):
    read = []
    own = neuropal_volume.slices
    monkeypatch.setattr(
        neuropal_volume,
        "slices",
        lambda path, size: read.append(Path(path).name) or own(path, size),
    )
    found = NeuroPal.find(herd, 4, kept=2)
    assert read == []
    first = {p.source: p for p in reversed(found.images)}
    for name in ("w0", "w2", "w0", "w4", "w0", "w2"):
        found.load(first[f"LAB0/{name}"])
    assert read == ["0.nwb", "2.nwb", "4.nwb", "2.nwb"]


def test_fewer_slices_are_spread_over_the_depth(herd):
    found = NeuroPal.find(herd, 4, most_slices=3)
    keys = [image.key for image in found.images if image.source == "LAB0/w2"]
    assert keys == ["LAB0/w2 z001", "LAB0/w2 z003", "LAB0/w2 z005"]
    assert len(NeuroPal.find(herd, 4, most_slices=99).images) == 42


def test_one_file_trains(herd):
    found = NeuroPal.find(herd / "LAB0" / "2.nwb", 4)
    assert {(p.source, p.split) for p in found.images} == {("LAB0/w2", "train")}
    both = NeuroPal.find([herd / "LAB0" / "2.nwb", herd / "LAB0" / "4.nwb"], 4)
    assert {p.source for p in both.images} == {"LAB0/w2", "LAB0/w4"}


def test_what_cannot_be_is_one_line(herd, tmp_path):
    for arguments, message in (
        ({"source": tmp_path, "size": 8}, "no such file"),
        ({"source": herd, "size": 0}, "size 0"),
        ({"source": herd, "size": 8, "gray_source": "green"}, "gray source 'green'"),
        ({"source": [herd / "LAB1" / "text.nwb"], "size": 8}, "no image to train.*no HDF5"),
    ):
        with pytest.raises(InputError, match=message) as error:
            NeuroPal.find(**arguments)
        assert "\n" not in str(error.value)


def test_simulated_worms_have_coloured_slices(tmp_path):
    simulate(tmp_path, SimulationParams(worms=3, laboratories=3, neurons=40), seed=0)
    found = NeuroPal.find(tmp_path, 16, most_slices=4)
    assert not found.skipped and len({p.source for p in found.images}) == 3
    images = np.stack([found.load(image) for image in found.images])
    assert images.shape == (12, 16, 16, 3)
    assert images.min() >= 0 and images.max() <= 1
    assert np.ptp(images, axis=3).max() > 0.2  # not all gray


@pytest.mark.skipif(
    not (DATA / "nwb").is_dir(), reason=f"no real data in {DATA} (set CHROMAPAL_DATA)"
)
def test_the_five_laboratories_files_become_slices():
    found = NeuroPal.find(DATA / "nwb", 16, most_slices=3, gray_source="white")
    assert not found.skipped and len({p.source for p in found.images}) == 5
    for image in found.images:
        rgb, gray = found.load(image), found.gray(image)
        assert rgb.shape == (16, 16, 3) and gray.shape == (16, 16)
        assert np.isfinite(rgb).all() and rgb.max() <= 1 and rgb.max() > 0.05
