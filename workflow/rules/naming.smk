"""Names given one to one neuron: confidence, handedness, places, peers, a page per animal."""


rule write_confidence_tables:
    """Say what probabilities are worth, and how accuracy differs between ganglia."""
    input:
        names=expand("results/{{study}}/identities/{path}.parquet", path=NAMED),
    output:
        calibration="results/{study}/tables/calibration.csv",
        coverage=report(
            "results/{study}/tables/coverage.csv",
            caption="../report/table_coverage.rst",
            category="Tables",
            labels={"table": "coverage"},
        ),
        ganglia="results/{study}/tables/ganglia.csv",
    log:
        "results/{study}/logs/write_confidence_tables.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_confidence_tables.py"),
        entries=name_entries(NAMED),
    script:
        "../scripts/write_confidence_tables.py"


rule write_handedness_table:
    """List what was decided about the axes of every test animal."""
    input:
        worms=[entry["path"] for entry in aligned_entries()],
    output:
        table=report(
            "results/{study}/tables/handedness.csv",
            caption="../report/table_handedness.rst",
            category="Tables",
            labels={"table": "handedness"},
        ),
    log:
        "results/{study}/logs/write_handedness_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_handedness_table.py"),
        entries=aligned_entries(),
    script:
        "../scripts/write_handedness_table.py"


rule write_places_table:
    """Say where each name lies in the body, and what it is taken for most."""
    input:
        names=expand("results/{{study}}/identities/{path}.parquet", path=NAMED),
        aligned=sorted(set(places_aligned().values())),
    output:
        table="results/{study}/tables/places.csv",
    log:
        "results/{study}/logs/write_places_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_places_table.py"),
        entries=name_entries(NAMED),
        aligned=places_aligned(),
    script:
        "../scripts/write_places_table.py"


rule write_peers_table:
    """Compare with other methods on the same animals."""
    input:
        worms="results/{study}/tables/worms.csv",
        peers=config["peers"] or [],
    output:
        table=report(
            "results/{study}/tables/peers.csv",
            caption="../report/table_peers.rst",
            category="Tables",
            labels={"table": "peers"},
        ),
    log:
        "results/{study}/logs/write_peers_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_peers_table.py"),
        peers=config["peers"],
    script:
        "../scripts/write_peers_table.py"


rule write_worm_pages:
    """Give every test animal its names with a review queue, a picture and a page."""
    input:
        names=[entry["path"] for entry in shown_names()],
        neurons="results/{study}/neurons.parquet",
        aligned=sorted(shown_aligned("neurons").values()),
        handedness=sorted(shown_aligned("worms").values()),
        stated=sorted(shown_stated().values()),
    output:
        folder=directory("results/{study}/named"),
    log:
        "results/{study}/logs/write_worm_pages.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_worm_pages.py"),
        entries=shown_names(),
        aligned=shown_aligned("neurons"),
        handedness=shown_aligned("worms"),
        stated=shown_stated(),
        features=SHOWN_FEATURES,
        anchors=config["anchors"],
    script:
        "../scripts/write_worm_pages.py"


rule answer_anchors:
    """Name those of one fold's test animals about which a person has stated something."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        worms=f"results/{{study}}/aligned/{SHOWN_CUE}/{{fold}}/worms.parquet",
        atlas=f"results/{{study}}/aligned/{SHOWN_CUE}/{{fold}}/atlas",
        stated=STATED,
    output:
        answers="results/{study}/stated/{fold}.parquet",
    log:
        "results/{study}/logs/answer_anchors/{fold}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("answer_anchors.py"),
        features=SHOWN_FEATURES,
        anchors=config["anchors"],
    script:
        "../scripts/answer_anchors.py"


rule anchor_neurons:
    """Name one fold's test animals with anchors, drawn at random and asked for."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        worms="results/{study}/aligned/{cue}/{fold}/worms.parquet",
        atlas="results/{study}/aligned/{cue}/{fold}/atlas",
    output:
        table="results/{study}/anchored/{cue}/{fold}.parquet",
    log:
        "results/{study}/logs/anchor_neurons/{cue}/{fold}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("anchor_neurons.py"),
        seed=config["seed"],
    script:
        "../scripts/anchor_neurons.py"


rule write_anchors_table:
    """Score names against the number of anchors."""
    input:
        parts=[entry["path"] for entry in fold_entries("anchored", IDENTIFY["anchors"])],
    output:
        table=report(
            "results/{study}/tables/anchors.csv",
            caption="../report/table_anchors.rst",
            category="Tables",
            labels={"table": "anchors"},
        ),
    log:
        "results/{study}/logs/write_anchors_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_anchors_table.py"),
        entries=fold_entries("anchored", IDENTIFY["anchors"]),
        seed=config["seed"],
    script:
        "../scripts/write_anchors_table.py"


rule ablate_naming:
    """Name one fold's test animals with parts of the naming left out."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
    output:
        table="results/{study}/ablated/{cue}/{fold}.parquet",
    log:
        "results/{study}/logs/ablate_naming/{cue}/{fold}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("ablate_naming.py"),
        level=config["align"],
        seed=config["seed"],
        colour_scale=config["colour_scale"],
        gray_source=config["gray_source"],
    script:
        "../scripts/ablate_naming.py"


rule write_ablation_table:
    """Score what each part of the naming is worth."""
    input:
        parts=[entry["path"] for entry in fold_entries("ablated", IDENTIFY["ablations"])],
        names=expand("results/{{study}}/identities/{path}.parquet", path=NAMED),
    output:
        table=report(
            "results/{study}/tables/ablation.csv",
            caption="../report/table_ablation.rst",
            category="Tables",
            labels={"table": "ablation"},
        ),
    log:
        "results/{study}/logs/write_ablation_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_ablation_table.py"),
        entries=fold_entries("ablated", IDENTIFY["ablations"]),
        names=name_entries(NAMED),
        seed=config["seed"],
    script:
        "../scripts/write_ablation_table.py"
