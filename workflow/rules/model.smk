"""The trained model of a study of aligned worms, for `snakemake apply`."""


rule train_model:
    """Train once on all worms of the study, to name and colour new worms."""
    input:
        neurons="results/{study}/neurons.parquet",
    output:
        model=directory("results/{study}/model"),
    log:
        "results/{study}/logs/train_model.log",
    conda:
        ENVIRONMENT
    threads: TRAINING["threads"]
    resources:
        gpu=gpu_of("colorizers", MODEL_COLORIZER),
        training=100 // TRAINING["parallel"],
    params:
        **calls("apply.model:train_model", f"src/chromapal/colorizers/{MODEL_COLORIZER}.py"),
        task=dict(
            colorizer=MODEL_COLORIZER,
            params=MODEL_PARAMS,
            features=config["trained_model"]["features"],
        ),
        normalisation={key: config[key] for key in ("colour_scale", "gray_source")},
        training=training_settings("model", "device", "threads"),
    script:
        "../scripts/call.py"
