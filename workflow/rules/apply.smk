"""Apply a study's trained model to new worms."""


rule load_new_worms:
    """Read a batch of new worms; what cannot be used is listed with the reason."""
    input:
        batch_files,
    output:
        table=f"{RESULTS}/sources/{{batch}}.parquet",
        facts=directory(f"{RESULTS}/sources/{{batch}}"),
        skipped=f"{RESULTS}/sources/{{batch}}.skipped.csv",
    log:
        f"{RESULTS}/logs/load_new_worms/{{batch}}.log",
    group:
        cluster_group("worms")
    conda:
        ENVIRONMENT
    params:
        **calls("apply.read:load", batch_modules),
        files=batch_of,
        options={
            "lab": config["laboratory"],
            "channels": config["channels"],
            "spacing": config["spacing"],
            "full_scales": MODEL_FACTS["full_scales"],
            "with_stack": True,
        },
    script:
        "../scripts/call.py"


rule collect_new_worms:
    """Combine the new worms of all sources in one table, each worm once."""
    input:
        paths=expand(f"{RESULTS}/sources/{{batch}}.parquet", batch=BATCHES),
        skipped_parts=expand(f"{RESULTS}/sources/{{batch}}.skipped.csv", batch=BATCHES),
    output:
        neurons=f"{RESULTS}/neurons.parquet",
        skipped=f"{RESULTS}/sources.skipped.csv",
    log:
        f"{RESULTS}/logs/collect_new_worms.log",
    group:
        cluster_group("neurons")
    conda:
        ENVIRONMENT
    params:
        **calls("apply.read:collect"),
        no_files=NO_FILES,
        handedness=config["handedness"],
    script:
        "../scripts/call.py"


rule name_new_worms:
    """Align, name and colour all new worms."""
    input:
        MODEL / apply_plan.FACTS,
        neurons=f"{RESULTS}/neurons.parquet",
        skipped_sources=f"{RESULTS}/sources.skipped.csv",
    output:
        named=NAMED,
        adapted=f"{RESULTS}/adapted.parquet",
        expected=f"{RESULTS}/expected.parquet",
        scope=f"{RESULTS}/scope.csv",
        skipped=f"{RESULTS}/skipped.csv",
    log:
        f"{RESULTS}/logs/name_new_worms.log",
    conda:
        ENVIRONMENT
    params:
        **calls("apply.name:name_all", f"src/chromapal/colorizers/{MODEL_FACTS['colorizer']}.py"),
        named_by=dict(model=str(MODEL), channels_used=config["channels_used"]),
    script:
        "../scripts/call.py"


rule correct_new_worms:
    """Name those worms again about which a person has stated something."""
    input:
        MODEL / apply_plan.FACTS,
        anchors=ANCHOR_FILES,
        neurons=f"{RESULTS}/neurons.parquet",
        named=NAMED,
        adapted=f"{RESULTS}/adapted.parquet",
    output:
        named=CORRECTED,
    log:
        f"{RESULTS}/logs/correct_new_worms.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls(
            "apply.correct:correct_worms",
            f"src/chromapal/colorizers/{MODEL_FACTS['colorizer']}.py",
        ),
        named_by=dict(model=str(MODEL), channels_used=config["channels_used"]),
    script:
        "../scripts/call.py"


rule write_new_worm_files:
    """Return every new worm its table with a review queue, an image, a page and its traces."""
    input:
        FACTS_FOLDERS,
        named=FINAL,
        before=NAMED if ANCHOR_FILES else [],
        scope=f"{RESULTS}/scope.csv",
        expected=f"{RESULTS}/expected.parquet",
    output:
        folder=directory(f"{RESULTS}/named"),
    log:
        f"{RESULTS}/logs/write_new_worm_files.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("apply.write:write_new_worm_files", page_parts),
        facts=FACTS,
        colour_scale=MODEL_FACTS["normaliser"]["colour_scale"],
        traces={key: config[key] for key in ("least_probability", "merge_sides")},
    script:
        "../scripts/call.py"


rule write_class_page:
    """Compare a class of neurons across all new worms."""
    input:
        FACTS_FOLDERS,
        neurons=ANSWERS,
    output:
        page=f"{RESULTS}/classes.html",
    log:
        f"{RESULTS}/logs/write_class_page.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("apply.classes:write_class_page", class_page_parts),
        facts=FACTS,
        colour_scale=MODEL_FACTS["normaliser"]["colour_scale"],
    script:
        "../scripts/call.py"


rule write_summary:
    """Count the classes found, and the labelled neurons named right, over all new worms."""
    input:
        neurons=ANSWERS,
        probabilities=PROBABILITIES,
    output:
        classes=f"{RESULTS}/classes.csv",
        accuracy=f"{RESULTS}/accuracy.csv",
        applied=f"{RESULTS}/{apply_plan.APPLIED}",
    log:
        f"{RESULTS}/logs/write_summary.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("apply.summary:write_summary"),
        least_probability=config["least_probability"],
        applied=APPLIED,
    script:
        "../scripts/call.py"


rule write_layers:
    """Write points and predicted-colour volumes that napari opens."""
    input:
        FACTS_FOLDERS,
        neurons=ANSWERS,
    output:
        folder=directory(f"{RESULTS}/layers"),
    log:
        f"{RESULTS}/logs/write_layers.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("apply.napari:write_layers", "src/chromapal/apply/open_in_napari.py"),
        facts=FACTS,
    script:
        "../scripts/call.py"


rule copy_nwb:
    """Write predictions into copies of the NWB files; the files themselves are only read."""
    input:
        FACTS_FOLDERS,
        neurons=ANSWERS,
    output:
        folder=directory(f"{RESULTS}/nwb"),
    log:
        f"{RESULTS}/logs/copy_nwb.log",
    conda:
        ENVIRONMENT
    params:
        **calls("apply.nwb:write_copies"),
        facts=FACTS,
        model={key: MODEL_FACTS[key] for key in ("study", "version", "code_digest", "lock_digest")},
        worms=config["worms"],
        date=config["date"],
    script:
        "../scripts/call.py"
