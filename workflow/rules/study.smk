"""A study of neurons: its worms, folds and runs, shared by its rules."""

from chromapal import columns
from chromapal.worms import plan, registry
from chromapal.worms.dandi import plan as dandi_plan

RUNS = config["runs"] if config["colorize"] else []
IDENTIFY = config["identify"]
WHOLE_WORMS = methods.declaring("classifiers", "whole_worms")


if config["peers"] and not Path(config["peers"]).is_file():
    stop(f"config key 'peers': found no file {config['peers']}; expected a CSV of accuracies")
NEED_ALIGN = {
    "anchors": config["anchors"],
    "peers": config["peers"],
    "handedness": config["handedness"] == "labels",
    "identify.anchors": IDENTIFY["anchors"],
    "identify.ablations": IDENTIFY["ablations"],
}
for key in [key for key, asked in NEED_ALIGN.items() if asked and config["align"] == "none"]:
    stop(f"config key '{key}': needs aligned worms; found align 'none', expected pose or nonrigid")
FRAME = config["frame"]
if FRAME == "auto":
    FRAME = "recorded" if config["align"] == "none" else "body"
if FRAME == "body" and config["align"] == "none":
    stop("config key 'frame': body axes need aligned worms; found align 'none', expected nonrigid")
SOURCE = checked(registry.source, config["source"])
if workflow.output_settings.dryrun:
    checked(dandi_plan.check_dry_run, config)
SOURCES = checked(SOURCE.files, config)
BATCHES = plan.batches(SOURCES)
NO_FILES = SOURCE.no_files(config)
FOLDS = checked(plan.fold_count, config, list(SOURCES.values()))
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
    """Return the changes to a colorizer's defaults in one run."""
    return {**config["params"]["colorizers"].get(colorizer, {}), **run["params"]}


CROSS_FITTED = [run for run in RUNS if run["cross_fit"]]
for run in RUNS:
    for name in run["colorizers"]:
        checked(methods.check_accepts, name, "neurons")
        checked(methods.params, "colorizers", name, run_params(run, name))
    unknown = set(run_folds(run)) - set(FOLD_NAMES)
    if unknown:
        stop(f"config key 'runs': {sorted(unknown)} named; the study has {FOLDS}")
for name in IDENTIFY["classifiers"]:
    checked(methods.params, "classifiers", name, config["params"]["classifiers"].get(name))
if CROSS_FITTED and (FOLDS < 3 or config["split"] == "rows"):
    stop(
        "config key 'runs.cross_fit': needs at least 3 folds of whole worms; "
        f"found split '{config['split']}' with {FOLDS}"
    )
if len({(s, g) for run in CROSS_FITTED for s in run["samples"] for g in run["grids"]}) > 1:
    stop("config key 'runs': cross-fitted runs must share one sample and one grid")


wildcard_constraints:
    source="|".join(map(re.escape, SOURCES)),
    batch="|".join(BATCHES),
    colorizer="|".join(methods.accepting("neurons")),
    classifier="|".join(methods.names("classifiers")),
    variant="|".join(columns.VARIANTS),
    sample="neuron|worm",
    features="|".join(map(re.escape, columns.ALIGNABLE)),
    grid=r"\d+",
    fold=r"fold\d+(-\d+)?",


def run_settings(wildcards):
    """Return which colorizer is trained, how the study changes it, and on which samples."""
    cell = {"colorizers": wildcards.colorizer, "variants": wildcards.variant}
    cell |= {"samples": wildcards.sample, "grids": int(wildcards.grid)}
    run = next(run for run in RUNS if all(value in run[key] for key, value in cell.items()))
    return {
        **{key.removesuffix("s"): value for key, value in cell.items()},
        "params": run_params(run, wildcards.colorizer),
        "slab_um": config["slab_um"],
    }


def task_settings(wildcards):
    """Return which classifier names neurons, how the study changes it, and from what."""
    return {
        "classifier": wildcards.classifier,
        "params": config["params"]["classifiers"].get(wildcards.classifier, {}),
        "variant": wildcards.variant,
        "features": IDENTIFY["features"],
    }


def classifier_gpu(wildcards):
    """Ask for a GPU for a classifier that is a network."""
    return gpu_of("classifiers", wildcards.classifier)


def classifier_training(wildcards):
    """Keep trainings off the GPU beside such a classifier, unless the study lets them share it."""
    alone = TRAINING["device"] != "cpu" and TRAINING["parallel"] == 1
    return 100 * classifier_gpu(wildcards) * alone


def classifier_training_settings(wildcards):
    """Say where and how a classifier learns; a network's seed is that of all networks."""
    cell = "identities/{classifier}/{variant}/{fold}"
    settings = training_settings(cell, "device")(wildcards)
    if not classifier_gpu(wildcards):
        settings["seed"] = config["seed"]
    return settings
