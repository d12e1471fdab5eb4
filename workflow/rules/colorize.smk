"""Colorizers are trained and predict, per variant, sample, grid and fold."""


rule train_colorizer:
    """Train one colorizer on a fold's training animals."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
    output:
        model=directory("results/{study}/models/{colorizer}/{variant}/{sample}/grid{grid}/{fold}"),
        losses="results/{study}/losses/{colorizer}/{variant}/{sample}/grid{grid}/{fold}.csv",
    log:
        "results/{study}/logs/train_colorizer/{colorizer}/{variant}/{sample}/grid{grid}/{fold}.log",
    conda:
        ENVIRONMENT
    threads: TRAINING["threads"]
    resources:
        gpu=gpu_claim,
        training=100 // TRAINING["parallel"],
    params:
        code=train_code,
        changes=colorizer_params,
        seed=TRAINING_SEED,
        slab_um=config["slab_um"],
        neighbours=config["smote"]["neighbours"],
        weight_cap=config["smote"]["weight_cap"],
        device=TRAINING["device"],
        precision=TRAINING["precision"],
        training_threads=TRAINING["threads"],
        # outside the declared outputs, so that a killed training goes on where it was
        checkpoints="results/{study}/checkpoints/{colorizer}/{variant}/{sample}/grid{grid}/{fold}",
    script:
        "../scripts/train_colorizer.py"


rule predict_colours:
    """Predict the colours of the animals that a model has not seen."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        model="results/{study}/models/{colorizer}/{variant}/{sample}/grid{grid}/{fold}",
    output:
        colours="results/{study}/colours/{colorizer}/{variant}/{sample}/grid{grid}/{fold}.parquet",
    log:
        "results/{study}/logs/predict_colours/{colorizer}/{variant}/{sample}/grid{grid}/{fold}.log",
    conda:
        ENVIRONMENT
    params:
        code=predict_code,
        slab_um=config["slab_um"],
        # one thread, so that the last bits do not depend on how many cores a run was given
        prediction_threads=1,
    script:
        "../scripts/predict_colours.py"
