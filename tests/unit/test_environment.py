"""Every job has an environment, and everything that jobs import is pinned in it."""

import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
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


def test_the_catalog_finds_what_it_asks_for():
    usage = yaml.safe_load(CATALOG.read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"] is True
    for name in ("workflow/Snakefile", "config/README.md", "config/config.yaml", "README.md"):
        assert (ROOT / name).is_file()
    # its search goes by these words
    assert {"snakemake", "workflow"} <= set(
        re.findall(r"\w+", (ROOT / "README.md").read_text().lower())
    )
