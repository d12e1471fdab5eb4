"""Classifiers name the neurons from position, gray, true colour and predicted colour."""


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
