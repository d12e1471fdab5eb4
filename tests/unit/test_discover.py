"""Which files of worms a folder holds, through links and without what only looks like one."""

import os

import pytest

from chromapal.errors import InputError
from chromapal.worms import registry
from chromapal.worms.discover import discover, laboratory, no_files

CSV, NWB = (".csv",), (".nwb",)


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(folder, suffixes=CSV):
    return [str(path.relative_to(folder)) for path in discover(folder, suffixes, "tables")]


def test_a_link_to_a_folder_is_followed_once(tmp_path):
    study, store = tmp_path / "study", tmp_path / "store"
    make(study, "EY/1.csv")
    make(store, "HL/2.csv", "HL/deep/3.csv")
    (study / "A").symlink_to(study / "EY")  # the folder itself comes first
    (study / "HL").symlink_to(store / "HL")
    (study / "HL2").symlink_to(store / "HL")
    (store / "HL/back").symlink_to(study)
    (study / "EY/loop").symlink_to(study / "EY")
    (study / "EY/up").symlink_to(tmp_path)  # around the study: other people's worms
    (study / ".hidden").symlink_to(store)
    assert found(study) == ["EY/1.csv", "HL/2.csv", "HL/deep/3.csv"]
    assert no_files(study, CSV) == []
    config = {"laboratory": "", "tables": str(study)}
    assert registry.source("tables").laboratory(study / "HL/deep/3.csv", config) == "HL"


def test_what_is_called_like_a_file_and_is_none_is_told_with_how_to_go_on(tmp_path):
    make(tmp_path, "HL/2.nwb", "HL/z.nwb/.zgroup", "HL/z.nwb/0/0", "HL/x.nwb/1.nwb", "HL/a.txt")
    for name in ("1.nwb", "1.txt", "SF"):
        (tmp_path / "HL" / name).symlink_to(f"../.git/annex/objects/{name}")
    (tmp_path / "HL/self.nwb").symlink_to("self.nwb")
    os.mkfifo(tmp_path / "HL/pipe.nwb")
    assert found(tmp_path, NWB) == ["HL/2.nwb", "HL/x.nwb/1.nwb"]
    told = {
        os.path.relpath(error.where, tmp_path / "HL"): str(error)
        for error in no_files(tmp_path, NWB)
    }
    assert sorted(told) == ["1.nwb", "SF", "pipe.nwb", "self.nwb", "z.nwb"]
    assert "a link to nothing" in told["1.nwb"] and "datalad get" in told["1.nwb"]
    assert "found a folder" in told["z.nwb"] and "HDF5" in told["z.nwb"]
    config = {"laboratory": "", "nwb": str(tmp_path)}
    listed = registry.source("nwb").no_files(config)
    assert [lab for _, lab, _ in listed] == ["HL"] * 5
    assert [lab for _, lab, _ in registry.source("nwb").no_files(config | {"laboratory": "K"})] == (
        ["K"] * 5
    )


@pytest.mark.usefixtures("uncut")
def test_a_folder_of_links_to_nothing_says_so(tmp_path):
    (tmp_path / "1.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(
        InputError, match=r"no such file .*1\.csv: found a link to nothing.*datalad"
    ):
        discover(tmp_path, CSV, "tables")


def test_the_laboratory_is_the_first_folder_below_the_one_stated(tmp_path):
    path = tmp_path / "EY/000541/sub-1/sub-1_ophys.nwb"
    assert laboratory(path, folder=tmp_path) == "EY"
    assert laboratory(path, folder=tmp_path / "EY") == "000541"
    assert laboratory(path, folder=tmp_path / "EY/000541/sub-1") == "sub-1"
    assert laboratory(path, folder="elsewhere") == laboratory(path) == "sub-1"
    assert laboratory(path, "KK", tmp_path) == "KK"
    assert laboratory(tmp_path / "Mu\u0308/1.csv", folder=tmp_path) == "M\xfc"
    assert laboratory("x", "Mu\u0308") == "M\xfc"


def test_worms_are_counted_by_that_laboratory(tmp_path):
    make(tmp_path, *(f"EY/000541/sub-{k}/sub-{k}_ophys.nwb" for k in range(3)), "HL/7/1.nwb")
    config = {"laboratory": "", "nwb": str(tmp_path)}
    nwb = registry.source("nwb")
    assert nwb.count(config, list(nwb.files(config).values()))[0] == {"EY": 3, "HL": 1}
