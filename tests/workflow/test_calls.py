"""Every rule's call, held against the function that it names; nothing is dropped in silence."""

import importlib
import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
)

from chromapal.worms.dandi import manifest
from tests import imports
from tests.colouring import gray_image, save, write_model
from tests.workflow import test_image_study, test_naming_study
from tests.workflow.conftest import ROOT, TINY, write_trained_model

CALL = ROOT / "workflow/scripts/call.py"


def script():
    """Import the script that rules run."""
    spec = importlib.util.spec_from_file_location("call", CALL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


call = script()


def planned(folder: Path, config: dict, target: str | None = None) -> tuple[set[str], list]:
    """Plan a study, or one target, as a dry run does; returns names of all rules, and the jobs."""
    (folder / "study.yaml").write_text(yaml.safe_dump(config))
    here, search = os.getcwd(), sys.path[:]
    try:
        with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
            study = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(configfiles=[folder / "study.yaml"]),
                snakefile=ROOT / "Snakefile",
                workdir=folder,
            )
            settings = DAGSettings(targets={target} if target else set())
            study.dag(settings).execute_workflow(executor="dryrun")
            workflow = study._workflow
            called = {rule.name for rule in workflow.rules if hasattr(rule.params, "call")}
            jobs = [job for job in workflow.dag.jobs if job.rule.name in called]
            return called, [(job.rule.name, *facts(job)) for job in jobs]
    finally:
        os.chdir(here)
        sys.path[:] = search


def facts(job) -> tuple[dict, ...]:
    """Return a job's named inputs, params, outputs, and its wildcards."""
    parts = (job.input, job.params, job.output, job.wildcards)
    return tuple(dict(part.items()) for part in parts)


def tiny(folder):
    return TINY


def naming(folder):
    test_naming_study.write_inputs(folder)
    return test_naming_study.NAMING


def audited(folder):
    return naming(folder)


def images(folder):
    return {**test_image_study.STUDY, "micrographs": ["cell"]}


def new_worms(folder):
    write_trained_model(folder / "results/kept")
    (folder / "new/LAB").mkdir(parents=True)
    (folder / "new/LAB/w.csv").write_text("x,y,z,xr,yr,zr,gray\n")
    (folder / "said").mkdir()
    (folder / "said/anchors.csv").write_text("neuron,says,lab,worm\n")
    return {
        "model": "results/kept", "worms": "new", "nwb": True, "napari": True, "anchors": "said",
    }  # fmt: skip


def colour(folder):
    write_model(folder / "results/s/models/set/run/mean_colour")
    save(gray_image(8, 9), folder / "new/a.png")
    return {"model": "results/s/models/set/run/mean_colour", "images": "new"}


def aligned(folder):
    return {**TINY, "align": "pose"}


def archive(folder, download):
    """Write what was listed of an archive, so that nothing is asked of one."""
    version, digest = "0.240101.0000", "sha256:" + "0" * 64
    listed = [
        manifest.Asset(
            "LAB",
            "000001",
            version,
            f"00000000-0000-4000-8000-00000000000{n}",
            f"w{n}.nwb",
            9,
            digest,
        )
        for n in range(1, 7)
    ]
    manifest.write(listed, folder / "listed.csv")
    dandiset = {"id": "000001", "version": version, "leave_out": {"w6.nwb": "blurred"}}
    found = {"manifest": "listed.csv", "download": download, "dandisets": {"LAB": dandiset}}
    return {key: value for key, value in TINY.items() if key != "simulate"} | {
        "source": "dandi", "dandi": found,
    }  # fmt: skip


def streamed(folder):
    return archive(folder, False)


def fetched(folder):
    return archive(folder, True)


CASES = {
    case.__name__: case
    for case in (tiny, aligned, naming, audited, images, new_worms, colour, streamed, fetched)
}
# What no study makes unless asked.
TARGETS = {"audited": "results/naming/audit/audit.html"}


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Return the rules and jobs of studies of all kinds, by name."""
    made = {}
    for name, case in CASES.items():
        folder = tmp_path_factory.mktemp(name)
        made[name] = planned(folder, case(folder), TARGETS.get(name))
    return made


@pytest.mark.parametrize("case", CASES)
def test_every_job_gives_a_function_what_it_takes_and_nothing_else(plans, case):
    for rule, inputs, given, outputs, wildcards in plans[case][1]:
        params = dict(given)
        module, name = params.pop("call").split(":")
        function = getattr(importlib.import_module(f"chromapal.{module}"), name)
        offered = {**wildcards, "code": params.pop("code", "")}
        try:
            call.bind(function, inputs, params, outputs, offered)
        except TypeError as error:
            pytest.fail(f"rule {rule}: {error}")


def test_what_is_called_is_among_what_jobs_import(plans):
    called = {params["call"] for _, jobs in plans.values() for _, _, params, *_ in jobs}
    modules = {f"chromapal.{call.split(':')[0]}" for call in called}
    assert len(modules) > 30 and modules <= set(imports.modules())


def test_every_rule_has_a_job_in_one_of_these_studies(plans):
    rules = {rule for called, _ in plans.values() for rule in called}
    assert rules == {rule for _, jobs in plans.values() for rule, *_ in jobs}


@pytest.mark.parametrize("case", CASES)
def test_every_figure_stands_in_a_section_that_the_notebook_has(plans, case):
    for rule, _, params, *_ in plans[case][1]:
        if rule == "write_report":
            code = imports.source(ROOT / params["notebook"])
            sections = set(re.findall(r'section\(\s*"(.+?)"', code))
            assert {row["section"] for row in params["parameters"]["drawn"]} <= sections


@dataclass(frozen=True)
class Settings:
    size: int = 1


def draw(table, size: Settings, grid, out, code="none"):
    return table, size, grid, out, code


def test_arguments_are_bound_by_name():
    offered = {"grid": "8", "study": "tiny", "code": "ab"}
    bound = call.bind(draw, {"table": "a.csv"}, {"size": {"size": 2}}, {"figure": "a.png"}, offered)
    assert draw(*bound.args, **bound.kwargs) == ("a.csv", Settings(2), "8", "a.png", "ab")


@pytest.mark.parametrize(
    ("inputs", "params", "outputs", "why"),
    [
        ({}, {"size": {}}, {"figure": ""}, "missing a required argument: 'table'"),
        ({"table": "", "other": ""}, {"size": {}}, {"figure": ""}, "unexpected keyword .*'other'"),
        ({"table": ""}, {"size": {}}, {"figure": "", "page": ""}, "missing .*'out'"),
        ({"table": ""}, {"size": {}, "table": ""}, {"figure": ""}, "multiple values .*'table'"),
        ({"table": ""}, {"size": {}, "grid": 1}, {"figure": ""}, "multiple values .*'grid'"),
        ({"table": ""}, {"size": {"sizes": 1}}, {"figure": ""}, "unexpected .*'sizes'"),
    ],
)
def test_a_name_too_many_or_too_few_is_an_error(inputs, params, outputs, why):
    with pytest.raises(TypeError, match=why):
        call.bind(draw, inputs, params, outputs, {"grid": "8"})
