"""A study of an archive: listed once, streamed or fetched, repeated from its manifest."""

import pandas as pd
import pytest

from chromapal.worms import table
from tests.archive import Archive
from tests.nwb_files import write_nwb
from tests.workflow.conftest import snakemake

VERSION = "0.240101.0000"
KEY = "secret-key"
TARGETS = ("results/tiny/neurons.parquet", "results/tiny/skipped.csv")
pytestmark = pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.setenv("DANDI_API_KEY", KEY)
    with Archive() as archive:
        monkeypatch.setenv("CHROMAPAL_DANDI_HOST", archive.host)
        archive.token = KEY
        for lab, number in (("1", 1), ("1", 3), ("2", 1), ("2", 2)):
            file = tmp_path / f"published/{lab}{number}.nwb"
            write_nwb(file, identifier=f"w{number}", volume=(lab, number) != ("2", 2))
            archive.add(f"00000{lab}", VERSION, f"sub-{number}/w.nwb", file)
        file = tmp_path / "published/31.nwb"
        write_nwb(file, identifier="other")
        archive.add("000003", VERSION, "sub-1/w.nwb", file)
        yield archive


def config(archive, **keys) -> dict:
    return {
        "study": "tiny", "source": "dandi", "folds": 2,
        "laboratories": {"A": {"full_scale": 5000, "labels": "certain"}},
        "dandi": {
            "api": archive.api,
            "dandisets": {
                "A": {
                    "id": "000001", "version": VERSION,
                    "leave_out": {"sub-3/w.nwb": "the worm moved"},
                },
                "B": {"id": "000002", "version": VERSION},
            },
            **keys,
        },
    }  # fmt: skip


def test_an_archive_is_streamed_then_fetched(archive, tmp_path):
    archive.always["blob"] = 404
    archive.faults["list"].append((429, {"Retry-After": "1"}))
    failed = snakemake(tmp_path, config(archive), *TARGETS)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "status 429: 127.0.0.1 asks to wait 1 s" in text
    assert "error: dandi:000001/" in text and "no such file in the archive (status 404)" in text
    assert "Traceback" not in text
    assert not list((tmp_path / "results").rglob("*.parquet"))
    assert sorted(path.name for path in (tmp_path / "data/dandi").glob("*.csv")) == ["manifest.csv"]

    archive.always.clear()
    done = snakemake(tmp_path, config(archive), *TARGETS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert archive.count("list") == 3 and archive.count("metadata") == 4
    neurons = table.read(tmp_path / TARGETS[0])
    assert set(zip(neurons["lab"], neurons["worm"], strict=True)) == {("A", "w1"), ("B", "w1")}
    of_lab = dict(iter(neurons.groupby("lab")))
    assert of_lab["A"]["full_scale"].tolist() == [5000.0] * 3
    assert of_lab["A"]["ID"].tolist() == ["AVAL", "", ""]
    assert of_lab["B"]["ID"].tolist() == ["AVAL", "", "VB02?"]
    skipped = pd.read_csv(tmp_path / TARGETS[1], dtype=str).fillna("")
    reasons = dict(zip(skipped["file"], skipped["reason"], strict=True))
    assert reasons[f"dandi:000001/{VERSION}/sub-3/w.nwb"].endswith("w.nwb: the worm moved")
    assert "found no volume" in reasons[f"dandi:000002/{VERSION}/sub-2/w.nwb"]
    logs = "".join(path.read_text() for path in (tmp_path / "results").rglob("*.log"))
    assert "fetched" in logs and KEY not in logs + text + done.stdout + done.stderr
    assert "A: 1 worms, full scale 5000 counts, 1 of 3 neurons with a label" in logs

    whole = snakemake(tmp_path, config(archive, download=True), *TARGETS)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    files = sorted((tmp_path / "data/dandi/files").rglob("*.nwb"))
    assert [path.parent.name for path in files] == ["A", "B", "B"]
    assert files[0].read_bytes() == (tmp_path / "published/11.nwb").read_bytes()
    assert table.read(tmp_path / TARGETS[0]).equals(neurons)
    assert archive.count("list") == 3

    # another study with the same cache, whose laboratories are other dandisets; one is called by
    # what its folder is not
    dated = "B-20190924"
    named = {lab: {"id": f"00000{n}", "version": VERSION} for lab, n in (("A", 3), (dated, 2))}
    other = config(archive, download=True, dandisets=named, manifest="other.csv")
    other["laboratories"] = {dated: {"full_scale": 5000, "labels": "certain"}}
    done = snakemake(tmp_path, {**other, "study": "second"}, "results/second/neurons.parquet")
    assert done.returncode == 0, done.stdout + done.stderr
    neurons = table.read(tmp_path / "results/second/neurons.parquet")
    assert set(zip(neurons["lab"], neurons["worm"], strict=True)) == {("A", "other"), (dated, "w1")}
    of_lab = dict(iter(neurons.groupby("lab")))
    assert of_lab[dated]["full_scale"].tolist() == [5000.0] * 3
    assert of_lab[dated]["ID"].tolist() == ["AVAL", "", ""]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"dandisets": {}}, "config key 'dandi.dandisets': found nothing"),
        ({"dandisets": {"A": {"id": 541, "version": VERSION}}}, "'dandi.dandisets.A.id'"),
        ({"dandisets": {"A": {"id": "000541"}}}, "'version' is a required"),
        ({"dandisets": {"A/..": {"id": "000541", "version": VERSION}}}, "'A/..' does not match"),
        (
            {"dandisets": {"A": {"id": "000009", "version": VERSION}}},
            "nothing of that name at",
        ),
    ],
)
def test_a_wrong_archive_is_named_before_anything_runs(archive, tmp_path, keys, told):
    done = snakemake(tmp_path, config(archive, **keys), "-n")
    text = done.stdout + done.stderr
    assert done.returncode != 0 and told in text and "Traceback" not in text
    assert KEY not in text and not (tmp_path / "results").exists()
    # a dry run of somebody's file sends the key to nobody
    assert not any("Authorization" in headers for _, headers in archive.asked)


def test_a_dry_run_asks_no_server_that_a_file_names(archive, tmp_path, monkeypatch):
    monkeypatch.delenv("CHROMAPAL_DANDI_HOST")
    done = snakemake(tmp_path, config(archive), "-n")
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "config key 'dandi.api': found 'http://127.0.0.1:" in text
    assert "which a dry run does not ask for its files" in text
    assert archive.asked == [] and not (tmp_path / "data").exists()
    # a run asks, without the key: these files are for its holders
    done = snakemake(tmp_path, config(archive), "results/tiny/neurons.parquet")
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "found no access (status 401)" in text
    assert archive.count("download") and KEY not in text
    assert not any("Authorization" in headers for _, headers in archive.asked)
    # with the list at hand a dry run needs no server
    asked = len(archive.asked)
    assert snakemake(tmp_path, config(archive), "-n").returncode == 0
    assert len(archive.asked) == asked
