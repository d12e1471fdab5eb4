"""A study of images: its sets, runs and models, shared by its rules."""

from collections import Counter

from chromapal.worms.simulate import file_names

SETS = config["sets"]
RUNS = config["runs"]
IMAGE_COLORIZERS = methods.accepting("images")


def image_params(run, colorizer):
    """Return the changes to a colorizer's defaults in one run, with a tenth of its steps if quick."""
    changes = {**config["params"]["colorizers"].get(colorizer, {}), **RUNS[run]["params"]}
    if config["budget"] == "quick":
        chosen = checked(methods.params, "colorizers", colorizer, changes)
        stepped = [key for key in ("steps", "epoch_steps") if hasattr(chosen, key)]
        changes |= {key: max(1, getattr(chosen, key) // 10) for key in stepped}
    return changes


def lacks_weights(run, colorizer):
    """Whether a method cannot work without weights, and a run names none."""
    checked(methods.check_accepts, colorizer, "images")
    chosen = checked(methods.params, "colorizers", colorizer, image_params(run, colorizer))
    return methods.lacks_weights(colorizer, chosen)


for name, run in RUNS.items():
    if unknown := sorted(set(run["sets"]) - set(SETS)):
        stop(
            f"config key 'runs.{name}.sets': found {unknown[0]}; expected one of {', '.join(SETS)}"
        )
for name, options in SETS.items():
    of_folder = options["kind"] in ("photographs", "patches")
    if of_folder and not options.setdefault("folder", config["folder"]):
        stop(f"config key 'sets.{name}.folder': found none; expected a folder, or key 'folder'")
TRAINED = [
    {"set": set_name, "run": name, "colorizer": colorizer}
    for name, run in RUNS.items()
    for set_name in run["sets"]
    for colorizer in run["colorizers"]
    if not lacks_weights(name, colorizer)
]
SKIPPED = [
    {"run": name, "colorizer": colorizer, "reason": "needs weights"}
    for name, run in RUNS.items()
    for colorizer in run["colorizers"]
    if lacks_weights(name, colorizer)
]
if not TRAINED:
    stop("config key 'runs': no colorizer is left; found only those that need weights")
for comparison in config["comparisons"]:
    for name in comparison["runs"]:
        known = [entry["colorizer"] for entry in TRAINED if entry["run"] == name]
        if missing := sorted(set(comparison["colorizers"]) - set(known)):
            stop(
                f"config key 'comparisons': run '{name}' has no {missing[0]}; expected runs that "
                "train the colorizers they are compared by"
            )


wildcard_constraints:
    set="|".join(map(re.escape, SETS)),
    run="|".join(map(re.escape, RUNS)),
    colorizer="|".join(IMAGE_COLORIZERS),


def simulated(name):
    """List the files of a set of simulated worms; none of any other set."""
    worms = SETS[name].get("simulate")
    if not worms:
        return []
    files = file_names.worm_files(worms["worms"], worms["laboratories"])
    return [f"results/{STUDY}/simulated/{name}/{file}" for file in files]


def set_files(wildcards):
    """List the simulated files that a set is read from, if any."""
    return simulated(wildcards.set)


def set_options(wildcards):
    """Return the options with which a set is listed and read."""
    options = {key: value for key, value in SETS[wildcards.set].items() if key != "simulate"}
    files = simulated(wildcards.set)
    return {**options, "source": files} if files else options


def image_method(wildcards):
    """Describe the training of a run: method, parameters, number of images."""
    return dict(
        colorizer=wildcards.colorizer,
        params=image_params(wildcards.run, wildcards.colorizer),
        most=RUNS[wildcards.run]["pictures"],
        seed=config["seed"],
        micrographs=config["micrographs"],
    )


def trained(folder, suffix=""):
    """List one entry per trained model, with the path of its file in a folder of the study."""
    path = f"results/{STUDY}/{folder}/{{set}}/{{run}}/{{colorizer}}{suffix}"
    return [{**entry, "path": path.format(**entry)} for entry in TRAINED]


COLOURED = trained("coloured")
# Sets that a run trains on; the report only shows and describes the others.
SETS_TRAINED = [name for name in SETS if name in {entry["set"] for entry in TRAINED}]


def fullest_run(name):
    """Return the run that trains most methods on a set; the first one, where several do."""
    counts = Counter(entry["run"] for entry in TRAINED if entry["set"] == name)
    return counts.most_common(1)[0][0]


def fullest(name, entries):
    """List those entries, with a path for each model, that are of that run."""
    wanted = (name, fullest_run(name))
    return [entry for entry in entries if (entry["set"], entry["run"]) == wanted]


def of_fullest_run(name, figure, **more):
    """Return the inputs and params that figures of one set and run have in common.

    `more` are other files of its models: entries by the name of a param.
    """
    entries = {key: fullest(name, each) for key, each in {"coloured": COLOURED, **more}.items()}
    return {
        "module": figure,
        "after": [path for each in entries.values() for path in paths(each)],
        "params": dict(**entries, name=name, run=fullest_run(name)),
    }
