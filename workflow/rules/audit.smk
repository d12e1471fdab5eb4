"""Labels and axes of labelled animals, judged by the models of folds that have not seen them."""

# From position alone, from gray, from colour: what the study names neurons from.
AUDITED = [
    name
    for name in ("position", "position+gray", "position+rgb")
    if NAMING and name in IDENTIFY["features"]
]


def judged_entries(wildcards=None):
    """Describe the judgements of all folds, by feature set."""
    if not AUDITED:
        stop(
            "audit: needs aligned worms named from position, position+gray or position+rgb; found "
            f"align '{config['align']}', features {', '.join(IDENTIFY['features'])}"
        )
    folder = f"results/{STUDY}/judged"
    return [
        {
            "labels": f"{folder}/{features}/{fold}/labels.parquet",
            "animals": f"{folder}/{features}/{fold}/animals.parquet",
            "features": features,
            "fold": fold,
        }
        for features in AUDITED
        for fold in FOLD_NAMES
    ]


def judged_files(wildcards):
    """List the files of all judgements."""
    return [entry[part] for entry in judged_entries() for part in ("labels", "animals")]


rule judge_labels:
    """Judge the labels of one fold's test animals by models that have not seen them."""
    input:
        neurons="results/{study}/neurons/{fold}/neurons.parquet",
        worms="results/{study}/aligned/{features}/{fold}/worms.parquet",
        atlas="results/{study}/aligned/{features}/{fold}/atlas",
        network=anchor_network,
    output:
        labels="results/{study}/judged/{features}/{fold}/labels.parquet",
        animals="results/{study}/judged/{features}/{fold}/animals.parquet",
    log:
        "results/{study}/logs/judge_labels/{features}/{fold}.log",
    conda:
        ENVIRONMENT
    params:
        **calls("audit.judge:judge_fold"),
        params=ANCHOR_PARAMS,
    script:
        "../scripts/call.py"


rule audit_labels:
    """List what contradicts the rest: single names, and what is odd about whole animals."""
    input:
        judged_files,
    output:
        names="results/{study}/audit/names.csv",
        animals="results/{study}/audit/animals.csv",
        page="results/{study}/audit/audit.html",
    log:
        "results/{study}/logs/audit_labels.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("audit.collect:write_audit"),
        judged=judged_entries,
    script:
        "../scripts/call.py"
