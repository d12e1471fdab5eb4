"""Align worms, and name their neurons from position, gray and colour."""


rule align_neurons:
    """Align one fold's worms to a body frame that is fitted on its training worms."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
    output:
        neurons="results/{study}/aligned/{features}/{fold}/neurons.parquet",
        worms="results/{study}/aligned/{features}/{fold}/worms.parquet",
        atlas=directory("results/{study}/aligned/{features}/{fold}/atlas"),
    log:
        "results/{study}/logs/align_neurons/{features}/{fold}.log",
    conda:
        ENVIRONMENT
    resources:
        gpu=int(TRAINING["device"] == "cuda"),
        training=100 // TRAINING["parallel"] if TRAINING["device"] == "cuda" else 0,
    params:
        **calls("identify.run:align_fold"),
        level=config["align"],
        handedness=config["handedness"],
        # one thread, so that the last bits do not depend on how many cores a run was given
        training=dict(device=TRAINING["device"], threads=1),
    script:
        "../scripts/call.py"


rule classify_neurons:
    """Name one fold's test neurons with one classifier, from every feature set."""
    input:
        predicted_colours,
        aligned_neurons,
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
    output:
        names="results/{study}/identities/{classifier}/{variant}/{fold}.parquet",
    log:
        "results/{study}/logs/classify_neurons/{classifier}/{variant}/{fold}.log",
    wildcard_constraints:
        classifier="|".join(sorted(set(methods.names("classifiers")) - set(WHOLE_WORMS))),
    group:
        cluster_group("names")
    conda:
        ENVIRONMENT
    resources:
        gpu=classifier_gpu,
        training=classifier_training,
    params:
        **calls("classifiers.common.naming:name_fold", "src/chromapal/classifiers/{classifier}.py"),
        sources=naming_sources,
        task=task_settings,
        smote=config["smote"],
        # one thread, so that the last bits do not depend on how many cores a run was given
        training=classifier_training_settings,
    script:
        "../scripts/call.py"


rule classify_worms:
    """Name one fold's test worms with a classifier that sees whole worms, and keep its networks."""
    input:
        predicted_colours,
        aligned_neurons,
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
    output:
        names="results/{study}/identities/{classifier}/{variant}/{fold}.parquet",
        network=directory("results/{study}/networks/{classifier}/{variant}/{fold}"),
    log:
        "results/{study}/logs/classify_worms/{classifier}/{variant}/{fold}.log",
    wildcard_constraints:
        classifier="|".join(WHOLE_WORMS),
    conda:
        ENVIRONMENT
    resources:
        gpu=classifier_gpu,
        training=classifier_training,
    params:
        **calls(
            "classifiers.common.whole_worms:name_fold", "src/chromapal/classifiers/{classifier}.py"
        ),
        sources=naming_sources,
        task=task_settings,
        smote=config["smote"],
        training=classifier_training_settings,
    script:
        "../scripts/call.py"
