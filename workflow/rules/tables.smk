"""Write the study's tables from finished predictions."""

COLOURS = colour_entries(TESTED, "colours", ".parquet")
IDENTITIES = name_entries(NAMED)
LOSSES = colour_entries(TRAINED, "losses", ".csv")
# Tables that the report lists. By name: the function that writes one, the files that its params
# name, and its inputs and params.
TABLES = {
    "colour": dict(
        call="main:write_colour",
        after=paths(COLOURS),
        params=dict(colours=COLOURS, colour_scale=config["colour_scale"]),
    ),
    "worms": dict(
        call="main:write_worms",
        after=paths(COLOURS + IDENTITIES),
        params=dict(colours=COLOURS, identities=IDENTITIES),
    ),
    "losses": dict(call="main:write_losses", after=paths(LOSSES), params=dict(losses=LOSSES)),
    "summary": dict(
        call="summary:write_summary",
        inputs=tables("colour", "identity"),
        params=dict(
            real=SOURCE.real,
            split=config["split"],
            colour_scale=config["colour_scale"],
        ),
    ),
    "skipped": dict(
        call="main:write_skipped",
        inputs=dict(
            files=[
                "results/{study}/skipped.csv",
                *expand("results/{{study}}/neurons/{fold}/skipped.csv", fold=FOLD_NAMES),
            ]
        ),
    ),
}


rule write_identity_tables:
    """Score the names of test neurons, with majority guessing and chance."""
    input:
        paths(IDENTITIES),
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
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.tables.main:write_identity"),
        identities=IDENTITIES,
    script:
        "../scripts/call.py"
