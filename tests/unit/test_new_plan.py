"""What is found in a folder of new worms, and which folders are models."""

import pytest

from chromapal.apply.plan import (
    Source,
    applied,
    model_folder,
    no_files,
    results_folder,
    sources,
)
from chromapal.errors import InputError
from chromapal.files import write_json


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return str(folder)


def test_a_table_beside_a_volume_is_no_source_of_its_own(tmp_path):
    folder = make(
        tmp_path, "EY/a.nwb", "EY/b.csv", "EY/c.ome.tif", "EY/c.csv", "HL/d.nd2", "HL/c.csv",
        "HL/e.TIF", "HL/e.parquet", ".hidden/f.nwb", "notes.txt",
    )  # fmt: skip
    path = lambda name: f"{tmp_path}/{name}"  # noqa: E731
    assert list(sources(folder).values()) == [
        Source(path("EY/a.nwb"), "nwb", "", "EY"),
        Source(path("EY/b.csv"), "tables", "", "EY"),
        Source(path("EY/c.ome.tif"), "volumes", path("EY/c.csv"), "EY"),
        Source(path("HL/c.csv"), "tables", "", "HL"),
        Source(path("HL/d.nd2"), "volumes", "", "HL"),
        Source(path("HL/e.TIF"), "volumes", path("HL/e.parquet"), "HL"),
    ]


def test_new_worms_below_a_laboratorys_folder_are_its_own_and_what_is_no_file_is_told(tmp_path):
    folder = make(tmp_path, "EY/000541/sub-1/a.nwb", "EY/z.nwb/.zgroup")
    (tmp_path / "EY/b.csv").symlink_to(tmp_path / "gone.csv")
    assert [source.folder_lab for source in sources(folder).values()] == ["EY"]
    told = {(lab, path.removeprefix(f"{tmp_path}/EY/")) for path, lab, _ in no_files(folder, "")}
    assert told == {("EY", "b.csv"), ("EY", "z.nwb")}
    assert {lab for _, lab, _ in no_files(folder, "KK")} == {"KK"}


def test_keys_of_sources_are_parts_of_paths_and_all_different(tmp_path):
    keys = list(sources(make(tmp_path, "a b/w.csv", "a_b/w.csv", "a/b/w.csv")))
    assert len(set(keys)) == 3 and not any("/" in key or " " in key for key in keys)


@pytest.mark.parametrize(("names", "line"), [([], "no such file"), (["a.txt"], "no such file")])
def test_a_folder_without_worms_is_refused(tmp_path, names, line):
    with pytest.raises(InputError, match=rf"config key 'worms': found {line}.*\.nwb.*\.czi"):
        sources(make(tmp_path, *names))


def test_a_model_is_found_in_its_study_or_by_itself(tmp_path):
    make(tmp_path, "study/model/model.json", "study/neurons.parquet")
    assert model_folder(str(tmp_path / "study")) == tmp_path / "study/model"
    assert model_folder(str(tmp_path / "study/model")) == tmp_path / "study/model"


def test_what_is_no_model_is_told_apart(tmp_path):
    make(tmp_path, "old/neurons.parquet", "other/a.txt")
    for name, line in {
        "nowhere": "no folder",
        "other": "no study in",
        "old": "a study without a trained model for naming .*align: nonrigid",
    }.items():
        with pytest.raises(InputError, match=rf"config key 'model': found {line}"):
            model_folder(str(tmp_path / name))


def test_results_lie_where_one_says_or_under_the_name_of_the_worms(tmp_path):
    assert results_folder({"out": "here", "worms": "x"}) == "here"
    assert results_folder({"out": "", "worms": f"{tmp_path}/my"}) == "results/applied/my"
    odd = results_folder({"out": "", "worms": f"{tmp_path}/my worms"})
    assert odd.startswith("results/applied/my_worms-")


@pytest.mark.parametrize(
    ("out", "found"),
    [
        ("in/out", "'in/out' inside worms (in)"),
        ("in", "'in' inside worms (in)"),
        (".", "'.' around worms (in)"),
        ("in/../in/a/b", "inside worms"),
    ],
)
def test_results_inside_or_around_worms_are_refused(tmp_path, monkeypatch, out, found):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        results_folder({"out": out, "worms": "in"})
    line = str(caught.value)
    assert line.startswith("config key 'out': found ") and found in line and "out=FOLDER" in line
    # beside it, and of a name that only starts alike
    assert results_folder({"out": "in2", "worms": "in"}) == "in2"


def test_worms_around_the_default_results_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"'results/applied/.*' inside worms \(\.\); .*out=FOLDER"):
        results_folder({"out": "", "worms": "."})


def test_a_folder_has_results_of_one_model_and_one_folder_of_worms(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out, model = "results/applied/new", tmp_path / "results/a/model"
    told = applied(out, model, "A/new")
    assert told == {"model": "results/a/model", "worms": "A/new"}
    write_json(told, tmp_path / out / "applied.json")
    assert applied(out, model, f"{tmp_path}/A/../A/new") == told
    line = r"config key 'out': found 'results/applied/new', with results of {}; .*out=FOLDER"
    with pytest.raises(InputError, match=line.format("worms A/new")):
        applied(out, model, "B/new")
    with pytest.raises(InputError, match=line.format("model results/a/model")):
        applied(out, "results/b/model", "A/new")
    with pytest.raises(InputError, match="around the model"):
        applied("results/a", model, "A/new")
    assert applied("elsewhere", model, "/B/new")["worms"] == "/B/new"
    for text in ("[", "[]", "[" * 10**5):
        (tmp_path / out / "applied.json").write_text(text)
        with pytest.raises(InputError, match=r"applied\.json: found .*out=FOLDER"):
            applied(out, model, "A/new")
