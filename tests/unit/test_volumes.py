"""Volumes come in X, Y, Z, channel order with their voxel size, or are refused in one line."""

import sys
import types

import numpy as np
import pytest
import tifffile
from PIL import Image

from chromapal.errors import InputError
from chromapal.worms import volumes
from chromapal.worms.tiff_volumes import um
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


class Dims:
    """As bioio_base.dimensions.Dimensions."""

    def __init__(self, **sizes):
        self.sizes = {"T": 1, "C": 1, "Z": 2, "Y": 3, "X": 4} | sizes
        vars(self).update(self.sizes)

    def items(self):
        return self.sizes.items()


@pytest.mark.parametrize(
    ("scenes", "sizes", "line"),
    [
        (("A", "B", "C"), {}, "3 scenes"),
        (("A",), {"T": 5}, "5 along T; expected one volume"),
        (("A",), {"M": 4, "H": 2}, "4 along M, 2 along H; expected one volume"),
        (("A",), {"Z": 1}, "a flat image"),
    ],
)
def test_bioio_gives_no_first_of_several(monkeypatch, scenes, sizes, line):
    image = types.SimpleNamespace(scenes=scenes, dims=Dims(**sizes))
    bioio = types.SimpleNamespace(BioImage=lambda path: image)
    monkeypatch.setitem(sys.modules, "bioio", bioio)
    monkeypatch.setitem(sys.modules, "bioio_czi", types.ModuleType("bioio_czi"))
    with pytest.raises(InputError, match=line):
        volumes.read("w.czi")


def test_bioio_is_asked_for_what_it_promises(tmp_path, monkeypatch):
    """Names as in bioio 3.6: dims, get_image_data, physical_pixel_sizes, channel_names."""

    class BioImage:
        dims = Dims()
        scenes = ("Image:0",)
        physical_pixel_sizes = types.SimpleNamespace(Z=1.5, Y=0.6, X=0.5)
        channel_names = ("TagRFP-T",)

        def __init__(self, path):
            assert path == tmp_path / "w.nd2"

        def get_image_data(self, order):
            assert order == "XYZC"
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


COLOURS = ("mNeptune 2.5", "Tag RFP-T", "CyOFP1", "GFP-GCaMP", "mTagBFP2")


@pytest.mark.parametrize(
    "other", ["mNeptune 2.5-far red", "CyOFP1-high filter", "mTagBFP2 (405/525)"]
)
def test_of_two_channels_of_one_dye_the_one_called_so_is_taken(other):
    right = {"R": 0, "W": 1, "G": 2, "B": 4}
    for names in ((*COLOURS, other), (other, *COLOURS)):
        volume = Volume(np.zeros((1, 1, 1, 6)), channels=names)
        assert named_channels(volume, {}, "t") == {
            letter: index + (names[0] == other) for letter, index in right.items()
        }


@pytest.mark.parametrize("names", [("mNeptune 2.5 low", "mNeptune 2.5 far red"), ("CyOFP1",) * 2])
def test_of_two_channels_of_one_dye_none_is_guessed(names):
    volume = Volume(np.zeros((1, 1, 1, 2)), channels=names)
    with pytest.raises(InputError, match=r"2 channels of the dye of [RG]: 0 .*, 1 .*channels={"):
        named_channels(volume, {}, "t")
    assert named_channels(volume, {"W": 1}, "t") == {"W": 1}


def test_names_of_other_channels_are_no_names():
    with pytest.raises(InputError, match="3 channels with no known dye"):
        named_channels(Volume(np.zeros((1, 1, 1, 3)), channels=("TagRFP-T", "x")), {}, "t")


def write_ome(path, data=PLANES, **metadata):
    options = {"ome": True, "photometric": "minisblack"}
    tifffile.imwrite(path, data, **options, metadata={"axes": "ZYX", **SIZES, **metadata})


def test_several_positions_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "p.ome.tif", ome=True) as file:
        for offset in range(3):
            file.write(PLANES + offset, photometric="minisblack", metadata={"axes": "ZYX"})
    with tifffile.TiffWriter(tmp_path / "s.tif") as file:
        file.write(PLANES, photometric="minisblack")
        file.write(np.zeros((4, 5, 6), np.uint16), photometric="minisblack")
    for name, count in {"p.ome.tif": 3, "s.tif": 2}.items():
        with pytest.raises(InputError, match=f"{count} images in one file .*positions"):
            volumes.read(tmp_path / name)


