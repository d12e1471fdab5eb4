"""Animals are aligned; classifiers name their neurons from position, gray and colour."""


rule align_neurons:
    """Bring one fold's animals into one body frame, learnt from its training animals."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
    output:
        neurons="results/{study}/aligned/{cue}/{fold}/neurons.parquet",
        worms="results/{study}/aligned/{cue}/{fold}/worms.parquet",
        atlas=directory("results/{study}/aligned/{cue}/{fold}/atlas"),
    log:
        "results/{study}/logs/align_neurons/{cue}/{fold}.log",
    conda:
        ENVIRONMENT
    resources:
        gpu=int(TRAINING["device"] == "cuda"),
    params:
        code=code("align_neurons.py"),
        level=config["align"],
        handedness=config["handedness"],
        # one thread, so that the last bits do not depend on how many cores a run was given
        alignment_threads=1,
        device=TRAINING["device"],
    script:
        "../scripts/align_neurons.py"


rule classify_neurons:
    """Name one fold's test neurons with one classifier, from every feature set."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        colours=served_colours,
        aligned=aligned_neurons,
    output:
        names="results/{study}/identities/{classifier}/{variant}/{fold}.parquet",
    log:
        "results/{study}/logs/classify_neurons/{classifier}/{variant}/{fold}.log",
    conda:
        ENVIRONMENT
    resources:
        gpu=classifier_gpu_claim,
    params:
        code=classify_code,
        changes=classifier_params,
        cross_fitted=cross_fitted_colours,
        aligned=aligned_by_features,
        features=IDENTIFY["features"],
        neighbours=config["smote"]["neighbours"],
        weight_cap=config["smote"]["weight_cap"],
        device=TRAINING["device"],
        seed=config["seed"],
        # outside the declared outputs, so that a killed training goes on where it was
        checkpoints="results/{study}/checkpoints/identities/{classifier}/{variant}/{fold}",
    script:
        "../scripts/classify_neurons.py"
