"""Read a source of worms into one validated table of neurons."""

if config["source"] == "simulate":

    rule simulate_worms:
        """Write the default study's worms as NWB files."""
        output:
            list(SOURCES.values()),
        log:
            f"results/{STUDY}/logs/simulate_worms.log",
        group:
            cluster_group("worms")
        conda:
            ENVIRONMENT
        params:
            **calls("worms.simulate.worms:simulate"),
            folder=folder_of_worms,
            params=config["simulate"],
            seed=config["seed"],
        script:
            "../scripts/call.py"


if not STREAMED:

    rule load_worms:
        """Read a batch of source files as neurons; what cannot be used is listed with the reason."""
        input:
            batch_files,
        output:
            table="results/{study}/worms/{batch}.parquet",
            skipped="results/{study}/worms/{batch}.skipped.csv",
        log:
            "results/{study}/logs/load_worms/{batch}.log",
        group:
            cluster_group("worms")
        conda:
            ENVIRONMENT
        params:
            **calls("worms.load:load", f"src/chromapal/worms/sources/{SOURCE.name}.py"),
            files=batch_laboratories,
            kind=SOURCE.name,
            full_scales=FULL_SCALES,
        script:
            "../scripts/call.py"


# Every worm of an archive is a download of its own; files on a disk are read in batches.
LOADED = list(SOURCES if STREAMED else BATCHES)


rule collect_worms:
    """Combine the worms of all files in one table, each worm once."""
    input:
        paths=expand("results/{{study}}/worms/{part}.parquet", part=LOADED),
        skipped_parts=expand("results/{{study}}/worms/{part}.skipped.csv", part=LOADED) + EXCLUDED,
    output:
        neurons="results/{study}/neurons.parquet",
        skipped="results/{study}/skipped.csv",
        unknown_labels="results/{study}/tables/unknown_labels.csv",
        scope=report(
            "results/{study}/tables/scope.csv",
            caption="../report/table_scope.rst",
            category="Tables",
            labels={"table": "scope"},
        ),
    log:
        "results/{study}/logs/collect_worms.log",
    group:
        cluster_group("neurons")
    conda:
        ENVIRONMENT
    params:
        **calls("worms.collect:collect"),
        laboratories=config["laboratories"],
        no_files=NO_FILES,
    script:
        "../scripts/call.py"
