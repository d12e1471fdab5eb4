"""Every job has an environment, and everything that jobs import is pinned in it."""

import re
import shutil
import subprocess
import tomllib
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from snakemake.api import ConfigSettings, ResourceSettings, SnakemakeApi

from tests import imports
from tests.workflow.conftest import TINY

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / "envs/chromapal.yaml"
CATALOG = ROOT / ".snakemake-workflow-catalog.yml"
IMAGES = yaml.safe_load((ROOT / "config/images.yaml").read_text())
ALIGNED = {
    **TINY,
    "align": "pose",
    "identify": {
        "classifiers": ["atlas_student"],
        "variants": ["no_background"],
        "features": ["position"],
        "anchors": ["position"],
        "ablations": ["position"],
    },
}


@pytest.mark.parametrize("study", [TINY, ALIGNED, IMAGES], ids=["neurons", "aligned", "pictures"])
def test_every_rule_that_runs_something_names_the_environment(study, tmp_path):
    config = tmp_path / "study.yaml"
    config.write_text(yaml.safe_dump(study))
    with SnakemakeApi() as api:
        settings = ConfigSettings(configfiles=[config])
        found = api.workflow(
            ResourceSettings(), settings, snakefile=ROOT / "Snakefile", workdir=tmp_path
        )
        rules = list(found._workflow.rules)
    assert not [rule.name for rule in rules if rule.is_run or rule.is_shell or rule.is_wrapper]
    working = [rule for rule in rules if rule.script or rule.notebook]
    assert len(working) > 15
    named = {Path(str(rule.basedir.join(rule.conda_env))).resolve() for rule in working}
    assert named == {ENVIRONMENT}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "workflow/rules").glob("*.smk")), ids=lambda p: p.name
)
def test_rules_that_this_study_or_that_leaves_out_name_it_too(path):
    text = path.read_text()
    runs = re.findall(r"^ +(?:script|notebook|shell|run|wrapper):$", text, re.MULTILINE)
    assert len(re.findall(r"^ +conda:\n +ENVIRONMENT$", text, re.MULTILINE)) == len(runs)


def test_all_that_jobs_import_is_pinned_in_the_environment():
    pins = yaml.safe_load(ENVIRONMENT.read_text())["dependencies"][-1]["pip"]
    pinned = {re.sub(r"[-_.]+", "-", pin.split("==")[0]).lower() for pin in pins}
    owners = packages_distributions()
    for module in imports.third_party():
        names = {re.sub(r"[-_.]+", "-", name).lower() for name in owners[module]}
        assert names & pinned, f"{module} is of {names}, which envs/chromapal.yaml does not pin"


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_is_whole_for_every_python(python):
    """What a package needs on one Python only is in the lock as well, at a version that fits."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line.split("==") for line in lines if "==" in line]
    lock = {canonicalize_name(name): pin for name, pin in pins}
    checked = 0
    for found in distributions():
        name = canonicalize_name(found.metadata["Name"])
        if lock.get(name) != found.version.split("+")[0]:
            continue
        checked += 1
        allowed = SpecifierSet(found.metadata.get("Requires-Python") or "")
        assert allowed.contains(f"{python}.9"), f"{name} needs Python {allowed}"
        for need in map(Requirement, found.requires or ()):
            facts = {"python_version": python, "python_full_version": f"{python}.9", "extra": ""}
            # the packages of CUDA come with torch (envs/lock.sh)
            if re.match("nvidia-|cuda-|triton", need.name):
                continue
            if need.marker is None or need.marker.evaluate(facts):
                pin = lock.get(canonicalize_name(need.name), "0")
                assert need.specifier.contains(pin, prereleases=True), f"{name} needs {need}"
    assert checked > 200


def test_the_versions_of_python_are_said_once():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    allowed = project["requires-python"]
    assert [minor for minor in range(20) if SpecifierSet(allowed).contains(f"3.{minor}.0")] == [
        11, 12, 13,
    ]  # fmt: skip
    assert f"python {allowed}" in yaml.safe_load(ENVIRONMENT.read_text())["dependencies"]


def fake_python(folder, name, version):
    """Write a Python that says a version, and makes a folder of itself as its environment."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "#!/bin/sh\n"
        f'case "$1" in -c) echo "{version} {path}";;\n'
        f"-m) mkdir -p .venv/bin; echo {version} > .venv/version; ln -s /bin/true .venv/bin/pip;;\n"
        "esac\n"
    )
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("here", "stated", "made", "told"),
    [
        ({"python3.11": "3.11", "python3": "3.13"}, "", "3.11", "Python 3.11: "),
        ({"python3.12": "3.12", "python3": "3.12"}, "", "3.12", "Python 3.12: "),
        ({"python3": "3.13"}, "", "3.13", "Python 3.13: "),
        ({"python3": "3.13", "mine": "3.12"}, "mine", "3.12", "Python 3.12: "),
        ({"python3": "3.14"}, "", "", "found Python 3.14 (python3). Say where it is"),
        ({"python3": "3.12", "mine": "3.9"}, "mine", "", "found Python 3.9 ("),
        ({}, "", "", "needs Python 3.11, 3.12 or 3.13; found none"),
    ],
)
def test_make_takes_a_python_that_fits_and_says_what_it_found(tmp_path, here, stated, made, told):
    names = tmp_path / "my bin"
    for name, version in here.items():
        fake_python(names, name, version)
    for name in ("mkdir", "ln", "touch", "sh"):
        (names / name).parent.mkdir(exist_ok=True)
        (names / name).symlink_to(shutil.which(name))
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    words = [shutil.which("make"), "install", "CORES=1"]
    words += [f"PYTHON={names / stated}"] if stated else []
    done = subprocess.run(
        words, cwd=tmp_path, env={"PATH": str(names)}, capture_output=True, text=True
    )
    assert told in done.stdout + done.stderr
    assert (done.returncode == 0) is bool(made), done.stderr
    if made:
        assert (tmp_path / ".venv/version").read_text().strip() == made


def test_the_catalog_finds_what_it_asks_for():
    usage = yaml.safe_load(CATALOG.read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"] is True
    for name in ("workflow/Snakefile", "config/README.md", "config/config.yaml", "README.md"):
        assert (ROOT / name).is_file()
    # its search goes by these words
    assert {"snakemake", "workflow"} <= set(
        re.findall(r"\w+", (ROOT / "README.md").read_text().lower())
    )
