"""Centres in the CSV that NeuroPAL_ID saves, of any of its years, and of other tools."""

import numpy as np
import pandas as pd
import pytest
import tifffile

from chromapal.apply import neuropal_id as written
from chromapal.errors import InputError
from chromapal.worms import centres, neuropal_id, new_tables

SIDES = (0.5, 0.5, 2.0)
# the voxels, counted from 0, of three neurons, and their names by a person and by software
VOXELS = np.array([[3, 4, 1], [7, 0, 0], [9, 11, 2]])
NAMES, GUESSES = ["AVAL", "", "I1L"], ["AVAL", "RIML", "RIMR"]
ABOVE = """Atlas Version,,Pixel Type,Max Pixel Value
1.1,,uint16,65535

Z-Score Info,,Red Channel
Mean,,NaN
S.D.,,NaN

"""


def lines(emphasized, internal, separator=","):
    """Write as NeuroPAL_ID did before 2021, before 2023 and since; each line ends with a comma."""
    head = ["User ID", "User Confidence", "Emphasized?", "Auto ID", "Auto Confidence", ""]
    head += [*neuropal_id.REAL, "", *neuropal_id.INTERNAL, "", "Z-Scored Red", ""]
    rows = [
        [name, "1.000000", "0", guess, "0.900000", "", *map(str, (voxel + 1) * SIDES), "",
         *map(str, voxel + 1), "", "NaN", ""]
        for name, guess, voxel in zip(NAMES, GUESSES, VOXELS, strict=True)
    ]  # fmt: skip
    left_out = {*(() if emphasized else (2,)), *(() if internal else range(10, 14))}
    kept = [n for n in range(len(head)) if n not in left_out]
    table = "".join(separator.join(row[n] for n in kept) + "\n" for row in (head, *rows))
    return ABOVE.replace(",", separator) + table


@pytest.fixture
def volume(tmp_path):
    """Save a volume in which a voxel's count tells its place."""
    x, y, z = np.indices((10, 12, 3))
    counts = (100 * x + 10 * y + z).astype(np.uint16).transpose(2, 1, 0)
    sizes = {f"PhysicalSize{axis}": side for axis, side in zip("XYZ", SIDES, strict=True)}
    tifffile.imwrite(tmp_path / "w.ome.tif", counts, ome=True, photometric="minisblack",
                     metadata={"axes": "ZYX", **sizes})  # fmt: skip
    return tmp_path / "w.ome.tif"


def read(volume, text):
    path = volume.parent / "w.csv"
    path.write_text(text, encoding="utf-8-sig")
    return centres.read(volume, str(path), "lab", {}, (), {})[0]


@pytest.mark.parametrize(("emphasized", "internal"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("separator", [",", ";"])
def test_its_layouts_give_voxels_and_a_persons_names(volume, emphasized, internal, separator):
    worm = read(volume, lines(emphasized, internal, separator))
    assert worm[["x", "y", "z"]].to_numpy().tolist() == VOXELS.tolist()
    assert worm["ID"].tolist() == NAMES
    assert worm["W"].tolist() == (VOXELS @ (100, 10, 1)).tolist()
    np.testing.assert_allclose(worm[["xr", "yr", "zr"]], VOXELS * SIDES)


def test_what_is_written_is_read(volume, tmp_path):
    rows = pd.DataFrame(VOXELS, columns=list("xyz")).assign(
        answer=GUESSES, probability=0.5, red=0.1, green=0.2, blue=0.3
    )
    written.write(rows, SIDES, tmp_path / "n.csv")
    found = neuropal_id.read(tmp_path / "n.csv", SIDES)
    assert sorted(found[["x", "y", "z"]].to_numpy().tolist()) == sorted(VOXELS.tolist())
    # nobody has checked the names
    assert found["ID"].tolist() == ["", "", ""]


@pytest.mark.usefixtures("uncut")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        (ABOVE, "without its columns of names and positions; expected User ID and Real X"),
        (lines(True, True).replace(",4,", ",here,"), r"position \('here', '5', '2'\) of neuron 0"),
        ("index,axis-0,axis-1,axis-2\n0,1,2,3\n", "axis-0 as z, axis-1 as y, axis-2 as x"),
        ("label,centroid-0,centroid-1,centroid-2\n1,1,2,3\n", "centroid-0 as z"),
        (
            " ,Volume (pixel^3),X,Y,Z\n1,30,1,2,1\n",
            r"no column x, y, z among .*; expected x, y, z \[voxel",
        ),
    ],
)
def test_what_cannot_be_read_is_said(volume, text, line):
    with pytest.raises(InputError, match=line):
        read(volume, text)


def test_without_its_volume_it_is_named(tmp_path):
    (tmp_path / "w.csv").write_text(lines(True, True))
    with pytest.raises(InputError, match="a CSV of NeuroPAL_ID, which has no counts"):
        new_tables.read(tmp_path / "w.csv", None, {})
