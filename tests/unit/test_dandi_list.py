"""The archive is asked once; what it said decides every later run."""

import csv
import logging
import subprocess
import sys
from dataclasses import replace

import dandi.dandiapi
import pytest

from chromapal.errors import InputError
from chromapal.provenance import PACKAGE
from chromapal.worms import manifest
from chromapal.worms.manifest import Asset
from chromapal.worms.plan import archive_assets, fold_count, source_files
from tests.archive import Archive

VERSION = "0.240101.0000"
KEY = "secret-key"


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Publish three worms of one dandiset and one of another; pages hold two files."""
    monkeypatch.delenv("DANDI_API_KEY", raising=False)
    monkeypatch.setattr(dandi.dandiapi, "REQUEST_RETRIES", 3)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    with Archive(page=2) as archive:
        for number in (3, 1, 2):
            file = tmp_path / f"w{number}"
            file.write_bytes(b"x" * number)
            archive.add("000001", VERSION, f"sub-{number}/sub-{number}_ophys.nwb", file)
        archive.add("000001", VERSION, "notes.txt", file)
        etag = {"dandi:dandi-etag": "0" * 32 + "-1"}
        archive.add("000002", VERSION, "../a b/1.nwb", file, etag)
        yield archive


def study(archive, folder, **keys) -> dict:
    """Give the validated keys of a study, as far as they matter here."""
    return {
        "source": "dandi", "study": "s", "laboratory": "", "split": "worm", "folds": 2,
        "dandi": {
            "api": archive.api, "manifest": str(folder / "kept/m.csv"), "cache": "c",
            "download": False,
            "dandisets": {
                "B": {"id": "000002", "version": VERSION},
                "A": {"id": "000001", "version": VERSION},
            },
            **keys,
        },
    }  # fmt: skip


def test_the_first_run_lists_and_the_second_reads(archive, tmp_path):
    config = study(archive, tmp_path)
    found = list(archive_assets(config).values())
    assert [(asset.lab, asset.path, asset.size) for asset in found] == [
        ("A", "sub-1/sub-1_ophys.nwb", 1), ("A", "sub-2/sub-2_ophys.nwb", 2),
        ("A", "sub-3/sub-3_ophys.nwb", 3), ("B", "../a b/1.nwb", 2),
    ]  # fmt: skip
    assert found[0].checksum == (
        "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    )
    assert found[3].checksum == "dandi-etag:" + "0" * 32 + "-1"
    assert found[0].asset in archive.files
    assert found[3].name == f"dandi:000002/{VERSION}/../a b/1.nwb"
    asked = len(archive.asked)
    assert list(archive_assets(config).values()) == found
    assert len(archive.asked) == asked
    assert list((tmp_path / "kept").iterdir()) == [tmp_path / "kept/m.csv"]


def test_files_and_keys_are_safe_whatever_the_paths(archive, tmp_path):
    config = study(archive, tmp_path)
    assert set(source_files(config).values()) == {config["dandi"]["manifest"]}
    config["dandi"]["download"] = True
    files = source_files(config)
    assert len(set(files.values())) == 4
    assert all(key.count("/") == 0 and " " not in key for key in files)
    assert all(file.startswith(("c/files/A/", "c/files/B/")) for file in files.values())
    assert all(file.count("/") == 3 and file.endswith(".nwb") for file in files.values())
    assert not any("/.." in file or " " in file for file in files.values())


def test_folds_are_counted_from_the_manifest(archive, tmp_path):
    config = study(archive, tmp_path)
    files = list(source_files(config).values())
    assert fold_count(config, files) == 2
    assert fold_count({**config, "split": "lab"}, files) == 2
    with pytest.raises(InputError, match="5 folds for 4 worms"):
        fold_count({**config, "folds": 5}, files)


def test_what_is_left_out_is_not_read(archive, tmp_path):
    config = study(archive, tmp_path)
    facts = config["dandi"]["dandisets"]["A"]
    facts["leave_out"] = {"sub-2/sub-2_ophys.nwb": "blurred"}
    assert [asset.path[:5] for asset in archive_assets(config).values()] == [
        "sub-1", "sub-3", "../a ",
    ]  # fmt: skip
    facts["leave_out"] = {"sub-4/sub-4_ophys.nwb": "blurred"}
    with pytest.raises(InputError, match=r"dandisets.A.leave_out.*sub-4.*no file of.*sub-[123]/"):
        archive_assets(config)


def test_a_manifest_of_something_else_is_refused(archive, tmp_path):
    config = study(archive, tmp_path)
    archive_assets(config)
    dandisets = config["dandi"]["dandisets"]
    dandisets["A"]["version"] = "0.240102.0000"
    with pytest.raises(InputError, match=rf"000001/{VERSION} for laboratory A; .*0.240102.0000"):
        archive_assets(config)
    dandisets["A"] = dandisets.pop("B")
    dandisets["C"] = dandisets.pop("A")
    with pytest.raises(InputError, match=r"no file for laboratory C; .*remove the file"):
        archive_assets(config)


def test_a_dandiset_fewer_needs_no_new_manifest(archive, tmp_path):
    config = study(archive, tmp_path)
    archive_assets(config)
    del config["dandi"]["dandisets"]["A"]
    asked = len(archive.asked)
    assert [asset.lab for asset in archive_assets(config).values()] == ["B"]
    assert len(archive.asked) == asked


def test_keys_that_make_no_sense_together(archive, tmp_path):
    with pytest.raises(InputError, match=r"'dandi.dandisets': found nothing"):
        archive_assets(study(archive, tmp_path, dandisets={}))
    with pytest.raises(InputError, match="'laboratory': found 'EY'"):
        archive_assets({**study(archive, tmp_path), "laboratory": "EY"})
    assert archive_assets({"source": "nwb"}) == {}


@pytest.mark.parametrize("kind", ["list", "metadata"])
@pytest.mark.parametrize("fault", [429, 500, (429, {"Retry-After": "1"})])
def test_a_passing_fault_costs_nothing(archive, tmp_path, kind, fault):
    archive.faults[kind].extend([fault, fault])
    assert len(archive_assets(study(archive, tmp_path))) == 4


@pytest.mark.parametrize(
    ("kind", "fault", "told"),
    [
        ("list", 500, "dandiset 000002/.* of laboratory B: found status 500 from 127.0.0.1"),
        ("list", 404, "found nothing of that name at 127.0.0.1; expected a published version"),
        ("list", 401, "a valid key in DANDI_API_KEY"),
        ("metadata", 500, "the list of files: found status 500"),
        ("metadata", 404, "found nothing of that name"),
    ],
)
def test_a_fault_that_stays_is_one_line_and_leaves_no_manifest(
    archive, tmp_path, capfd, kind, fault, told
):
    archive.always[kind] = fault
    config = study(archive, tmp_path)
    with pytest.raises(InputError, match=told) as caught:
        archive_assets(config)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "kept").exists()
    assert capfd.readouterr().err == ""


def test_nobody_there(archive, tmp_path):
    archive.__exit__()
    with pytest.raises(InputError, match=r"no answer from 127.0.0.1 \(ConnectionError\)"):
        archive_assets(study(archive, tmp_path))
    archive.__enter__()


def test_a_dandiset_without_nwb_files_or_checksum(archive, tmp_path):
    for facts in archive.files.values():
        facts["digest"] = {}
    with pytest.raises(InputError, match="found no checksum"):
        archive_assets(study(archive, tmp_path))
    for facts in archive.files.values():
        facts["path"] += ".zip"
    with pytest.raises(InputError, match="found no NWB file"):
        archive_assets(study(archive, tmp_path))


def test_the_key_comes_from_the_environment_and_is_never_told(
    archive, tmp_path, monkeypatch, caplog, capfd
):
    archive.token = KEY
    monkeypatch.setenv("DANDI_API_KEY", KEY)
    with caplog.at_level(logging.DEBUG):
        archive_assets(study(archive, tmp_path))
    keys = {headers.get("Authorization") for _, headers in archive.asked}
    assert keys == {f"token {KEY}"}
    monkeypatch.setenv("DANDI_API_KEY", KEY + "-old")
    with pytest.raises(InputError, match="expected a valid key in DANDI_API_KEY") as caught:
        archive_assets(study(archive, tmp_path / "other"))
    told = caplog.text + str(caught.value) + "".join(capfd.readouterr())
    assert KEY not in told and KEY not in (tmp_path / "kept/m.csv").read_text()


GOOD = Asset(
    "A", "000001", VERSION, "00000000-0000-4000-8000-000000000000", "a,b\n.nwb", 5,
    "sha256:" + "0" * 64,
)  # fmt: skip


def test_a_manifest_is_written_and_read(tmp_path):
    other = replace(GOOD, asset=GOOD.asset[:-1] + "1", path="a.nwb")
    manifest.write([other, GOOD], tmp_path / "m.csv")
    assert manifest.read(tmp_path / "m.csv") == [GOOD, other]
    assert manifest.find(tmp_path / "m.csv", other.asset) == other
    with pytest.raises(InputError, match="no asset 7"):
        manifest.find(tmp_path / "m.csv", "7")


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


@pytest.mark.parametrize("text", [None, "", "lab,asset\nA,1\n", "\xff"])
def test_a_manifest_that_is_none_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "m.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="expected a manifest with the columns lab, dandiset"):
        manifest.read(tmp_path / "m.csv")


def test_planning_with_a_manifest_loads_nothing_heavy(tmp_path):
    manifest.write([GOOD], tmp_path / "m.csv")
    code = (
        "import sys; from chromapal.worms import dandi_plan, plan; "
        f"dandi_plan.manifest.read({str(tmp_path / 'm.csv')!r}); "
        "assert not {'dandi', 'pandas', 'requests', 'numpy', 'h5py'} & set(sys.modules)"
    )
    source = {"PYTHONPATH": str(PACKAGE.parent)}
    subprocess.run([sys.executable, "-c", code], env=source, check=True)
