"""The workflow as a module of another: from a folder, or from a git host as snakedeploy does."""

import functools
import os
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from tests.workflow import forked
from tests.workflow.conftest import ROOT, TINY, copy_project, table_bytes, write_trained_model

SNAKEFILE = """
configfile: "config/config.yaml"


module chromapal:
    snakefile:
        {place}
    config:
        config


use rule * from chromapal{names}
"""


@pytest.fixture
def hosted(tmp_path):
    """Return an environment in which a git host's addresses lead to a repository in this folder."""
    project = copy_project(tmp_path / "host/lab/chromapal")
    git = ["git", "-C", project, "-c", "user.name=lab", "-c", "user.email=lab@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"], ["tag", "v1"]):
        subprocess.run([*git, *command], check=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/host/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


@pytest.fixture
def deploy(study, tmp_path):
    """Return a function that deploys the workflow beside a finished study, and runs it there."""
    folder = tmp_path / "deployed"
    shutil.copytree(study / "results", folder / "results")
    shutil.copytree(study / ".snakemake", folder / ".snakemake")
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    (folder / "config").mkdir()
    (folder / "config/config.yaml").write_text(yaml.safe_dump(TINY))

    def run(place, *arguments, names="", environment=None):
        (folder / "workflow").mkdir(exist_ok=True)
        (folder / "workflow/Snakefile").write_text(SNAKEFILE.format(place=place, names=names))
        words = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        outside = {**os.environ, **(environment or {})}
        if "-n" in arguments:
            done = forked.run(words, folder, outside)
        else:
            done = subprocess.run(
                words, cwd=folder, env=outside, capture_output=True, text=True, check=False
            )
        return folder, done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.parametrize("names", ["", " as colour_*"])
@pytest.mark.parametrize("path", ["Snakefile", "workflow/Snakefile"])
def test_a_module_from_a_folder_takes_the_same_results_for_its_own(deploy, path, names):
    _, code, text = deploy(f'"{ROOT}/{path}"', "-n", names=names)
    assert code == 0 and "Nothing to be done" in text, text
    # and not because nothing was asked for
    _, code, text = deploy(f'"{ROOT}/{path}"', "-n", "--forceall", names=names)
    assert code == 0 and f"rule {names.strip(' as*')}write_report:" in text, text


def test_a_module_from_a_git_host_computes_the_same_tables(deploy, hosted, study):
    place = 'github("lab/chromapal", path="workflow/Snakefile", tag="v1")'
    folder, code, text = deploy(place, "-n", environment=hosted)
    assert code == 0 and "Nothing to be done" in text, text
    # scripts, captions and the report's notebook come from the host too
    forced = ("--forcerun", "write_identity_tables", "draw_prediction")
    folder, code, text = deploy(place, *forced, environment=hosted)
    assert code == 0, text
    assert table_bytes(folder) == table_bytes(study)
    before = (study / "results/tiny/report/report.html").stat().st_mtime
    assert (folder / "results/tiny/report/report.html").stat().st_mtime > before
    (commit,) = (folder / ".snakemake/chromapal").iterdir()
    assert {path.name for path in commit.iterdir()} == {
        "src", "workflow", "pyproject.toml", "requirements.lock",
    }  # fmt: skip


def test_a_module_takes_a_model_to_new_worms_beside_the_study_of_its_config(deploy):
    place, keys = f'"{ROOT}/workflow/Snakefile"', ("model=results/kept", "worms=new")
    folder, code, text = deploy(place, "-n")
    write_trained_model(folder / "results/kept")
    (folder / "new/LAB").mkdir(parents=True)
    (folder / "new/LAB/w.csv").write_text("x,y,z,xr,yr,zr,gray\n")
    for target in ([], ["apply"]):
        _, code, text = deploy(place, *target, "-n", "--config", *keys)
        assert code == 0 and "rule name_new_worms:" in text, text
    _, code, text = deploy(place, "-n", "--config", *keys, "naapri=false")
    assert code != 0 and "('naapri' was unexpected)" in text, text


def test_a_module_from_a_web_server_is_refused_in_one_clear_line(deploy):
    handler = functools.partial(SimpleHTTPRequestHandler, directory=ROOT)
    with ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://localhost:{server.server_port}/workflow"
        _, code, text = deploy(f'"{address}/Snakefile"', "-n")
        server.shutdown()
    assert code != 0 and "Traceback" not in text
    assert f"{address}/rules; expected github(...), gitlab(...) or a folder" in text
