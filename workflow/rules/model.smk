"""The one model that a study of aligned animals keeps, for `snakemake apply`."""


rule keep_model:
    """Learn once from all animals of the study, to name and colour new worms."""
    input:
        neurons="results/{study}/neurons.parquet",
    output:
        model=directory("results/{study}/model"),
    log:
        "results/{study}/logs/keep_model.log",
    conda:
        ENVIRONMENT
    threads: TRAINING["threads"]
    resources:
        gpu=gpu_claim,
        training=100 // TRAINING["parallel"],
    params:
        code=method_code("keep_model.py", "colorizers", KEPT_COLORIZER),
        colorizer=KEPT_COLORIZER,
        changes=KEPT_CHANGES,
        colour_scale=config["colour_scale"],
        gray_source=config["gray_source"],
        study=STUDY,
        seed=config["seed"],
        device=TRAINING["device"],
        training_threads=TRAINING["threads"],
        # outside the declared outputs, so that a killed training goes on where it was
        checkpoints="results/{study}/checkpoints/model",
    script:
        "../scripts/keep_model.py"
