"""Image sets are listed, shown and described; colorizers learn on them and colour their test pictures."""

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
SKIPPED = [
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
    """List the files that have to be made before pictures of a set can be read."""
    return simulated(wildcards.set)


def set_options(wildcards):
    """Give what a set is found and read with."""
    options = {key: value for key, value in SETS[wildcards.set].items() if key != "simulate"}
    made = simulated(wildcards.set)
    return {**options, "source": made} if made else options


def picture_method(wildcards):
    """Give what is trained in a run, with its changes, and on how many pictures."""
    return dict(
        colorizer=wildcards.colorizer,
        params=picture_params(wildcards.run, wildcards.colorizer),
        most=RUNS[wildcards.run]["pictures"],
        seed=config["seed"],
    )


for name in filter(simulated, SETS):

    rule:
        """Write the animals of a simulated set as NWB files."""
        name:
            f"simulate_{name}"
        output:
            simulated(name),
        log:
            f"results/{STUDY}/logs/simulate_worms/{name}.log",
        group:
            "pictures"
        conda:
            ENVIRONMENT
        params:
            **calls("worms.simulate.worms:simulate"),
            folder=folder_of_worms,
            params=SETS[name]["simulate"],
            seed=config["seed"],
        script:
            "../scripts/call.py"


rule list_pictures:
    """Look for a set's pictures and split them, once for all jobs that read them."""
    input:
        set_files,
    output:
        pictures="results/{study}/listed/{set}.parquet",
    log:
        "results/{study}/logs/list_pictures/{set}.log",
    group:
        "pictures"
    conda:
        ENVIRONMENT
    params:
        **calls("images.sets:list_pictures"),
        options=set_options,
        seed=config["seed"],
    script:
        "../scripts/call.py"


rule show_pictures:
    """Write a set's test pictures, in colour and gray."""
    input:
        set_files,
        pictures="results/{study}/listed/{set}.parquet",
    output:
        folder=directory("results/{study}/shown/{set}"),
    log:
        "results/{study}/logs/show_pictures/{set}.log",
    group:
        "pictures"
    conda:
        ENVIRONMENT
    params:
        **calls("images.shown:show"),
        options=set_options,
    script:
        "../scripts/call.py"


rule show_micrographs:
    """Write the grayscale micrographs that have no colours to compare with."""
    output:
        folder=directory("results/{study}/micrographs"),
    log:
        "results/{study}/logs/show_micrographs.log",
    group:
        "pictures"
    conda:
        ENVIRONMENT
    params:
        **calls("images.shown:show_micrographs"),
        names=config["micrographs"],
    script:
        "../scripts/call.py"


rule describe_pictures:
    """Count a set's pictures and colours, and find what stands on two sides."""
    input:
        set_files,
        pictures="results/{study}/listed/{set}.parquet",
    output:
        folder=directory("results/{study}/cards/{set}"),
    log:
        "results/{study}/logs/describe_pictures/{set}.log",
    group:
        "pictures"
    conda:
        ENVIRONMENT
    params:
        **calls("images.card:write_card"),
        options=set_options,
    script:
        "../scripts/call.py"


rule train_on_pictures:
    """Train one colorizer on a set's training pictures."""
    input:
        set_files,
        pictures="results/{study}/listed/{set}.parquet",
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
        **calls("colorizers.common.run_pictures:train", "src/chromapal/colorizers/{colorizer}.py"),
        options=set_options,
        method=picture_method,
        training=training_settings("{set}/{run}/{colorizer}", "device", "precision", "threads"),
    script:
        "../scripts/call.py"


rule colour_pictures:
    """Colour a set's test pictures, and the micrographs."""
    input:
        set_files,
        pictures="results/{study}/listed/{set}.parquet",
        model="results/{study}/models/{set}/{run}/{colorizer}",
    output:
        folder=directory("results/{study}/coloured/{set}/{run}/{colorizer}"),
    log:
        "results/{study}/logs/colour_pictures/{set}/{run}/{colorizer}.log",
    group:
        "colours"
    conda:
        ENVIRONMENT
    params:
        **calls("colorizers.common.run_pictures:colour", "src/chromapal/colorizers/{colorizer}.py"),
        options=set_options,
        micrographs=config["micrographs"],
        # one thread, so that the last bits do not depend on how many cores a run was given
        threads=1,
    script:
        "../scripts/call.py"


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
    group:
        "colours"
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.tables.scored_pictures:write_scores"),
    script:
        "../scripts/call.py"
