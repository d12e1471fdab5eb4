"""Names given one to one neuron: confidence, handedness, places, peers, a page per animal."""

ANCHORED = fold_entries("anchored", IDENTIFY["anchors"])
ABLATED = fold_entries("ablated", IDENTIFY["ablations"])
TABLES |= {
    "handedness": dict(
        call="naming:write_handedness",
        after=paths(aligned_entries()),
        params=dict(parts=aligned_entries()),
        when=NAMING,
    ),
    "peers": dict(
        call="peers:write_peers",
        inputs=dict(peers=config["peers"], **tables("worms")),
        when=NAMING and config["peers"],
    ),
    "anchors": dict(
        call="ablation:write_anchors",
        after=paths(ANCHORED),
        params=dict(parts=ANCHORED, seed=config["seed"]),
        when=NAMING and ANCHORED,
    ),
    "ablation": dict(
        call="ablation:write_ablation",
        after=paths(ABLATED + IDENTITIES),
        params=dict(parts=ABLATED, identities=IDENTITIES, seed=config["seed"]),
        when=NAMING and ABLATED,
    ),
}


rule write_confidence_tables:
    """Say what probabilities are worth, and how accuracy differs between ganglia."""
    input:
        paths(IDENTITIES),
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
    group:
        "report"
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.tables.confidence:write_confidence"),
        identities=IDENTITIES,
    script:
        "../scripts/call.py"


rule write_places_table:
    """Say where each name lies in the body, and what it is taken for most."""
    input:
        paths(IDENTITIES),
        sorted(set(places_aligned().values())),
    output:
        table="results/{study}/tables/places.csv",
    log:
        "results/{study}/logs/write_places_table.log",
    group:
        "report"
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.tables.naming:write_places"),
        identities=IDENTITIES,
        aligned=places_aligned(),
    script:
        "../scripts/call.py"


rule write_worm_pages:
    """Give every test animal its names with a review queue, a picture and a page."""
    input:
        paths(shown_names()),
        sorted(shown_aligned("neurons").values()),
        sorted(shown_aligned("worms").values()),
        sorted(shown_stated().values()),
        neurons="results/{study}/neurons.parquet",
    output:
        folder=directory("results/{study}/named"),
    log:
        "results/{study}/logs/write_worm_pages.log",
    group:
        "report"
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.pages.worm_files:write_worm_files"),
        identities=shown_names(),
        aligned=shown_aligned("neurons"),
        handedness=shown_aligned("worms"),
        stated=shown_stated(),
        features=SHOWN_FEATURES,
        anchors=config["anchors"],
    script:
        "../scripts/call.py"


rule answer_anchors:
    """Name those of one fold's test animals about which a person has stated something."""
    input:
        STATED,
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        worms=f"results/{{study}}/aligned/{SHOWN_CUE}/{{fold}}/worms.parquet",
        atlas=f"results/{{study}}/aligned/{SHOWN_CUE}/{{fold}}/atlas",
    output:
        answers="results/{study}/stated/{fold}.parquet",
    log:
        "results/{study}/logs/answer_anchors/{fold}.log",
    group:
        "report"
    conda:
        ENVIRONMENT
    params:
        **calls("identify.anchored:answer_fold"),
        features=SHOWN_FEATURES,
        anchors=config["anchors"],
    script:
        "../scripts/call.py"


rule anchor_neurons:
    """Name one fold's test animals with anchors, drawn at random and asked for."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        worms="results/{study}/aligned/{features}/{fold}/worms.parquet",
        atlas="results/{study}/aligned/{features}/{fold}/atlas",
    output:
        table="results/{study}/anchored/{features}/{fold}.parquet",
    log:
        "results/{study}/logs/anchor_neurons/{features}/{fold}.log",
    conda:
        ENVIRONMENT
    params:
        **calls("identify.anchored:anchor_fold"),
        seed=config["seed"],
    script:
        "../scripts/call.py"


rule ablate_naming:
    """Name one fold's test animals with parts of the naming left out."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
    output:
        table="results/{study}/ablated/{features}/{fold}.parquet",
    log:
        "results/{study}/logs/ablate_naming/{features}/{fold}.log",
    conda:
        ENVIRONMENT
    params:
        **calls("identify.ablated:ablate_fold"),
        level=config["align"],
        seed=config["seed"],
        colour_scale=config["colour_scale"],
        gray_source=config["gray_source"],
    script:
        "../scripts/call.py"
