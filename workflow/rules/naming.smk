"""Names given one to one: probabilities, handedness, positions, other methods, pages of worms."""

ANCHORED = fold_entries("anchored", IDENTIFY["anchors"])
ABLATED = fold_entries("ablated", IDENTIFY["ablations"])
TABLES |= {
    "handedness": dict(
        call="naming:write_handedness",
        after=paths(aligned_entries()),
        params=dict(files=aligned_entries()),
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
        params=dict(files=ANCHORED, seed=config["seed"]),
        when=NAMING and ANCHORED,
    ),
    "ablation": dict(
        call="ablation:write_ablation",
        after=paths(ABLATED + IDENTITIES),
        params=dict(files=ABLATED, identities=IDENTITIES, seed=config["seed"]),
        when=NAMING and ABLATED,
    ),
}


rule write_confidence_tables:
    """Measure how reliable probabilities are, and how accuracy differs between ganglia."""
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
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.tables.confidence:write_confidence"),
        identities=IDENTITIES,
    script:
        "../scripts/call.py"


rule write_places_table:
    """Locate each name in the body, and find with which name it is most often confused."""
    input:
        paths(IDENTITIES),
        sorted(set(aligned_by_features_and_fold().values())),
    output:
        table="results/{study}/tables/places.csv",
    log:
        "results/{study}/logs/write_places_table.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.tables.naming:write_places"),
        identities=IDENTITIES,
        aligned=aligned_by_features_and_fold(),
    script:
        "../scripts/call.py"


rule write_worm_pages:
    """Write every test worm's names with a review queue, an image and a page."""
    input:
        paths(page_names()),
        sorted(page_aligned("neurons").values()),
        sorted(page_aligned("worms").values()),
        sorted(page_anchored().values()),
        neurons="results/{study}/neurons.parquet",
    output:
        folder=directory("results/{study}/named"),
    log:
        "results/{study}/logs/write_worm_pages.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.pages.worm_files:write_worm_files"),
        identities=page_names(),
        aligned=page_aligned("neurons"),
        handedness=page_aligned("worms"),
        stated=page_anchored(),
        features=PAGE_FEATURES,
        anchors=config["anchors"],
    script:
        "../scripts/call.py"


rule answer_anchors:
    """Name again those of one fold's test worms for which there are anchors."""
    input:
        ANCHOR_FILES,
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        worms=f"results/{{study}}/aligned/{PAGE_ALIGNMENT}/{{fold}}/worms.parquet",
        atlas=f"results/{{study}}/aligned/{PAGE_ALIGNMENT}/{{fold}}/atlas",
        network=anchor_network,
    output:
        answers="results/{study}/stated/{fold}.parquet",
    log:
        "results/{study}/logs/answer_anchors/{fold}.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("identify.anchored:answer_fold"),
        features=PAGE_FEATURES,
        params=ANCHOR_PARAMS,
        anchors=config["anchors"],
    script:
        "../scripts/call.py"


rule anchor_neurons:
    """Name one fold's test worms with answers of a simulated person, who may err."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        worms="results/{study}/aligned/{features}/{fold}/worms.parquet",
        atlas="results/{study}/aligned/{features}/{fold}/atlas",
        network=anchor_network,
    output:
        table="results/{study}/anchored/{features}/{fold}.parquet",
    log:
        "results/{study}/logs/anchor_neurons/{features}/{fold}.log",
    conda:
        ENVIRONMENT
    params:
        **calls("identify.asked:anchor_fold"),
        params=ANCHOR_PARAMS,
        seed=config["seed"],
    script:
        "../scripts/call.py"


rule ablate_naming:
    """Name one fold's test worms with one part of the naming changed at a time."""
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
