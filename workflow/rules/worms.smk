"""A source of worms becomes one validated table of neurons."""

if config["source"] == "simulate":

    rule simulate_worms:
        """Write the default study's animals as NWB files."""
        output:
            files=list(SOURCES.values()),
        log:
            f"results/{STUDY}/logs/simulate_worms.log",
        conda:
            ENVIRONMENT
        params:
            code=code("simulate_worms.py"),
            seed=config["seed"],
            simulate=config["simulate"],
        script:
            "../scripts/simulate_worms.py"


if not STREAMED:

    rule load_worms:
        """Read one source file into neuron tables; what cannot be used is listed with its reason."""
        input:
            file=source_file,
        output:
            table="results/{study}/worms/{source}.parquet",
            skipped="results/{study}/worms/{source}.skipped.csv",
        log:
            "results/{study}/logs/load_worms/{source}.log",
        conda:
            ENVIRONMENT
        params:
            code=source_code("load_worms.py", SOURCE.name),
            kind=SOURCE.name,
            laboratory=laboratory_of,
            full_scales=FULL_SCALES,
        script:
            "../scripts/load_worms.py"


rule collect_worms:
    """Put the animals of all files into one table, each animal once."""
    input:
        tables=expand("results/{{study}}/worms/{source}.parquet", source=SOURCES),
        skipped=expand("results/{{study}}/worms/{source}.skipped.csv", source=SOURCES) + LEFT_OUT,
    output:
        neurons="results/{study}/neurons.parquet",
        skipped="results/{study}/skipped.csv",
    log:
        "results/{study}/logs/collect_worms.log",
    conda:
        ENVIRONMENT
    params:
        code=code("collect_worms.py"),
        laboratories=config["laboratories"],
        folds=FOLDS,
    script:
        "../scripts/collect_worms.py"
