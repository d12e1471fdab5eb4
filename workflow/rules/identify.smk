"""Classifiers name the neurons from position, gray, true colour and predicted colour."""


def cross_fitted_colours(wildcards):
    """Map each cross-fitted colorizer to its own fold's colours and its pairs', by name."""
    fold = wildcards.fold.removeprefix("fold")
    pairs = [pair for pair in PAIRS if fold in pair.removeprefix("fold").split("-")]
    found = {}
    for run in CROSS_FITTED:
        for name in run["colorizers"] if wildcards.variant in run["variants"] else []:
            cell = {**run, "colorizers": [name], "variants": [wildcards.variant]}
            own, *others = [
                f"{path}.parquet" for path in run_colours(cell, [wildcards.fold, *pairs])
            ]
            found[name] = (own, list(zip(pairs, others)))
    return found


def served_colours(wildcards):
    """List the predicted colours that naming one fold needs."""
    return [
        path
        for own, pairs in cross_fitted_colours(wildcards).values()
        for path in (own, *(path for _, path in pairs))
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
    conda:
        ENVIRONMENT
    params:
        code=classify_code,
        changes=classifier_params,
        cross_fitted=cross_fitted_colours,
        features=IDENTIFY["features"],
        neighbours=config["smote"]["neighbours"],
        seed=config["seed"],
    script:
        "../scripts/classify_neurons.py"
