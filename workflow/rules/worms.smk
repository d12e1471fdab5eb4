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
        """Read one source file into neuron tables; what cannot be used is listed with the reason."""
        input:
            path=source_file,
        output:
            table="results/{study}/worms/{source}.parquet",
            skipped="results/{study}/worms/{source}.skipped.csv",
        log:
            "results/{study}/logs/load_worms/{source}.log",
        group:
            cluster_group("worms")
        conda:
            ENVIRONMENT
        params:
            **calls("worms.load:load", f"src/chromapal/worms/sources/{SOURCE.name}.py"),
            kind=SOURCE.name,
            lab=laboratory_of,
            full_scales=FULL_SCALES,
        script:
            "../scripts/call.py"


rule collect_worms:
    """Combine the worms of all files in one table, each worm once."""
    input:
        paths=expand("results/{{study}}/worms/{source}.parquet", source=SOURCES),
        skipped_parts=expand("results/{{study}}/worms/{source}.skipped.csv", source=SOURCES)
        + EXCLUDED,
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
