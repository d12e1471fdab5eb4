"""Labels and axes of labelled animals, judged by the models of folds that have not seen them."""


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
