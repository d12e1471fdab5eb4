"""The profile for Slurm asks for what jobs need; no cluster is needed to see it."""

import importlib.util
import re

import pytest

from tests.workflow.conftest import ROOT, TINY, snakemake

PROFILE = ["--workflow-profile", str(ROOT / "profiles/slurm"), "--executor", "dryrun"]
BASELINES = {"mean_colour", "copy_gray"}
# a study that trains networks of both kinds, and keeps a model
STUDY = {
    **TINY,
    "align": "pose",
    "identify": {
        "classifiers": ["neuron_transformer", "random_forest"],
        "variants": ["no_background"],
        "features": ["position"],
    },
}


def planned(folder, study, *arguments) -> list[tuple[str, str, dict[str, str], dict[str, str]]]:
    """List the rule, indentation, wildcards and resources of every job."""
    done = snakemake(folder, study, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    # those of a group stand indented
    pattern = r"^( *)rule (\w+):\n((?:\1    .*\n)+)"
    found = []
    for indent, rule, facts in re.findall(pattern, done.stdout + done.stderr, re.MULTILINE):
        lines = dict(line.strip().split(": ", 1) for line in facts.splitlines())
        wildcards, resources = (
            dict(re.findall(r"(\w+)=([^,]+)", lines.get(name, "")))
            for name in ("wildcards", "resources")
        )
        found.append((rule, indent, wildcards, resources))
    return found


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("snakemake-executor-plugin-slurm is not installed")
    return planned(tmp_path_factory.mktemp("study"), STUDY, *PROFILE)


def test_only_long_jobs_have_a_job_of_the_cluster_to_themselves(jobs):
    alone = {rule for rule, indent, *_ in jobs if not indent}
    assert alone == {"train_colorizer", "align_neurons", "classify_worms", "train_model", "all"}


def test_what_trains_a_network_asks_for_the_gpu_and_nothing_else_does(jobs):
    asking, others = set(), set()
    assert len(jobs) > 50
    for rule, _, wildcards, resources in jobs:
        method = wildcards.get("colorizer", wildcards.get("classifier", ""))
        (asking if resources["gpu"] == "1" else others).add((rule, method))
        assert resources["gpu"] in ("0", "1")
    assert asking == {
        ("train_colorizer", "resnet18_fusion"),
        ("classify_worms", "neuron_transformer"),
        ("train_model", ""),
    }
    assert {("train_colorizer", name) for name in BASELINES} <= others
    assert ("classify_neurons", "random_forest") in others


def test_on_one_machine_networks_train_one_after_another(tmp_path):
    jobs = planned(tmp_path, {**STUDY, "training": {"threads": 1, "parallel": 1}}, "-n")
    places = {
        rule: resources["training"] for rule, _, _, resources in jobs if resources.get("gpu") == "1"
    }
    # all of those that profiles/default gives out
    assert places == {"train_colorizer": "100", "classify_worms": "100", "train_model": "100"}
