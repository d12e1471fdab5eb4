"""Validated config, study discovery and code digests, shared by all rules."""

import json
import os
import re
import sys
from pathlib import Path

import jsonschema
import referencing
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

ROOT = Path(workflow.basedir)
# Scripts run with the runner's search path, in conda environments too.
sys.path.insert(0, str(ROOT / "src"))

from chromapal import methods, provenance
from chromapal.errors import InputError
from chromapal.worms import plan

# Threads of several jobs share the cores: one that waits must sleep, not spin.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

ENVIRONMENT = "../../envs/chromapal.yaml"


def validated(config):
    """Check the study's keys against the schema and fill in defaults; name the key at fault."""
    files = (ROOT / "workflow/schemas").glob("*.schema.json")
    schemas = {path.name: json.loads(path.read_text()) for path in files}
    registry = referencing.Registry().with_contents(schemas.items())
    schema = schemas["config.schema.json"]
    validator = jsonschema.Draft202012Validator(schema, registry=registry)
    for error in sorted(validator.iter_errors(config), key=lambda error: str(error.path)):
        key = ".".join(str(part) for part in error.absolute_path) or "top level"
        raise WorkflowError(f"config key '{key}': {error.message} (see config/README.md)")
    return with_defaults(config, schema, schemas)


def with_defaults(value, schema, schemas):
    """Fill in the schema's defaults, at every level; `schemas` by file name."""
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    if isinstance(value, dict):
        for key, part in schema.get("properties", {}).items():
            if key not in value and "default" in part:
                value[key] = json.loads(json.dumps(part["default"]))
            if key in value:
                value[key] = with_defaults(value[key], part, schemas)
    if isinstance(value, list) and "items" in schema:
        return [with_defaults(item, schema["items"], schemas) for item in value]
    return value


def plain(action, *arguments):
    """Run a step that checks the user's input; a mistake ends the run with its one line."""
    try:
        return action(*arguments)
    except InputError as error:
        raise WorkflowError(str(error)) from None


config = validated(config)
STUDY = config["study"]
TRAINING = config["training"]
RUNS = config["runs"] if config["colorize"] else []
IDENTIFY = config["identify"]


if config["peers"] and not Path(config["peers"]).is_file():
    raise WorkflowError(
        f"config key 'peers': found no file {config['peers']}; expected a CSV of accuracies"
    )
NEED_ALIGN = {
    "anchors": config["anchors"],
    "peers": config["peers"],
    "handedness": config["handedness"] == "labels",
    "identify.anchors": IDENTIFY["anchors"],
    "identify.ablations": IDENTIFY["ablations"],
}
for key in [key for key, asked in NEED_ALIGN.items() if asked and config["align"] == "none"]:
    raise WorkflowError(
        f"config key '{key}': needs aligned animals; found align 'none', expected pose or nonrigid"
    )
SOURCES = plain(plan.source_files, config)
FOLDS = plain(plan.fold_count, config, list(SOURCES.values()))
FOLD_NAMES = [f"fold{k}" for k in range(FOLDS)]
PAIRS = [f"fold{a}-{b}" for a in range(FOLDS) for b in range(a + 1, FOLDS)]


def run_folds(run):
    """List the folds a run trains, without the pairs of its cross-fitting."""
    return FOLD_NAMES if run["folds"] == "all" else [f"fold{k}" for k in run["folds"]]


def run_colours(run, folds, pattern="results/{study}/colours"):
    """List one file per colorizer, variant, sample, grid and fold of a run."""
    return expand(
        f"{pattern}/{{colorizer}}/{{variant}}/{{sample}}/grid{{grid}}/{{fold}}",
        study=STUDY,
        colorizer=run["colorizers"],
        variant=run["variants"],
        sample=run["samples"],
        grid=run["grids"],
        fold=folds,
    )


def run_params(run, colorizer):
    """Give the changes to a colorizer's defaults in one run."""
    return {**config["params"]["colorizers"].get(colorizer, {}), **run["params"]}


CROSS_FITTED = [run for run in RUNS if run["cross_fit"]]
for run in RUNS:
    for name in run["colorizers"]:
        plain(methods.params, "colorizers", name, run_params(run, name))
    unknown = set(run_folds(run)) - set(FOLD_NAMES)
    if unknown:
        raise WorkflowError(f"config key 'runs': {sorted(unknown)} named; the study has {FOLDS}")
for name in IDENTIFY["classifiers"]:
    plain(methods.params, "classifiers", name, config["params"]["classifiers"].get(name))
if CROSS_FITTED and (FOLDS < 3 or config["split"] == "rows"):
    raise WorkflowError(
        "config key 'runs.cross_fit': needs at least 3 folds of whole animals; "
        f"found split '{config['split']}' with {FOLDS}"
    )
if len({(s, g) for run in CROSS_FITTED for s in run["samples"] for g in run["grids"]}) > 1:
    raise WorkflowError("config key 'runs': cross-fitted runs must share one sample and one grid")


wildcard_constraints:
    study=STUDY,
    source="|".join(map(re.escape, SOURCES)),
    colorizer="|".join(methods.names("colorizers")),
    classifier="|".join(methods.names("classifiers")),
    variant="with_background|no_background|no_background_smote",
    sample="neuron|worm",
    cue=r"position(\+(gray|luminance|white|rgb))?",
    grid=r"\d+",
    fold=r"fold\d+(-\d+)?",


def code(script, *more):
    """Hash what a job computes with: script, imports, methods reached by name, and pins."""
    names = [f"workflow/scripts/{script}", *more]
    digest = provenance.digest(*(ROOT / name for name in names), extra=(provenance.lock_digest(),))
    return " ".join([digest, *names])


def method_code(script, kind, name):
    """Hash a script together with the one method that it reaches by name."""
    return code(script, f"src/chromapal/{kind}/{name}.py")


def train_code(wildcards):
    """Hash the code behind one colorizer."""
    return method_code("train_colorizer.py", "colorizers", wildcards.colorizer)


def predict_code(wildcards):
    """Hash the code behind one colorizer's predictions."""
    return method_code("predict_colours.py", "colorizers", wildcards.colorizer)


def classify_code(wildcards):
    """Hash the code behind one classifier."""
    return method_code("classify_neurons.py", "classifiers", wildcards.classifier)


def colorizer_params(wildcards):
    """Give the study's changes to one colorizer's defaults, in the run that trains it."""
    cell = {"colorizers": wildcards.colorizer, "variants": wildcards.variant}
    cell |= {"samples": wildcards.sample, "grids": int(wildcards.grid)}
    run = next(run for run in RUNS if all(value in run[key] for key, value in cell.items()))
    return run_params(run, wildcards.colorizer)


def classifier_params(wildcards):
    """Give the study's changes to one classifier's defaults."""
    return config["params"]["classifiers"].get(wildcards.classifier, {})


def gpu_claim(wildcards):
    """Claim the GPU for a training, unless the study says that trainings share the machine."""
    return int(TRAINING["device"] != "cpu" and TRAINING["parallel"] == 1)


def classifier_gpu_claim(wildcards):
    """Claim the GPU for a classifier that is a network of our own."""
    return gpu_claim(wildcards) if wildcards.classifier == "neuron_transformer" else 0


STALE = provenance.stale(f"results/{STUDY}/logs") if workflow.is_main_process else []
if STALE:
    logger.warning(
        f"{len(STALE)} results of study '{STUDY}' were computed with other code, for example "
        f"{STALE[0]}; what Snakemake does not list below as a job stays as it is "
        "(--forcerun RULE computes it again)."
    )
