"""An NWB file that is damaged or unlike the convention is left out with one line."""

import h5py
import numpy as np
import pytest

from chromapal.errors import InputError
from chromapal.worms import skipped, table
from chromapal.worms.load import load
from chromapal.worms.nwb import contents, reader
from tests.nwb_files import NEURONS, replace, write_nwb

pytestmark = [
    pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning"),
    pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning"),
]
SPACE = "general/optophysiology/NeuroPALImVol"
CHANNELS = "acquisition/NeuroPALImageRaw/RGBW_channels"
FIELDS = "expected voxels with fields x, y, z, weight"
ROWS = "in NeuroPAL/NeuroPALSegmentation/NeuroPALNeurons"


@pytest.fixture
def path(tmp_path):
    return write_nwb(tmp_path / "EY" / "w.nwb")


def line_of(path) -> str:
    with pytest.raises(InputError) as caught:
        reader.read(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: found ") and "\n" not in line and len(line) < 500
    return line


def with_masks(path, values):
    """Put other masks into a file, its index pointing at them."""
    replace(path, f"{NEURONS}/voxel_mask", values)
    with h5py.File(path, "r+") as file:
        rows = file[NEURONS]
        rows["voxel_mask_index"].attrs["target"] = rows["voxel_mask"].ref


def fields(*names, value=1):
    return np.array([(value,) * len(names)] * 3, dtype=[(name, "f4") for name in names])


@pytest.mark.parametrize(
    ("masks", "cause"),
    [
        (np.ones((3, 4)), f"found voxel_mask of plain float64 {ROWS}; {FIELDS}"),
        (fields("x", "y", "z"), f"found voxel_mask of fields x, y, z {ROWS}; {FIELDS}"),
        (fields("X", "Y", "Z", "weight"), f"of fields X, Y, Z, weight {ROWS}; {FIELDS}"),
        (fields("x", "y", "z", "weight", value=np.nan), "found a negative or missing weight"),
    ],
)
def test_masks_of_other_fields_are_told_those_they_must_have(path, masks, cause):
    with_masks(path, masks)
    assert cause in line_of(path)


@pytest.mark.usefixtures("uncut")
@pytest.mark.parametrize(
    ("name", "values", "cause"),
    [
        (CHANNELS, np.array([b"0", b"1", b"2", b"x"]), "RGBW_channels [b'0', b'1', b'2', b'x'] in"),
        (CHANNELS, np.int8(1), "incorrect type for 'RGBW_channels'"),
        (CHANNELS, np.arange(9), "RGBW_channels [0, 1, 2, 3, 4, 5, ...] in a volume of 4"),
        (f"{SPACE}/grid_spacing", np.array([b"a", b"b", b"c"]), "grid_spacing [b'a', b'b', b'c']"),
        (f"{SPACE}/grid_spacing", 0.5, "incorrect type for 'grid_spacing'"),
        (f"{SPACE}/grid_spacing", np.ones((3, 3)), "grid_spacing [[1.0, 1.0, 1.0], [1.0, "),
        (f"{SPACE}/grid_spacing", None, "grid_spacing missing"),
        (f"{NEURONS}/voxel_mask_index", 3, "incorrect type for 'data'"),
        (
            f"{NEURONS}/voxel_mask_index", np.array([[1, 1], [2, 2], [3, 3]]),
            f"an index of voxel_mask {ROWS} of shape (3, 2)",
        ),
        (f"{NEURONS}/voxel_mask_index", np.array([b"a", b"b", b"c"]), "damaged data (invalid lit"),
    ],
)  # fmt: skip
def test_what_is_of_another_type_or_shape_is_named(path, name, values, cause):
    replace(path, name, values)
    assert cause in line_of(path)


@pytest.mark.parametrize(
    ("spacing", "told"),
    [
        ((3.2e-7, 3.2e-7, 7.5e-7), "they look like metres: write them in um"),
        ((320.0, 320.0, 750.0), "found grid_spacing [320.0, 320.0, 750.0] (unit: meters)"),
        ((0.3, 0.3, 0.009), "expected voxel sizes in um, 0.01 to 100"),
    ],
)
def test_voxels_that_no_microscope_has_are_refused(path, spacing, told):
    write_nwb(path, spacing=spacing)
    line = line_of(path)
    assert told in line and f"{list(spacing)} (unit: meters)" in line
    assert ("metres" in line) == (spacing[0] < 1e-3)


@pytest.mark.parametrize("unit", ["meters", "micrometers", "nonsense"])
def test_the_unit_alone_does_not_decide(path, unit):
    write_nwb(path, spacing=(0.01, 0.5, 100.0))
    with h5py.File(path, "r+") as file:
        file[f"{SPACE}/grid_spacing"].attrs["unit"] = unit
    assert reader.read(path)["zr"].tolist() == [300.0, 600.0, 500.0]


def test_a_file_whose_end_was_never_fetched_is_left_out(path, tmp_path):
    whole = path.read_bytes()
    start = len(whole) // 10
    path.write_bytes(whole[:start] + bytes(len(whole) - start))
    load([(str(path), "")], "nwb", {}, tmp_path / "t.parquet", tmp_path / "s.csv")
    assert table.read(tmp_path / "t.parquet").empty
    (reason,) = skipped.read(tmp_path / "s.csv")["reason"]
    assert reason.startswith(f"{path}: found an NWB file that pynwb cannot read")


def test_a_volume_whose_index_of_chunks_is_damaged_is_left_out(path):
    whole = path.read_bytes()
    assert whole.count(b"TREE\x01") > 0  # nodes of the trees that say where chunks are
    path.write_bytes(whole.replace(b"TREE\x01", b"????\x01"))
    assert "found damaged data (" in line_of(path)


@pytest.mark.parametrize(
    "error",
    [KeyError("z"), RuntimeError("bad tree"), ValueError("v"), TypeError("t"), IndexError("i")],
)
def test_errors_while_a_file_is_read_are_its_damage(path, error):
    with (
        pytest.raises(InputError, match=r"w\.nwb: found damaged data \(.+download the file again"),
        contents.opened(path),
    ):
        raise error


@pytest.mark.parametrize("error", [InputError("key", "this", "that"), ZeroDivisionError()])
def test_other_errors_stay_what_they_are(path, error):
    with pytest.raises(type(error)) as caught, contents.opened(path):
        raise error
    assert caught.value is error
