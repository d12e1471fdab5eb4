"""Image sets are shown and described; colorizers learn on them and colour their test pictures."""

from chromapal.worms.simulate import file_names

SETS = config["sets"]
RUNS = config["runs"]
PICTURE_COLORIZERS = methods.accepting("images")


def picture_params(run, colorizer):
    """Give the changes to a colorizer's defaults in one run."""
    return {**config["params"]["colorizers"].get(colorizer, {}), **RUNS[run]["params"]}


def lacks_weights(run, colorizer):
    """Say whether a method is nothing without weights, which a run does not name."""
    plain(methods.check_accepts, colorizer, "images")
    chosen = plain(methods.params, "colorizers", colorizer, picture_params(run, colorizer))
    return methods.lacks_weights(colorizer, chosen)


for name, run in RUNS.items():
    if unknown := sorted(set(run["sets"]) - set(SETS)):
        raise WorkflowError(
            f"config key 'runs.{name}.sets': found {unknown[0]}; expected one of {', '.join(SETS)}"
        )
TRAINED = [
    {"set": part, "run": name, "colorizer": colorizer}
    for name, run in RUNS.items()
    for part in run["sets"]
    for colorizer in run["colorizers"]
    if not lacks_weights(name, colorizer)
]
LEFT_OUT = [
    {"run": name, "colorizer": colorizer, "reason": "needs weights"}
    for name, run in RUNS.items()
    for colorizer in run["colorizers"]
    if lacks_weights(name, colorizer)
]
if not TRAINED:
    raise WorkflowError(
        "config key 'runs': no colorizer is left; found only those that need weights"
    )
for comparison in config["comparisons"]:
    for name in comparison["runs"]:
        known = [entry["colorizer"] for entry in TRAINED if entry["run"] == name]
        if missing := sorted(set(comparison["colorizers"]) - set(known)):
            raise WorkflowError(
                f"config key 'comparisons': run '{name}' has no {missing[0]}; expected runs that "
                "train the colorizers they are compared by"
            )


wildcard_constraints:
    set="|".join(map(re.escape, SETS)),
    run="|".join(map(re.escape, RUNS)),
    colorizer="|".join(PICTURE_COLORIZERS),


def simulated(name):
    """List the files of a set of simulated animals; none of any other set."""
    animals = SETS[name].get("simulate")
    if not animals:
        return []
    files = file_names.worm_files(animals["worms"], animals["laboratories"])
    return [f"results/{STUDY}/simulated/{name}/{file}" for file in files]


def set_files(wildcards):
    """List the files that have to be made before a set can be opened."""
    return simulated(wildcards.set)


def set_options(wildcards):
    """Give what a set is opened with."""
    options = {key: value for key, value in SETS[wildcards.set].items() if key != "simulate"}
    made = simulated(wildcards.set)
    return {**options, "source": made} if made else options


def run_pictures(wildcards):
    """Give how many training pictures a run takes at most."""
    return RUNS[wildcards.run]["pictures"]


def run_changes(wildcards):
    """Give the changes to a colorizer's defaults in a run."""
    return picture_params(wildcards.run, wildcards.colorizer)


def picture_train_code(wildcards):
    """Hash the code behind one colorizer of pictures."""
    return method_code("train_on_pictures.py", "colorizers", wildcards.colorizer)


def picture_colour_code(wildcards):
    """Hash the code behind one colorizer's pictures."""
    return method_code("colour_pictures.py", "colorizers", wildcards.colorizer)


for name in [name for name in SETS if simulated(name)]:

    rule:
        name:
            f"simulate_{name}"
        output:
            files=simulated(name),
        log:
            f"results/{STUDY}/logs/simulate_worms/{name}.log",
        conda:
            ENVIRONMENT
        params:
            code=code("simulate_worms.py"),
            seed=config["seed"],
            simulate=SETS[name]["simulate"],
        script:
            "../scripts/simulate_worms.py"


rule show_pictures:
    """Write a set's test pictures, in colour and gray."""
    input:
        files=set_files,
    output:
        folder=directory("results/{study}/shown/{set}"),
    log:
        "results/{study}/logs/show_pictures/{set}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("show_pictures.py"),
        options=set_options,
        seed=config["seed"],
    script:
        "../scripts/show_pictures.py"


rule show_micrographs:
    """Write the grayscale micrographs that have no colours to compare with."""
    output:
        folder=directory("results/{study}/micrographs"),
    log:
        "results/{study}/logs/show_micrographs.log",
    conda:
        ENVIRONMENT
    params:
        code=code("show_micrographs.py"),
        names=config["micrographs"],
    script:
        "../scripts/show_micrographs.py"


rule describe_pictures:
    """Count a set's pictures and colours, and find what stands on two sides."""
    input:
        files=set_files,
    output:
        folder=directory("results/{study}/cards/{set}"),
    log:
        "results/{study}/logs/describe_pictures/{set}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("describe_pictures.py"),
        options=set_options,
        seed=config["seed"],
    script:
        "../scripts/describe_pictures.py"


rule train_on_pictures:
    """Train one colorizer on a set's training pictures."""
    input:
        files=set_files,
    output:
        model=directory("results/{study}/models/{set}/{run}/{colorizer}"),
        losses="results/{study}/losses/{set}/{run}/{colorizer}.csv",
        facts="results/{study}/facts/{set}/{run}/{colorizer}.json",
    log:
        "results/{study}/logs/train_on_pictures/{set}/{run}/{colorizer}.log",
    conda:
        ENVIRONMENT
    threads: TRAINING["threads"]
    resources:
        gpu=colorizer_gpu,
        training=100 // TRAINING["parallel"],
    params:
        code=picture_train_code,
        options=set_options,
        changes=run_changes,
        pictures=run_pictures,
        seed=config["seed"],
        training_seed=TRAINING_SEED,
        device=TRAINING["device"],
        precision=TRAINING["precision"],
        training_threads=TRAINING["threads"],
        # outside the declared outputs, so that a killed training goes on where it was
        checkpoints="results/{study}/checkpoints/{set}/{run}/{colorizer}",
    script:
        "../scripts/train_on_pictures.py"


rule colour_pictures:
    """Colour a set's test pictures, and the micrographs."""
    input:
        files=set_files,
        model="results/{study}/models/{set}/{run}/{colorizer}",
    output:
        folder=directory("results/{study}/coloured/{set}/{run}/{colorizer}"),
    log:
        "results/{study}/logs/colour_pictures/{set}/{run}/{colorizer}.log",
    conda:
        ENVIRONMENT
    params:
        code=picture_colour_code,
        options=set_options,
        micrographs=config["micrographs"],
        seed=config["seed"],
        # one thread, so that the last bits do not depend on how many cores a run was given
        prediction_threads=1,
    script:
        "../scripts/colour_pictures.py"


rule score_pictures:
    """Compare coloured test pictures with the true ones."""
    input:
        shown="results/{study}/shown/{set}",
        coloured="results/{study}/coloured/{set}/{run}/{colorizer}",
        facts="results/{study}/facts/{set}/{run}/{colorizer}.json",
    output:
        scores="results/{study}/scored/{set}/{run}/{colorizer}.parquet",
    log:
        "results/{study}/logs/score_pictures/{set}/{run}/{colorizer}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("score_pictures.py"),
    script:
        "../scripts/score_pictures.py"
