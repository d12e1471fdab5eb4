"""Run real studies, small enough for a test, in folders of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
        "colorizers": {"resnet18_fusion": {"steps": 4, "epochs": 2, "batch": 8}},
        "classifiers": {"random_forest": {"trees": 10}},
    },
    "training": {"threads": 1, "parallel": 2, "device": "cpu"},
}


def snakemake(folder: Path, config: dict, *arguments: str, cores: int = 2):
    """Run the workflow in a folder; returns the completed process with its output as text."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--configfile", str(path), "--cores", str(cores)]
    return subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Give the folder of one finished tiny study; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("study")
    done = snakemake(folder, TINY)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
