"""When each job of a study ran."""


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
