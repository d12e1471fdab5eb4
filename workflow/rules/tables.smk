"""Finished predictions become the study's tables."""


rule write_colour_table:
    """Score the predicted colours of test animals, beside mean colour and copied gray."""
    input:
        colours=expand("results/{{study}}/colours{path}.parquet", path=TESTED),
    output:
        table=report(
            "results/{study}/tables/colour.csv",
            caption="../report/table_colour.rst",
            category="Tables",
            labels={"table": "colour"},
        ),
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
        identity=report(
            "results/{study}/tables/identity.csv",
            caption="../report/table_identity.rst",
            category="Tables",
            labels={"table": "identity"},
        ),
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
        table=report(
            "results/{study}/tables/worms.csv",
            caption="../report/table_worms.rst",
            category="Tables",
            labels={"table": "worms"},
        ),
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
        table=report(
            "results/{study}/tables/losses.csv",
            caption="../report/table_losses.rst",
            category="Tables",
            labels={"table": "losses"},
        ),
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
        table=report(
            "results/{study}/tables/summary.csv",
            caption="../report/table_summary.rst",
            category="Tables",
            labels={"table": "summary"},
        ),
    log:
        "results/{study}/logs/write_summary_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_summary_table.py"),
        real=SOURCE.real,
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
        table=report(
            "results/{study}/tables/skipped.csv",
            caption="../report/table_skipped.rst",
            category="Tables",
            labels={"table": "skipped"},
        ),
    log:
        "results/{study}/logs/write_skipped_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_skipped_table.py"),
    script:
        "../scripts/write_skipped_table.py"
