"""Volumes come in X, Y, Z, channel order with their voxel size, or are refused in one line."""

import sys
import types

import numpy as np
import pytest
import tifffile

from chromapal.errors import InputError
from chromapal.worms import volumes
from chromapal.worms.volumes import Volume, named_channels

# z, y, x of sizes 2, 3, 4: the value tells its place
PLANES = np.array(
    [[[100 * x + 10 * y + z for x in range(4)] for y in range(3)] for z in range(2)], np.uint16
)
SIZES = {
    "PhysicalSizeX": 0.5,
    "PhysicalSizeY": 600.0,
    "PhysicalSizeYUnit": "nm",
    "PhysicalSizeZ": 1.5,
}


def assert_in_place(volume, channel=0):
    assert volume.data.shape[:3] == (4, 3, 2)
    assert volume.data[3, 2, 1, channel] == 321 and volume.data[1, 0, 0, channel] == 100


def test_a_plain_stack_is_one_plane_above_the_other(tmp_path):
    tifffile.imwrite(tmp_path / "t.tif", PLANES, photometric="minisblack")
    volume = volumes.read(tmp_path / "t.tif")
    assert_in_place(volume)
    assert volume.data.shape[3] == 1 and volume.spacing == () and volume.channels == ()


@pytest.mark.parametrize("axes", ["ZCYX", "CZYX", "TZCYX"])
def test_an_ome_tiff_tells_axes_voxel_size_and_channels(tmp_path, axes):
    both = np.stack([PLANES, PLANES + 1000])  # C Z Y X
    data = both.transpose(1, 0, 2, 3) if "ZC" in axes else both
    data = data[None] if axes[0] == "T" else data
    names = {"Channel": {"Name": ["mTagBFP2", "TagRFP-T"]}}
    tifffile.imwrite(
        tmp_path / "t.ome.tif",
        data,
        ome=True,
        photometric="minisblack",
        metadata={"axes": axes, **SIZES, **names},
    )
    volume = volumes.read(tmp_path / "t.ome.tif")
    assert_in_place(volume)
    assert volume.data[3, 2, 1, 1] == 1321
    assert volume.spacing == pytest.approx((0.5, 0.6, 1.5))
    assert named_channels(volume, {}, "t") == {"B": 0, "W": 1}


def test_imagej_tells_the_voxel_size_its_way(tmp_path):
    tifffile.imwrite(
        tmp_path / "t.tif", PLANES, imagej=True, resolution=(4.0, 2.0),
        metadata={"axes": "ZYX", "spacing": 1.5, "unit": "um"},
    )  # fmt: skip
    volume = volumes.read(tmp_path / "t.tif")
    assert_in_place(volume)
    assert volume.spacing == pytest.approx((0.25, 0.5, 1.5))


def test_a_film_a_flat_image_and_a_broken_file_are_refused(tmp_path):
    film = np.stack([PLANES, PLANES])
    tifffile.imwrite(
        tmp_path / "film.ome.tif",
        film,
        ome=True,
        photometric="minisblack",
        metadata={"axes": "TZYX"},
    )
    tifffile.imwrite(tmp_path / "flat.tif", PLANES[0])
    (tmp_path / "broken.tif").write_bytes(b"II*\0nothing")
    for name, line in {
        "film.ome.tif": "one volume, not a time series",
        "flat.tif": "axes YX; expected X, Y and Z",
        "broken.tif": "a volume that cannot be read",
    }.items():
        with pytest.raises(InputError, match=line):
            volumes.read(tmp_path / name)


@pytest.mark.parametrize(("suffix", "package"), [(".nd2", "bioio-nd2"), (".czi", "bioio-czi")])
def test_a_missing_package_is_named(tmp_path, monkeypatch, suffix, package):
    monkeypatch.setitem(sys.modules, "bioio", None)
    with pytest.raises(InputError, match=f"pip install bioio {package}, or save .* OME-TIFF"):
        volumes.read(tmp_path / f"w{suffix}")


def test_bioio_is_asked_for_what_it_promises(tmp_path, monkeypatch):
    """Names as in bioio 3.6: dims, get_image_data, physical_pixel_sizes, channel_names."""

    class BioImage:
        dims = types.SimpleNamespace(T=1)
        physical_pixel_sizes = types.SimpleNamespace(Z=1.5, Y=0.6, X=0.5)
        channel_names = ("TagRFP-T",)

        def __init__(self, path):
            assert path == tmp_path / "w.nd2"

        def get_image_data(self, order, T):
            assert (order, T) == ("XYZC", 0)
            return PLANES.transpose(2, 1, 0)[..., None]

    monkeypatch.setitem(sys.modules, "bioio", types.SimpleNamespace(BioImage=BioImage))
    monkeypatch.setitem(sys.modules, "bioio_nd2", types.ModuleType("bioio_nd2"))
    volume = volumes.read(tmp_path / "w.nd2")
    assert_in_place(volume)
    assert (volume.spacing, volume.channels) == ((0.5, 0.6, 1.5), ("TagRFP-T",))


def test_channels_are_stated_named_or_the_only_one():
    two = Volume(np.zeros((1, 1, 1, 2)), channels=("a", "b"))
    assert named_channels(Volume(np.zeros((1, 1, 1, 1))), {}, "t") == {"W": 0}
    assert named_channels(two, {"W": 1}, "t") == {"W": 1}
    with pytest.raises(InputError, match="2 channels; expected channel 2"):
        named_channels(two, {"W": 2}, "t")
    with pytest.raises(InputError, match="no known dye"):
        named_channels(two, {}, "t")
