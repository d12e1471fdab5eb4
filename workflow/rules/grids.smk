"""Split worms into folds, and normalise the neurons of each fold."""


rule write_splits:
    """Choose for every fold, and every pair of folds, the training, validation and test worms."""
    input:
        neurons="results/{study}/neurons.parquet",
    output:
        splits="results/{study}/splits.parquet",
    log:
        "results/{study}/logs/write_splits.log",
    group:
        cluster_group("neurons")
    conda:
        ENVIRONMENT
    params:
        **calls("prepare.splits:write_splits"),
        kind=config["split"],
        folds=FOLDS,
        validation=config["validation"],
        seed=config["seed"],
        cross_fit=bool(CROSS_FITTED),
        gray_source=config["gray_source"],
    script:
        "../scripts/call.py"


rule normalise_neurons:
    """Scale one fold's neurons with parameters fitted on its training worms."""
    input:
        neurons="results/{study}/neurons.parquet",
        splits="results/{study}/splits.parquet",
    output:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        normaliser="results/{study}/neurons/{fold}/normaliser.json",
        skipped="results/{study}/neurons/{fold}/skipped.csv",
    log:
        "results/{study}/logs/normalise_neurons/{fold}.log",
    group:
        cluster_group("neurons")
    conda:
        ENVIRONMENT
    params:
        **calls("prepare.normalise:prepare_fold"),
        colour_scale=config["colour_scale"],
        gray_source=config["gray_source"],
    script:
        "../scripts/call.py"
