"""The archive is asked once; what it said decides every later run."""

import logging

import dandi.dandiapi
import pytest

from chromapal.errors import InputError
from chromapal.worms import registry, skipped
from chromapal.worms.dandi import manifest
from chromapal.worms.dandi.plan import assets
from chromapal.worms.dandi.source import write_skipped_files
from chromapal.worms.plan import fold_count
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
    """Return the validated keys of a study, as far as they matter here."""
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
    found = list(assets(config).values())
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
    assert list(assets(config).values()) == found
    assert len(archive.asked) == asked
    assert list((tmp_path / "kept").iterdir()) == [tmp_path / "kept/m.csv"]


def test_files_and_keys_are_safe_whatever_the_paths(archive, tmp_path):
    config = study(archive, tmp_path)
    assert set(registry.source("dandi").files(config).values()) == {config["dandi"]["manifest"]}
    config["dandi"]["download"] = True
    files = registry.source("dandi").files(config)
    assert len(set(files.values())) == 4
    assert all(key.count("/") == 0 and " " not in key for key in files)
    assert all(file.startswith(("c/files/A/", "c/files/B/")) for file in files.values())
    assert all(file.count("/") == 3 and file.endswith(".nwb") for file in files.values())
    assert not any("/.." in file or " " in file for file in files.values())


def test_folds_are_counted_from_the_manifest(archive, tmp_path):
    config = study(archive, tmp_path)
    files = list(registry.source("dandi").files(config).values())
    assert fold_count(config, files) == 2
    assert fold_count({**config, "split": "lab"}, files) == 2
    with pytest.raises(InputError, match="5 folds for 4 worms"):
        fold_count({**config, "folds": 5}, files)


def test_what_is_left_out_is_not_read(archive, tmp_path):
    config = study(archive, tmp_path)
    facts = config["dandi"]["dandisets"]["A"]
    facts["leave_out"] = {"sub-2/sub-2_ophys.nwb": "blurred"}
    assert [asset.path[:5] for asset in assets(config).values()] == [
        "sub-1", "sub-3", "../a ",
    ]  # fmt: skip
    facts["leave_out"] = {"sub-4/sub-4_ophys.nwb": "blurred"}
    with pytest.raises(InputError, match=r"A.leave_out.*sub-4.*not a file of.*sub-[123]/"):
        assets(config)


def twice(archive, folder, left_of_a, left_of_b) -> dict:
    """Name one dandiset under two laboratories."""
    facts = {"id": "000001", "version": VERSION}
    named = {
        lab: {**facts, "leave_out": {f"sub-{n}/sub-{n}_ophys.nwb": f"not {lab}'s" for n in left}}
        for lab, left in (("A", left_of_a), ("B", left_of_b))
    }
    return study(archive, folder, dandisets=named)


def test_a_dandiset_may_be_split_between_two_laboratories(archive, tmp_path):
    config = twice(archive, tmp_path, (2, 3), (1, 3))
    found = list(assets(config).values())
    assert [(asset.lab, asset.path[:5]) for asset in found] == [("A", "sub-1"), ("B", "sub-2")]
    listed = config["dandi"]["manifest"]
    assert [manifest.find(listed, asset.lab, asset.asset) for asset in found] == found
    reasons = {lab: facts["leave_out"] for lab, facts in config["dandi"]["dandisets"].items()}
    write_skipped_files(listed, reasons, tmp_path / "left_out.csv")
    entries = skipped.read(tmp_path / "left_out.csv")
    name = f"dandi:000001/{VERSION}/sub-3/sub-3_ophys.nwb"
    # what one of the two reads is not left out
    assert entries["file"].tolist() == [name, name] and entries["lab"].tolist() == ["A", "B"]
    assert entries["reason"].tolist() == [f"{name}: not A's", f"{name}: not B's"]


def test_a_file_of_two_laboratories_is_refused(archive, tmp_path):
    with pytest.raises(InputError, match=r"'sub-3/.*000001 for both A and B; .*B\.leave_out$"):
        assets(twice(archive, tmp_path, (2,), (1,)))


def test_two_studies_share_a_cache_and_no_file(archive, tmp_path):
    """Laboratory A is one dandiset here, another there, with files of the same path."""
    file = tmp_path / "other"
    file.write_bytes(b"other")
    archive.add("000003", VERSION, "sub-1/sub-1_ophys.nwb", file)
    fetched = set()
    for number, dandiset in enumerate(("000001", "000003")):
        named = {"A": {"id": dandiset, "version": VERSION}}
        config = study(archive, tmp_path / str(number), download=True, dandisets=named)
        paths = registry.source("dandi").files(config).values()
        (path,) = (path for path in paths if "sub-1" in path)
        fetched.add(path)
    assert len(fetched) == 2


