"""Run real studies, small enough for a test, in folders of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.training import layout
from chromapal.worms.table import SUBJECT
from tests.workflow import forked

ROOT = Path(__file__).resolve().parents[2]

TINY = {
    "study": "tiny",
    "seed": 3,
    "source": "simulate",
    "simulate": {"worms": 6, "laboratories": 2, "neurons": 30},
    "folds": 3,
    "validation": 0.25,
    "runs": [
        {
            "colorizers": ["resnet18_fusion"],
            "variants": ["no_background"],
            "grids": [16],
            "cross_fit": True,
        },
        {"colorizers": ["mean_colour", "copy_gray"], "variants": ["no_background"], "grids": [16]},
        {
            "colorizers": ["resnet18_fusion"],
            "variants": ["no_background_smote"],
            "samples": ["neuron"],
            "grids": [16],
            "folds": [0],
        },
    ],
    "identify": {
        "classifiers": ["k_nearest_neighbours", "random_forest"],
        "variants": ["no_background"],
    },
    "params": {
        "colorizers": {
            # epochs of few steps, so that there are some to resume from
            "resnet18_fusion": {"steps": 4, "epochs": 4, "batch": 8, "epoch_steps": 1}
        },
        "classifiers": {"random_forest": {"trees": 10}},
    },
    "training": {"threads": 1, "parallel": 2, "device": "cpu", "precision": "fp32"},
}


def command(
    folder: Path,
    config: dict | None,
    *arguments: str,
    cores: int = 2,
    project: Path = ROOT,
    environment: dict[str, str] | None = None,
) -> dict:
    """Return what starts a project's workflow in a folder, as `subprocess.run` takes it."""
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(project / "Snakefile")]
    if config is not None:
        path = folder / "study.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        words += ["--configfile", str(path)]
    # last, as --configfile would take a target for another file
    words += ["--directory", str(folder), "--cores", str(cores)]
    outside = {**os.environ, **(environment or {})}
    search = f"{Path(sys.executable).parent}:{outside['PATH']}"
    return {"args": [*words, *arguments], "cwd": project, "env": {**outside, "PATH": search}}


def snakemake(
    folder: Path,
    config: dict | None,
    *arguments: str,
    again: bool = False,
    kinds: Path | None = None,
    **settings,
) -> subprocess.CompletedProcess:
    """Run the workflow in a folder; returns the completed process with its output as text.

    Parameters
    ----------
    folder, config, arguments, settings
        What `command` takes.
    again : bool, optional
        Whether this repeats another run: then it gets another seed of hashes.
    kinds : Path, optional
        A folder where this run notes of what kinds its jobs are, beside the one of all tests: the
        first job of each kind in either is not forked.
    """
    run = command(folder, config, *arguments, **settings)
    if "-n" in arguments:
        return forked.run(**run)
    return forked.run(**run, jobs=forked.Jobs.of_all_tests(again, kinds))


def table_bytes(folder: Path, study: str = TINY["study"]) -> dict[str, bytes]:
    """Read the finished tables that two runs must share."""
    return {
        path.name: path.read_bytes()
        for path in sorted((folder / "results" / study / "tables").glob("*.csv"))
        if path.name != "timings.csv"
    }


def check_columns(tables: list[Path], name: str = ""):
    """Hold finished tables to the column dictionary: of one name, or each of its file's."""
    assert tables
    for path in tables:
        head = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
        assert head == TABLES[name or path.stem].names, path


def copy_project(folder: Path) -> Path:
    """Copy what a checkout runs with, every file newer than any result; returns the folder."""
    for name in ("src", "workflow", "envs", "profiles", "config"):
        shutil.copytree(ROOT / name, folder / name, copy_function=shutil.copyfile)
    for name in ("Snakefile", "requirements.lock", "pyproject.toml", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def against_umask(folder: Path, probe: Path) -> dict[str, str]:
    """List what others cannot read, or can write, though the umask says otherwise.

    Parameters
    ----------
    folder : Path
        Finished outputs.
    probe : Path
        A folder that does not exist yet; it is made to see what the umask leaves.

    Returns
    -------
    dict
        Path to its permissions, in octal; of files and folders, links left out.
    """
    probe.mkdir()
    allowed = probe.stat().st_mode & 0o777
    found = {}
    for path in (folder, *folder.rglob("*")):
        mode = path.lstat().st_mode & 0o777
        if not path.is_symlink() and mode != allowed & (0o777 if path.is_dir() else 0o666):
            found[str(path)] = f"{mode:03o}"
    return found


def write_trained_model(study: Path):
    """Write the facts of a trained model, which are all that a dry run reads."""
    told = dict.fromkeys(("study", "version", "code_digest", "lock_digest"), "told")
    scale = {"colour_scale": "rank_normal", "gray_source": "white", "weight": [1, 1]}
    facts = {
        "missing": "", "colorizer": "identify_then_colour", "full_scales": {},
        "typical": {"mean_probability": {}, "search_below": {}, "gray_agreement": None,
                    "landmarks": {}}, **told,
        "normaliser": {**scale, "channels": {}}, "animals": [], "fingerprints": [],
        "features": ["position+gray"], "sizes": [[0, 0]] * 3, "neurons": [0, 0],
        "subjects": {fact: [] for fact in SUBJECT},
    }  # fmt: skip
    (study / "model").mkdir(parents=True)
    layout.seal(study / "model", "model.json", facts)


@pytest.fixture(scope="session")
def study(tmp_path_factory, worker_id):
    """Return the folder of the one finished tiny study; tests read it and leave it as it is."""
    base = tmp_path_factory.getbasetemp()
    # whichever of the processes that share the tests comes first makes it for all of them
    folder = (base if worker_id == "master" else base.parent) / "tiny"
    told, ended = folder / "told.txt", folder / "ended.txt"
    with FileLock(folder.with_suffix(".lock")):
        if not ended.exists():
            (folder / "imported").mkdir(parents=True)
            recorder = {
                "PYTHONPATH": str(ROOT / "tests/workflow/imports"),
                "CHROMAPAL_TEST_IMPORTS": str(folder / "imported"),
            }
            done = snakemake(folder, TINY, environment=recorder, kinds=folder / "kinds")
            told.write_text(done.stdout + done.stderr)
            ended.write_text(str(done.returncode))
    assert ended.read_text() == "0", told.read_text()
    return folder