def test_a_flat_image_beside_the_volume_is_not_read_for_it(tmp_path):
    """Such as the overview that a slide scanner or a stage takes first."""
    with tifffile.TiffWriter(tmp_path / "p.ome.tif", ome=True) as file:
        file.write(np.zeros((50, 60), np.uint16), metadata={"axes": "YX", "Name": "overview"})
        file.write(PLANES, photometric="minisblack",
                   metadata={"axes": "ZYX", "Name": "worm", **SIZES})  # fmt: skip
    volume = volumes.read(tmp_path / "p.ome.tif")
    assert_in_place(volume)
    assert volume.spacing == pytest.approx((0.5, 0.6, 1.5))


def in_files(folder, planes):
    """Write an OME-TIFF of several files, each with the whole description, as microscopes do.

    `planes` gives, per image and file, planes; an image is spread over its files along z.
    """
    files = [(image, data) for image, parts in enumerate(planes) for data in parts]
    images = []
    for image, parts in enumerate(planes):
        deep, tiff_data = 0, ""
        for data in parts:
            number = next(n for n, file in enumerate(files) if file[1] is data)
            for plane in range(len(data)):
                tiff_data += (
                    f'<TiffData IFD="{plane}" FirstZ="{deep + plane}" PlaneCount="1">'
                    f'<UUID FileName="{number}.ome.tif">urn:uuid:{number:036d}</UUID></TiffData>'
                )
            deep += len(data)
        images.append(
            f'<Image ID="Image:{image}" Name="position {image}"><Pixels ID="Pixels:{image}" '
            f'DimensionOrder="XYZCT" Type="uint16" SizeX="4" SizeY="3" SizeZ="{deep}" SizeC="1" '
            f'SizeT="1" PhysicalSizeX="{image + 1}" PhysicalSizeY="1" PhysicalSizeZ="1">'
            f'<Channel ID="Channel:{image}:0" SamplesPerPixel="1"/>{tiff_data}</Pixels></Image>'
        )
    for number, (_, data) in enumerate(files):
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{number:036d}">{"".join(images)}</OME>'
        )
        tifffile.imwrite(folder / f"{number}.ome.tif", data, description=text, metadata=None,
                         photometric="minisblack", contiguous=False)  # fmt: skip


def test_missing_files_are_not_filled_with_zeros(tmp_path):
    in_files(tmp_path, [[PLANES[:1], PLANES[1:]]])
    assert_in_place(volumes.read(tmp_path / "0.ome.tif"))
    assert_in_place(volumes.read(tmp_path / "1.ome.tif"))
    (tmp_path / "1.ome.tif").unlink()
    with pytest.raises(InputError, match=r"1 of 2 planes missing; .*other files"):
        volumes.read(tmp_path / "0.ome.tif")


def test_each_file_gives_its_own_position(tmp_path):
    """The description of each names all positions, the first one first."""
    in_files(tmp_path, [[PLANES], [PLANES + 5000]])
    for number in (0, 1):
        volume = volumes.read(tmp_path / f"{number}.ome.tif")
        assert volume.data[3, 2, 1, 0] == 321 + 5000 * number
        assert volume.spacing == (number + 1, 1, 1)
    (tmp_path / "0.ome.tif").unlink()
    assert volumes.read(tmp_path / "1.ome.tif").data[3, 2, 1, 0] == 5321


def test_a_description_elsewhere_is_asked_for(tmp_path):
    text = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<BinaryOnly MetadataFile="all.companion.ome" UUID="urn:uuid:1"/></OME>'
    )
    tifffile.imwrite(tmp_path / "b.ome.tif", PLANES, description=text, metadata=None,
                     photometric="minisblack")  # fmt: skip
    with pytest.raises(InputError, match="a part of an OME-TIFF of several files"):
        volumes.read(tmp_path / "b.ome.tif")


