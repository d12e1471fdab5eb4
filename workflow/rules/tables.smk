"""Finished predictions become the study's tables."""

# Test colours and losses of every trained cell; pairs serve the classifiers only.
TESTED = [path for run in RUNS for path in run_colours(run, run_folds(run), "")]
TRAINED = TESTED + [path for run in CROSS_FITTED for path in run_colours(run, PAIRS, "")]
NAMED = expand(
    "{classifier}/{variant}/{fold}",
    classifier=IDENTIFY["classifiers"],
    variant=IDENTIFY["variants"],
    fold=FOLD_NAMES,
)


def colour_entries(paths, folder, suffix):
    """Describe files of one colorizer, variant, sample, grid and fold each."""
    keys = ("colorizer", "variant", "sample", "grid", "fold")
    return [
        dict(zip(keys, path.removeprefix("/").replace("/grid", "/").split("/")))
        | {
            "path": f"results/{STUDY}/{folder}{path}{suffix}",
            "study": STUDY,
            "seed": config["seed"],
        }
        for path in paths
    ]


def name_entries(paths):
    """Describe files of one classifier, variant and fold each, with the sample they draw on."""
    keys = ("classifier", "variant", "fold")
    served = [run for run in CROSS_FITTED][:1]
    sample, grid = (served[0]["samples"][0], served[0]["grids"][0]) if served else ("", "")
    return [
        dict(zip(keys, path.split("/")))
        | {
            "path": f"results/{STUDY}/identities/{path}.parquet",
            "study": STUDY,
            "seed": config["seed"],
            "sample": sample,
            "grid": str(grid),
        }
        for path in paths
    ]


rule write_colour_table:
    """Score the predicted colours of test animals, beside mean colour and copied gray."""
    input:
        colours=expand("results/{{study}}/colours{path}.parquet", path=TESTED),
    output:
        table="results/{study}/tables/colour.csv",
    log:
        "results/{study}/logs/write_colour_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_colour_table.py"),
        entries=colour_entries(TESTED, "colours", ".parquet"),
        colour_scale=config["colour_scale"],
    script:
        "../scripts/write_colour_table.py"


rule write_identity_tables:
    """Score the names of test neurons, beside majority guessing and chance."""
    input:
        names=expand("results/{{study}}/identities/{path}.parquet", path=NAMED),
    output:
        identity="results/{study}/tables/identity.csv",
        names="results/{study}/tables/names.csv",
        confusion="results/{study}/tables/confusion.csv",
    log:
        "results/{study}/logs/write_identity_tables.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_identity_tables.py"),
        entries=name_entries(NAMED),
    script:
        "../scripts/write_identity_tables.py"


rule write_worms_table:
    """List every animal's scores."""
    input:
        colours=expand("results/{{study}}/colours{path}.parquet", path=TESTED),
        names=expand("results/{{study}}/identities/{path}.parquet", path=NAMED),
    output:
        table="results/{study}/tables/worms.csv",
    log:
        "results/{study}/logs/write_worms_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_worms_table.py"),
        colours=colour_entries(TESTED, "colours", ".parquet"),
        names=name_entries(NAMED),
    script:
        "../scripts/write_worms_table.py"


rule write_losses_table:
    """List the losses of every training, pairs of folds included."""
    input:
        losses=expand("results/{{study}}/losses{path}.csv", path=TRAINED),
    output:
        table="results/{study}/tables/losses.csv",
    log:
        "results/{study}/logs/write_losses_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_losses_table.py"),
        entries=colour_entries(TRAINED, "losses", ".csv"),
    script:
        "../scripts/write_losses_table.py"


rule write_summary_table:
    """Put the original study's three tables beside ours."""
    input:
        colour="results/{study}/tables/colour.csv",
        identity="results/{study}/tables/identity.csv",
    output:
        table="results/{study}/tables/summary.csv",
    log:
        "results/{study}/logs/write_summary_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_summary_table.py"),
        real=config["source"] != "simulate",
        split=config["split"],
        colour_scale=config["colour_scale"],
    script:
        "../scripts/write_summary_table.py"


rule write_skipped_table:
    """List every worm that was left out of something, with the reason."""
    input:
        parts=[
            "results/{study}/skipped.csv",
            *expand("results/{{study}}/neurons/{fold}/skipped.csv", fold=FOLD_NAMES),
        ],
    output:
        table="results/{study}/tables/skipped.csv",
    log:
        "results/{study}/logs/write_skipped_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_skipped_table.py"),
    script:
        "../scripts/write_skipped_table.py"


rule write_timings_table:
    """Read from the jobs' logs when each ran; exempt from the same-bytes rule."""
    input:
        report="results/{study}/report/report.html",
    output:
        table="results/{study}/tables/timings.csv",
    log:
        "results/{study}/logs/write_timings_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_timings_table.py"),
        logs="results/{study}/logs",
    script:
        "../scripts/write_timings_table.py"
