"""The list of an archive's files: kept as written, refused where it is damaged."""

import csv
import subprocess
import sys
from dataclasses import replace

import pytest

from chromapal.errors import InputError
from chromapal.provenance import PACKAGE
from chromapal.worms.dandi import manifest
from chromapal.worms.dandi.manifest import Asset

GOOD = Asset(
    "A", "000001", "0.240101.0000", "00000000-0000-4000-8000-000000000000", "a,b\n.nwb", 5,
    "sha256:" + "0" * 64,
)  # fmt: skip


def test_a_manifest_is_written_and_read(tmp_path):
    other = replace(GOOD, asset=GOOD.asset[:-1] + "1", path="a.nwb")
    manifest.write([other, GOOD], tmp_path / "m.csv")
    assert manifest.read(tmp_path / "m.csv") == [GOOD, other]
    assert manifest.find(tmp_path / "m.csv", "A", other.asset) == other
    with pytest.raises(InputError, match="no asset 7 of laboratory A"):
        manifest.find(tmp_path / "m.csv", "A", "7")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("asset", "../../etc/passwd"), ("asset", ""), ("size", "-1"), ("size", "many"),
        ("checksum", "md5:0"), ("lab", ""), ("path", ""),
    ],
)  # fmt: skip
def test_a_manifest_that_was_tampered_with_is_refused(tmp_path, column, value):
    path = tmp_path / "m.csv"
    manifest.write([GOOD], path)
    (row,) = csv.DictReader(path.open(newline=""))
    with path.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, manifest.COLUMNS)
        writer.writeheader()
        writer.writerow({**row, column: value})
    with pytest.raises(InputError, match=f"found {column} .* in line 2; expected"):
        manifest.read(path)


@pytest.mark.parametrize("line", [2, 3])
def test_a_comma_too_many_is_named(tmp_path, line):
    path = tmp_path / "m.csv"
    manifest.write([replace(GOOD, path="a.nwb"), replace(GOOD, path="b.nwb")], path)
    lines = path.read_text().splitlines()
    lines[line - 1] += ",a note"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=f"m.csv: found 8 values in line {line}; expected 7, one"):
        manifest.read(path)


def test_a_manifest_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/m\.csv: found no way to write it \(a file is"):
        manifest.write([GOOD], tmp_path / "file/m.csv")


@pytest.mark.usefixtures("uncut")
@pytest.mark.parametrize("text", [None, "", "lab,asset\nA,1\n", "\xff"])
def test_a_manifest_that_is_none_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "m.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="expected a manifest with the columns lab, dandiset"):
        manifest.read(tmp_path / "m.csv")


def test_planning_with_a_manifest_loads_nothing_heavy(tmp_path):
    manifest.write([GOOD], tmp_path / "m.csv")
    code = (
        "import sys; from chromapal.worms import plan; "
        "from chromapal.worms.dandi import plan as dandi_plan; "
        f"dandi_plan.manifest.read({str(tmp_path / 'm.csv')!r}); "
        "assert not {'dandi', 'pandas', 'requests', 'numpy', 'h5py'} & set(sys.modules)"
    )
    source = {"PYTHONPATH": str(PACKAGE.parent)}
    subprocess.run([sys.executable, "-c", code], env=source, check=True)
