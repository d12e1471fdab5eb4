"""When each job of a study ran."""


rule write_timings_table:
    """Read from the jobs' logs when each ran; exempt from the same-bytes rule."""
    input:
        "results/{study}/report/report.html",
    output:
        table="results/{study}/tables/timings.csv",
    log:
        "results/{study}/logs/write_timings_table.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.tables.timings:write_timings"),
        logs="results/{study}/logs",
    script:
        "../scripts/call.py"
