"""Validated config, study discovery and code digests, shared by all rules."""

import contextlib
import datetime
import functools
import json
import logging
import os
import re
import shutil
import sys

import yaml
from snakemake.logging import logger
from snakemake.utils import validate

# Scripts inherit this search path, in conda environments too.
sys.path.insert(0, str(ROOT / "src"))

from chromapal import config_files, files, methods, provenance, written
from chromapal.errors import InputError, NoSpaceError, one_line
from chromapal.apply import plan as apply_plan
from chromapal.worms.slugs import path_fault, require_path

# On a full disk Snakemake cannot write its own records: one line, not a traceback for each.
logging.raiseExceptions = False


def stop(line):
    """End the run with one line, below which Snakemake would say where in its files it was raised."""
    logger.error(f"error: {one_line(line)}")
    raise SystemExit(1)


if workflow.is_main_process and shutil.disk_usage(Path.cwd()).free < 2**20:
    stop(str(NoSpaceError(Path.cwd())))

# Threads of several jobs share the cores: one that waits must sleep, not spin.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

ENVIRONMENT = "../../envs/chromapal.yaml"
# What a finished study can be applied to, by the target: new worms, other images.
APPLICATIONS = ("apply", "colour")


def kind_of(config):
    """Choose the schema of the keys: images to colour, new worms, a study of images or of neurons."""
    if "images" in config:
        return "colour"
    if {"model", "worms"} & set(config):
        return "apply"
    return "images" if "sets" in config else "config"


def converted(value, schema):
    """Convert a value from `--config` to its key's type: `nwb=true` to a bool, `worms=2023` to text."""
    kind = schema.get("type") if schema else None
    if isinstance(value, str) and kind in ("boolean", "object", "array"):
        with contextlib.suppress(yaml.YAMLError, ValueError, RecursionError):
            return yaml.safe_load(value)
    # a bool is an int as well, and no name
    if kind == "string" and type(value) in (int, float, datetime.date):
        return str(value)
    return value


def with_home(value):
    """Write the home folder for `~` in all paths of the config, as a shell does for what is typed."""
    if isinstance(value, dict):
        return {key: with_home(part) for key, part in value.items()}
    if isinstance(value, list):
        return [with_home(part) for part in value]
    if isinstance(value, str) and re.match(r"~([a-z_][\w-]*)?(/|$)", value):
        return os.path.expanduser(value)
    return value


def keys(kind):
    """Return the schemas of a kind of study's keys, by key."""
    return json.loads((ROOT / f"workflow/schemas/{kind}.schema.json").read_text())["properties"]


def without_study_keys(config, kind):
    """Drop the keys of a study from a config file that has those of new worms or images too.

    A key that both have, such as `nwb`, is taken to be the study's in such a file.
    """
    apply_keys, *study_keys = (set(keys(name)) for name in (kind, "config", "images"))
    known = set().union(*study_keys)
    stated = set(workflow.config_settings.config if "study" in config else config)
    kept = apply_keys & stated | set(config) - known
    return {key: value for key, value in config.items() if key in kept}


def validated(config):
    """Check the study's keys against its schema and fill in defaults; name the key at fault.

    Snakemake's `validate` checks and fills in. It does not handle: values that `--config` gives as
    text (`converted`); keys of two schemas in one file (`without_study_keys`); a message of one line that
    names the key, where Snakemake prints the whole schema; braces, which no schema forbids.
    """
    kind = kind_of(config)
    if kind in APPLICATIONS:
        config = without_study_keys(config, kind)
    known = keys(kind)
    config = written.with_names(config, workflow.configfiles, known)
    config |= written.stated(workflow.config_settings.config_args or (), known)
    config = {key: converted(value, known.get(key)) for key, value in config.items()}
    checked(config_files.check, config)
    schema = str(ROOT / f"workflow/schemas/{kind}.schema.json")
    try:
        # first without defaults: filling them in, it fails over a text in place of an object
        validate(config, schema, set_default=False)
        validate(config, schema)
    except WorkflowError as error:
        fault = error.__context__
        key = ".".join(str(part) for part in fault.absolute_path) or "top level"
        stop(f"config key '{key}': {fault.message} (see config/README.md)")
    for key, value in config.items():
        # Snakemake puts other text in place of some parts of what it passes to rules
        if isinstance(value, str) and (fault := path_fault(value)):
            stop(f"config key '{key}': found {fault} in {value!r}; expected none")
    return with_home(config)


