"""Studies whose jobs run in the conda environment that their rules name.

A `conda` is put on the path by a script that prints the exports for it (CHROMAPAL_CONDA). It may
stand in for conda over a channel of its own; then python, pip, pins and activation are tested, and
packages solved from the real conda-forge are not. SNAKEMAKE_CONDA_PREFIX keeps the environment
for the next time.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml

from chromapal.evaluate.tables import reference
from tests import imports
from tests.workflow.conftest import ROOT, TINY, copy_project, snakemake, table_bytes

UP = Path(os.environ.get("CHROMAPAL_CONDA", ROOT / "../shared/conda/up.sh"))
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        not UP.is_file(), reason=f"no conda to be had from {UP} (set CHROMAPAL_CONDA)"
    ),
]


@pytest.fixture(scope="session")
def conda(tmp_path_factory):
    """Return the variables that put a conda on the path, and where environments are kept."""
    folder = tmp_path_factory.mktemp("conda")
    print_all = f'exports=$("{UP}" "{folder}") && eval "$exports" && env -0'
    up = subprocess.run(["bash", "-c", print_all], check=False, capture_output=True, text=True)
    if up.returncode != 0:
        pytest.skip(f"{UP} gives no conda here: {up.stderr[-300:]}")
    exports = dict(line.split("=", 1) for line in up.stdout.split("\0") if line)
    kept = os.environ.get("SNAKEMAKE_CONDA_PREFIX")
    yield exports | {"SNAKEMAKE_CONDA_PREFIX": kept or str(folder / "environments")}
    # two gigabytes
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def conda_study(conda, tmp_path_factory):
    """Return the folder of a tiny study that a clean checkout has run with --use-conda."""
    project = copy_project(tmp_path_factory.mktemp("project"))
    folder = tmp_path_factory.mktemp("study")
    done = snakemake(folder, TINY, "--use-conda", project=project, environment=conda)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Activating conda environment" in done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def prefix(conda, conda_study):
    """Return the folder of the one environment, whichever else are kept beside it."""
    wanted = (ROOT / "envs/chromapal.yaml").read_bytes()
    kept = Path(conda["SNAKEMAKE_CONDA_PREFIX"])
    (file,) = [path for path in kept.glob("*.yaml") if path.read_bytes() == wanted]
    return file.with_suffix("")


def alone(prefix, program, home="/nonexistent"):
    """Run a program in the environment's Python, with nothing of the runner's."""
    python = prefix / "bin/python"
    done = subprocess.run(
        [python, "-I", "-c", program],
        capture_output=True, text=True, check=False, cwd="/",
        env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_study_has_the_same_tables_as_without_conda(study, conda_study):
    assert table_bytes(conda_study) == table_bytes(study)


def test_switching_conda_on_or_off_computes_nothing_again(study, conda_study, conda):
    on = snakemake(study, TINY, "-n", "--use-conda", environment=conda)
    off = snakemake(conda_study, TINY, "-n")
    for done in (on, off):
        assert "Nothing to be done" in done.stdout + done.stderr, done.stdout + done.stderr


def test_the_environment_holds_its_pins(prefix):
    pins = yaml.safe_load((ROOT / "envs/chromapal.yaml").read_text())["dependencies"][-1]["pip"]
    program = (
        f"from importlib.metadata import version\nfor n in {[p.split('==')[0] for p in pins]}:"
    )
    found = alone(prefix, program + " print(n, version(n).split('+')[0], sep='==')").split()
    assert found == pins


def test_the_environment_alone_imports_all_that_jobs_import(prefix):
    # a job in Snakemake could find what is missing here in the runner's own packages
    program = f"""
import importlib, json, sys
found = {{name: importlib.import_module(name).__file__ for name in {imports.third_party()}}}
sys.path.insert(0, {str(ROOT / "src")!r})
for name in {imports.modules()}:
    importlib.import_module(name)
print(json.dumps(found))
"""
    found = json.loads(alone(prefix, program).splitlines()[-1])
    assert len(found) > 20
    assert all(Path(file).is_relative_to(prefix) for file in found.values())


def test_the_report_runs_in_the_environment_too(prefix, tmp_path):
    cells = [
        nbformat.v4.new_code_cell("source = study = ''", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import sys; [sys.prefix, *sys.path]"),
    ]
    spec = {"name": "python3", "display_name": "Python", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    nbformat.write(notebook, tmp_path / "in.ipynb")
    program = f"""
import os, sys
os.chdir({str(tmp_path)!r})
sys.path.insert(0, {str(ROOT / "src")!r})
from chromapal.evaluate.report.notebook import render
render({str(tmp_path / "in.ipynb")!r}, {{"study": "s"}}, "out.ipynb", "out.html")
"""
    alone(prefix, program, home=tmp_path)
    shown = nbformat.read(tmp_path / "out.ipynb", 4).cells[-1].outputs[0]["data"]["text/plain"]
    base, *folders = [Path(part.strip("[] '")) for part in shown.replace("\n", "").split(",")]
    assert base == prefix
    packages = [folder for folder in folders if folder.name == "site-packages"]
    assert packages and all(folder.is_relative_to(prefix) for folder in packages)


@pytest.mark.minutes
def test_the_default_study_has_its_committed_tables(conda, tmp_path):
    project = copy_project(tmp_path / "project")
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    done = snakemake(tmp_path, config, "--use-conda", cores=8, project=project, environment=conda)
    assert done.returncode == 0, done.stdout + done.stderr
    tables = tmp_path / "results/default/tables"
    lines, moved = reference.compare(tables, ROOT / "results/reference/default")
    assert not moved, "\n".join(lines)