@pytest.mark.parametrize("stated", [3, 5])
def test_a_file_holds_as_many_planes_as_it_says(tmp_path, stated):
    """A stack cut short, or described as shorter than it is."""
    for name, options in {
        "o.ome.tif": {"ome": True, "metadata": {"axes": "ZYX", **SIZES}},
        "j.tif": {"imagej": True, "metadata": {"axes": "ZYX", "unit": "um", "spacing": 1.0}},
    }.items():
        path = tmp_path / name
        planes = np.concatenate([PLANES, PLANES])
        tifffile.imwrite(path, planes, photometric="minisblack", resolution=(1, 1), **options)
        with tifffile.TiffFile(path, mode="r+b") as file:
            tag = file.pages[0].tags["ImageDescription"]
            text = tag.value.replace('SizeZ="4"', f'SizeZ="{stated}"')
            text = text.replace('PlaneCount="4"', f'PlaneCount="{stated}"')
            for key in ("images", "slices"):
                text = text.replace(f"{key}=4", f"{key}={stated}")
            tag.overwrite(text)
        with pytest.raises(InputError, match="planes"):
            volumes.read(path)


def test_the_brightness_of_a_volume_whose_0_is_white(tmp_path):
    for kind in (np.uint8, np.uint16):
        light = (PLANES % 251).astype(kind)
        tifffile.imwrite(tmp_path / "w.tif", np.iinfo(kind).max - light, photometric="miniswhite")
        np.testing.assert_array_equal(volumes.read(tmp_path / "w.tif").data[..., 0], light.T)
    tifffile.imwrite(tmp_path / "f.tif", PLANES.astype(np.float32), photometric="miniswhite")
    with pytest.raises(InputError, match="float32 in which 0 is white"):
        volumes.read(tmp_path / "f.tif")


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "zstd"])
def test_compressed_stacks_are_read(tmp_path, compression):
    planes = [Image.fromarray(plane) for plane in PLANES]
    options = {"compression": compression, "save_all": True, "append_images": planes[1:]}
    planes[0].save(tmp_path / "c.tif", **options)
    assert_in_place(volumes.read(tmp_path / "c.tif"))


def test_a_compression_that_nothing_decodes_is_named(tmp_path):
    planes = [Image.fromarray(plane.astype(np.uint8)) for plane in PLANES]
    options = {"compression": "jpeg", "save_all": True, "append_images": planes[1:]}
    planes[0].save(tmp_path / "c.tif", **options)
    with pytest.raises(InputError, match=r"compressed with JPEG; .*LZW or Deflate"):
        volumes.read(tmp_path / "c.tif")


@pytest.mark.parametrize(
    ("unit", "um"),
    [
        *[(unit, 1.0) for unit in ("micron", "microns", "micrometer", "micrometres", "um")],
        *[("\\u00B5m", 1.0), ("nm", 1e-3), ("mm", 1e3), ("cm", 1e4), ("inch", 25400.0)],
    ],
)
def test_imagej_writes_lengths_in_many_ways(tmp_path, unit, um):
    tifffile.imwrite(
        tmp_path / "t.tif", PLANES, imagej=True, resolution=(4 * um, 2 * um),
        metadata={"axes": "ZYX", "spacing": 1.5 / um, "unit": unit},
    )  # fmt: skip
    assert volumes.read(tmp_path / "t.tif").spacing == pytest.approx((0.25, 0.5, 1.5), rel=1e-4)


@pytest.mark.parametrize(
    ("metadata", "step"),
    [
        ({"unit": "micron"}, 1.0),
        ({"unit": "micron", "spacing": -0.75}, 0.75),
        ({"unit": "micron", "zunit": "nm", "spacing": 750}, 0.75),
    ],
)
def test_imagej_leaves_out_a_step_of_one(tmp_path, metadata, step):
    tifffile.imwrite(tmp_path / "t.tif", PLANES, imagej=True, resolution=(4.0, 2.0),
                     metadata={"axes": "ZYX", **metadata})  # fmt: skip
    assert volumes.read(tmp_path / "t.tif").spacing == pytest.approx((0.25, 0.5, step))


def test_units_are_one_in_any_spelling():
    assert {um(unit) for unit in ("µm", "μm", " Microns ", "Micrometres")} == {1.0}
    assert um("pixel") is None and um("s") is None and um(None) is None


@pytest.mark.parametrize("metadata", [{}, {"unit": "pixel"}, {"unit": "pixel", "spacing": 2.0}])
def test_pixels_are_no_length(tmp_path, metadata):
    tifffile.imwrite(tmp_path / "t.tif", PLANES, imagej=True, resolution=(1.0, 1.0),
                     metadata={"axes": "ZYX", **metadata})  # fmt: skip
    assert volumes.read(tmp_path / "t.tif").spacing == ()
