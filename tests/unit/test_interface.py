"""The three functions for notebooks: light to import, honest about files, the same as `apply`."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tifffile

import chromapal
from chromapal import provenance
from chromapal.errors import InputError
from tests.nwb_files import write_nwb

FIVE = 5
HEAVY = ("torch", "pandas", "numpy", "matplotlib", "pynwb")


def rows(**columns):
    ramp = np.arange(FIVE)
    place = {axis: ramp + number for number, axis in enumerate("xyz")}
    real = {f"{axis}r": place[axis] * side for axis, side in zip("xyz", (0.5, 0.5, 2), strict=True)}
    return pd.DataFrame({**place, **real, **columns})


def loaded(code):
    """Return which large libraries a program has imported at its end."""
    program = f"import sys; {code}; print([name for name in {HEAVY} if name in sys.modules])"
    source = str(provenance.PACKAGE.parent)
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": source}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_is_light_and_reading_needs_no_network():
    assert loaded("import chromapal") == "[]"
    assert "torch" not in loaded("import chromapal; chromapal.read")


def test_what_is_public_is_documented():
    assert chromapal.__all__ == ["load_model", "read"]
    for function in (
        chromapal.load_model,
        chromapal.read,
        chromapal.load_model.__globals__["Model"].name,
    ):
        assert all(part in function.__doc__ for part in ("Parameters\n", "Returns\n", "Raises\n"))
    with pytest.raises(AttributeError, match="no attribute 'name'"):
        chromapal.name  # noqa: B018


def test_a_table_is_read_with_its_worms(tmp_path, caplog):
    good = rows(gray=[5, 4, 3, 2, 1], ID=["avaL", "", "RID?", "", ""], worm="a")
    tiny = rows(gray=1, ID="", worm="b").assign(xr=np.arange(FIVE) / 2000)
    pd.concat([good, tiny]).to_csv(tmp_path / "w.csv", index=False)
    found = chromapal.read(tmp_path / "w.csv", lab="EY", handedness="mirrored")
    assert found["W"].tolist() == [5, 4, 3, 2, 1] and set(found["worm"]) == {"a"}
    assert found["name"].tolist() == ["AVAL", "", "RID", "", ""]
    assert set(found["lab"]) == {"EY"} and set(found["handedness"]) == {-1}
    assert set(found["file"]) == {str(tmp_path / "w.csv")}
    (line,) = caplog.messages
    assert line.startswith("skipped: ") and "(worm 'b')" in line


def test_an_nwb_file_is_read(tmp_path):
    found = chromapal.read(write_nwb(tmp_path / "EY/w.nwb"))
    assert found["name"].tolist() == ["AVAL", "", "VB2"] and set(found["lab"]) == {"EY"}
    assert set(found["handedness"]) == {0}


def test_the_centres_of_a_volume_lie_beside_it_or_are_stated(tmp_path):
    planes = np.arange(9 * 8 * 7, dtype=np.uint16).reshape(9, 8, 7)
    tifffile.imwrite(tmp_path / "v.ome.tif", planes, ome=True, metadata={"axes": "ZYX"})
    rows()[["x", "y", "z"]].to_csv(tmp_path / "v.csv", index=False)
    rows()[["x", "y", "z"]].iloc[:3].to_csv(tmp_path / "other.csv", index=False)
    found = chromapal.read(tmp_path / "v.ome.tif", spacing=(0.5, 0.5, 2))
    # neuron i lies at (i, i + 1, i + 2): planes of 56 voxels, lines of 7
    assert found["W"].tolist() == [(n + 2) * 56 + (n + 1) * 7 + n for n in range(FIVE)]
    stated = {"centres": tmp_path / "other.csv", "spacing": (0.5, 0.5, 2)}
    assert len(chromapal.read(tmp_path / "v.ome.tif", **stated)) == 3


@pytest.mark.parametrize(
    ("name", "keys", "line"),
    [
        ("none.csv", {}, "found no such file; expected one file with new worms: "),
        ("", {}, "found a folder; expected one file with new worms: "),
        ("w.txt", {}, "found a file of suffix '.txt'; expected one of "),
        ("w.csv", {"handedness": "left"}, "found 'left'; expected right, mirrored or nothing"),
        ("alone.tif", {}, "found no table of centres next to it"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, uncut, name, keys, line):
    (tmp_path / "w.txt").touch()
    rows(gray=1).to_csv(tmp_path / "w.csv", index=False)
    tifffile.imwrite(tmp_path / "alone.tif", np.zeros((9, 8, 7), np.uint8))
    with pytest.raises(InputError) as caught:
        chromapal.read(tmp_path / name, **keys)
    assert line in str(caught.value) and "\n" not in str(caught.value)


def test_without_a_folder_the_model_that_comes_along_is_loaded():
    assert chromapal.load_model().facts["study"] == "model"


def test_what_is_no_model_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"load_model\(\): found no folder"):
        chromapal.load_model(tmp_path / "none")
    with pytest.raises(InputError, match=r"load_model\(\): found no study"):
        chromapal.load_model(tmp_path)


def test_the_version_is_that_of_the_checkout_or_of_what_is_installed(tmp_path, monkeypatch):
    ours, theirs = tmp_path / "ours.toml", tmp_path / "theirs.toml"
    ours.write_text('[project]\nname = "chromapal"\nversion = "7.8.9"\n')
    theirs.write_text('[project]\nname = "other"\nversion = "4.5.6"\n')
    monkeypatch.setattr(provenance.metadata, "version", {"chromapal": "1.2.3"}.get)
    assert provenance.version(ours) == "7.8.9"
    assert provenance.version(theirs) == provenance.version(tmp_path / "none.toml") == "1.2.3"
