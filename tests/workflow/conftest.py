"""Run real studies, small enough for a test, in folders of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from chromapal.training import layout

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
        "colorizers": {"resnet18_fusion": {"steps": 4, "epochs": 4, "batch": 8}},
        "classifiers": {"random_forest": {"trees": 10}},
    },
    "training": {"threads": 1, "parallel": 2, "device": "cpu", "precision": "fp32"},
}


# Much of these is waiting, for a cluster and for a program to die; the rest goes on beside them.
LONG = ("test_slurm", "test_resume")


def pytest_collection_modifyitems(items):
    """Start the longest files first."""
    items.sort(key=lambda item: item.path.stem not in LONG)


def command(
    folder: Path,
    config: dict | None,
    *arguments: str,
    cores: int = 2,
    project: Path = ROOT,
    environment: dict[str, str] | None = None,
) -> dict:
    """Give what starts a project's workflow in a folder, as `subprocess.run` takes it."""
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


def snakemake(folder: Path, config: dict | None, *arguments: str, **settings):
    """Run the workflow in a folder; returns the completed process with its output as text."""
    run = command(folder, config, *arguments, **settings)
    return subprocess.run(**run, capture_output=True, text=True, check=False)


def table_bytes(folder: Path, study: str = TINY["study"]) -> dict[str, bytes]:
    """Read the finished tables that two runs must share."""
    return {
        path.name: path.read_bytes()
        for path in sorted((folder / "results" / study / "tables").glob("*.csv"))
        if path.name != "timings.csv"
    }


def copy_project(folder: Path) -> Path:
    """Copy what a checkout runs with, every file newer than any result; returns the folder."""
    for name in ("src", "workflow", "envs", "profiles", "config"):
        shutil.copytree(ROOT / name, folder / name, copy_function=shutil.copyfile)
    for name in ("Snakefile", "requirements.lock", "pyproject.toml", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def kept_model(study: Path):
    """Write the facts of a kept model, which are all that a dry run looks at."""
    told = dict.fromkeys(("study", "version", "code_digest", "lock_digest"), "told")
    facts = {"missing": "", "colorizer": "identify_then_colour", "full_scales": {}, **told}
    (study / "model").mkdir(parents=True)
    layout.seal(study / "model", "model.json", facts)


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Give the folder of one finished tiny study; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("study")
    done = snakemake(folder, TINY)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
