"""Train colorizers and predict colours, per variant, sample, grid and fold."""


rule train_colorizer:
    """Train one colorizer on a fold's training worms, and predict the colours of its test worms."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        aligned=colour_aligned,
    output:
        model=directory("results/{study}/models/{colorizer}/{variant}/{sample}/grid{grid}/{fold}"),
        losses="results/{study}/losses/{colorizer}/{variant}/{sample}/grid{grid}/{fold}.csv",
        colours="results/{study}/colours/{colorizer}/{variant}/{sample}/grid{grid}/{fold}.parquet",
    log:
        "results/{study}/logs/train_colorizer/{colorizer}/{variant}/{sample}/grid{grid}/{fold}.log",
    conda:
        ENVIRONMENT
    threads: TRAINING["threads"]
    resources:
        gpu=colorizer_gpu,
        training=100 // TRAINING["parallel"],
    params:
        **calls("colorizers.common.run:train", "src/chromapal/colorizers/{colorizer}.py"),
        run=run_settings,
        smote=config["smote"],
        training=training_settings(
            "{colorizer}/{variant}/{sample}/grid{grid}/{fold}", "device", "precision", "threads"
        ),
    script:
        "../scripts/call.py"
