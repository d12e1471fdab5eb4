"""A study's model is applied to worms it has never seen."""


rule load_new_worms:
    """Read one source of new worms; what cannot be used is listed with its reason."""
    input:
        files=source_files,
    output:
        table=f"{RESULTS}/sources/{{source}}.parquet",
        facts=f"{RESULTS}/sources/{{source}}.json",
        skipped=f"{RESULTS}/sources/{{source}}.skipped.csv",
    log:
        f"{RESULTS}/logs/load_new_worms/{{source}}.log",
    conda:
        ENVIRONMENT
    params:
        code=new_source_code,
        path=source_fact("path"),
        kind=source_fact("kind"),
        centres=source_fact("centres"),
        laboratory=config["laboratory"],
        channels=config["channels"],
        spacing=config["spacing"],
        full_scales=KEPT["full_scales"],
    script:
        "../scripts/load_new_worms.py"


rule collect_new_worms:
    """Put the new worms of all sources into one table, each worm once."""
    input:
        tables=expand(f"{RESULTS}/sources/{{source}}.parquet", source=SOURCES),
        skipped=expand(f"{RESULTS}/sources/{{source}}.skipped.csv", source=SOURCES),
    output:
        neurons=f"{RESULTS}/neurons.parquet",
        skipped=f"{RESULTS}/sources.skipped.csv",
    log:
        f"{RESULTS}/logs/collect_new_worms.log",
    conda:
        ENVIRONMENT
    params:
        code=code("collect_new_worms.py"),
        handedness=config["handedness"],
    script:
        "../scripts/collect_new_worms.py"


rule name_new_worms:
    """Align, name and colour all new worms."""
    input:
        neurons=f"{RESULTS}/neurons.parquet",
        skipped=f"{RESULTS}/sources.skipped.csv",
        model=MODEL / apply_plan.FACTS,
    output:
        neurons=f"{RESULTS}/named.parquet",
        worms=f"{RESULTS}/aligned.parquet",
        scope=f"{RESULTS}/scope.csv",
        left_out=f"{RESULTS}/skipped.csv",
        applied=f"{RESULTS}/{apply_plan.APPLIED}",
    log:
        f"{RESULTS}/logs/name_new_worms.log",
    conda:
        ENVIRONMENT
    params:
        code=method_code("name_new_worms.py", "colorizers", KEPT["colorizer"]),
        # one thread, so that the last bits do not depend on how many cores a run was given
        naming_threads=1,
        applied=APPLIED,
    script:
        "../scripts/name_new_worms.py"


rule write_new_worm_files:
    """Give every new worm its table with a review queue, a picture and a page."""
    input:
        neurons=f"{RESULTS}/named.parquet",
        worms=f"{RESULTS}/aligned.parquet",
        scope=f"{RESULTS}/scope.csv",
        facts=list(FACTS.values()),
    output:
        folder=directory(f"{RESULTS}/named"),
        answers=f"{RESULTS}/answers.parquet",
    log:
        f"{RESULTS}/logs/write_new_worm_files.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_new_worm_files.py"),
        facts=FACTS,
    script:
        "../scripts/write_new_worm_files.py"


rule write_layers:
    """Write points and predicted-colour volumes that napari opens."""
    input:
        neurons=f"{RESULTS}/answers.parquet",
        facts=list(FACTS.values()),
    output:
        folder=directory(f"{RESULTS}/layers"),
    log:
        f"{RESULTS}/logs/write_layers.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_layers.py", "src/chromapal/apply/open_in_napari.py"),
        facts=FACTS,
    script:
        "../scripts/write_layers.py"


rule copy_nwb:
    """Write predictions into copies of the NWB files; the files themselves are only read."""
    input:
        neurons=f"{RESULTS}/answers.parquet",
        facts=list(FACTS.values()),
    output:
        folder=directory(f"{RESULTS}/nwb"),
    log:
        f"{RESULTS}/logs/copy_nwb.log",
    conda:
        ENVIRONMENT
    params:
        code=code("copy_nwb.py"),
        facts=FACTS,
        model={key: KEPT[key] for key in ("study", "version", "code_digest", "lock_digest")},
        worms=config["worms"],
        date=config["date"],
    script:
        "../scripts/copy_nwb.py"