def test_a_manifest_of_something_else_is_refused(archive, tmp_path):
    config = study(archive, tmp_path)
    assets(config)
    dandisets = config["dandi"]["dandisets"]
    dandisets["A"]["version"] = "0.240102.0000"
    with pytest.raises(InputError, match=rf"000001/{VERSION} for laboratory A; .*0.240102.0000"):
        assets(config)
    dandisets["A"] = dandisets.pop("B")
    dandisets["C"] = dandisets.pop("A")
    with pytest.raises(InputError, match=r"no file for laboratory C; .*remove the file"):
        assets(config)


def test_a_dandiset_fewer_needs_no_new_manifest(archive, tmp_path):
    config = study(archive, tmp_path)
    assets(config)
    del config["dandi"]["dandisets"]["A"]
    asked = len(archive.asked)
    assert [asset.lab for asset in assets(config).values()] == ["B"]
    assert len(archive.asked) == asked


def test_keys_that_make_no_sense_together(archive, tmp_path):
    with pytest.raises(InputError, match=r"'dandi.dandisets': found nothing"):
        assets(study(archive, tmp_path, dandisets={}))
    with pytest.raises(InputError, match="'laboratory': found 'EY'"):
        assets({**study(archive, tmp_path), "laboratory": "EY"})
    assert assets({"source": "nwb"}) == {}


@pytest.mark.parametrize("kind", ["list", "metadata"])
@pytest.mark.parametrize("fault", [429, 500, (429, {"Retry-After": "1"})])
def test_a_passing_fault_costs_nothing(archive, tmp_path, kind, fault):
    archive.faults[kind].extend([fault, fault])
    assert len(assets(study(archive, tmp_path))) == 4


def test_a_stated_wait_is_told_and_a_long_one_refused(archive, tmp_path, monkeypatch, caplog):
    slept = []
    monkeypatch.setattr(dandi.dandiapi, "sleep", slept.append)
    config = study(archive, tmp_path)
    archive.always["list"] = (429, {"Retry-After": "86400"})
    with pytest.raises(InputError) as caught:
        assets(config)
    assert str(caught.value) == (
        f"dandiset 000002/{VERSION} of laboratory B: found status 429 from 127.0.0.1, with a "
        "requested wait of 86400 s; expected a list of files; start the study again later"
    )
    assert slept == [] and archive.count("list") == 1
    archive.always.clear()
    # the second says nothing, in a form that the client fails to read
    nonsense = "Mon, 01 Jan 2024 00:00:00 +" + "9" * 20
    archive.faults["list"].extend([(429, {"Retry-After": text}) for text in ("600", nonsense)])
    assert len(assets(config)) == 4
    assert slept == [600]
    assert caplog.messages == ["status 429: 127.0.0.1 asks to wait 600 s"]


@pytest.mark.parametrize(
    ("kind", "fault", "told"),
    [
        ("list", 500, "dandiset 000002/.* of laboratory B: found status 500 from 127.0.0.1"),
        (
            "list",
            404,
            "found nothing of that name at 127.0.0.1; expected a published version",
        ),
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
        assets(config)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "kept").exists()
    assert capfd.readouterr().err == ""


def test_nobody_there(archive, tmp_path):
    archive.__exit__()
    with pytest.raises(InputError, match=r"no response from 127.0.0.1 \(ConnectionError\)"):
        assets(study(archive, tmp_path))
    archive.__enter__()


def test_a_dandiset_without_nwb_files_or_checksum(archive, tmp_path):
    for facts in archive.files.values():
        facts["digest"] = {}
    with pytest.raises(InputError, match="found no checksum"):
        assets(study(archive, tmp_path))
    for facts in archive.files.values():
        facts["path"] += ".zip"
    with pytest.raises(InputError, match="found no NWB file"):
        assets(study(archive, tmp_path))


def test_the_key_comes_from_the_environment_and_is_never_told(
    archive, tmp_path, monkeypatch, caplog, capfd
):
    archive.token = KEY
    monkeypatch.setenv("DANDI_API_KEY", KEY)
    with caplog.at_level(logging.DEBUG):
        assets(study(archive, tmp_path))
    keys = {headers.get("Authorization") for _, headers in archive.asked}
    assert keys == {f"token {KEY}"}
    monkeypatch.setenv("DANDI_API_KEY", KEY + "-old")
    with pytest.raises(InputError, match="expected a valid key in DANDI_API_KEY") as caught:
        assets(study(archive, tmp_path / "other"))
    told = caplog.text + str(caught.value) + "".join(capfd.readouterr())
    assert KEY not in told and KEY not in (tmp_path / "kept/m.csv").read_text()
