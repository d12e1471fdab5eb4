"""Classifiers name the neurons from position, gray, true colour and predicted colour."""


def served_runs(variant):
    """List the cross-fitted runs that predict colours for one variant."""
    return [run for run in CROSS_FITTED if variant in run["variants"]]


def served_colours(wildcards):
    """List the predicted colours that naming one fold needs: its own and its pairs'."""
    fold = wildcards.fold.removeprefix("fold")
    folds = [wildcards.fold, *(p for p in PAIRS if fold in p.removeprefix("fold").split("-"))]
    return [
        f"{path}.parquet"
        for run in served_runs(wildcards.variant)
        for path in run_colours({**run, "variants": [wildcards.variant]}, folds)
        # a baseline's predicted colour is gray or constant: no feature of its own
        if not path.removeprefix(f"results/{STUDY}/colours/").startswith(BASELINES)
    ]


rule classify_neurons:
    """Name one fold's test neurons with one classifier, from every feature set."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        colours=served_colours,
    output:
        names="results/{study}/identities/{classifier}/{variant}/{fold}.parquet",
    log:
        "results/{study}/logs/classify_neurons/{classifier}/{variant}/{fold}.log",
    params:
        code=classify_code,
        changes=classifier_params,
        features=IDENTIFY["features"],
        neighbours=config["smote"]["neighbours"],
        seed=config["seed"],
    conda:
        ENVIRONMENT
    script:
        "../scripts/classify_neurons.py"