def checked(action, *arguments):
    """Run a step that checks the user's input; an InputError ends the run with one line."""
    try:
        return action(*arguments)
    except InputError as error:
        stop(str(error))


KIND = kind_of(config)
config = validated(config)
if KIND in APPLICATIONS:
    RESULTS = checked(apply_plan.results_folder, config)
else:
    STUDY = config["study"]
    RESULTS = f"results/{STUDY}"
    TRAINING = config["training"]
    TRAINING_SEED = config["seed"] if TRAINING["seed"] is None else TRAINING["seed"]

    wildcard_constraints:
        study=STUDY,


if workflow.is_main_process:
    # Snakemake's own records are in the working directory.
    for folder in (".snakemake", RESULTS):
        checked(files.require_writable, folder)
    if not workflow.output_settings.dryrun:
        files.remove_orphans(RESULTS)


@functools.cache
def stamp(*names):
    """Hash files, their imports and the pinned versions; the files' names follow the hash."""
    digest = provenance.digest(*(ROOT / name for name in names), extra=(provenance.lock_digest(),))
    return " ".join([digest, *names])


def calls(function, *files):
    """Return the params with which rules call a function of the package: its name and a code digest.

    The hash covers the function's module with all that it imports, and `files` that it loads by
    name, such as a method's file: paths, with wildcards or not, or functions that list some.
    """
    home = f"src/chromapal/{function.split(':')[0].replace('.', '/')}.py"

    def code(wildcards):
        known, named = dict(wildcards.items()), []
        for file in files:
            named += file(wildcards) if callable(file) else [file.format(**known)]
        return stamp("workflow/scripts/call.py", home, *named)

    return {"call": function, "code": code}


def paths(entries):
    """List the files that entries describe."""
    return [entry["path"] for entry in entries]


def tables(*names):
    """Return finished tables of the study, each by its name."""
    return {name: f"results/{{study}}/tables/{name}.csv" for name in names}


def training_settings(cell, *keys):
    """Return the study's training settings, the seed of networks, and the folder of checkpoints.

    Checkpoints lie outside the declared outputs, so that a killed training resumes.
    """

    def settings(wildcards):
        folder = f"{RESULTS}/checkpoints/{cell}".format(**dict(wildcards.items()))
        stated = {key: TRAINING[key] for key in keys}
        return {**stated, "seed": TRAINING_SEED, "checkpoints": folder}

    return settings


def cluster_group(name):
    """Put a small rule into a group, whose jobs share one job of the cluster (profiles/slurm).

    Only the run that submits knows of groups. The run inside a cluster's job would group its jobs
    again and ask for the cores of all at once, as it is not told that they take turns.
    """
    return name if workflow.is_main_process else None


def gpu_of(kind, name):
    """Ask for a GPU where a method declares that it trains a network."""
    return int(methods.declared(kind, name, "gpu"))


def colorizer_gpu(wildcards):
    """Ask for a GPU for a colorizer that is a network."""
    return gpu_of("colorizers", wildcards.colorizer)


def folder_of_worms(wildcards, output):
    """Return the folder that simulated worms are written to, from the file of the first."""
    return str(Path(output[0]).parents[1])


STALE = provenance.stale(f"{RESULTS}/logs") if workflow.is_main_process else []
if STALE:
    logger.warning(
        f"{len(STALE)} results in {RESULTS} were computed with other code, for example "
        f"{STALE[0]}; what Snakemake does not list below as a job stays as it is "
        "(--forcerun RULE computes it again)."
    )
