"""List and describe image sets; train colorizers on them and colour their test images."""

for name in filter(simulated, SETS):

    rule:
        """Write the worms of a simulated set as NWB files."""
        name:
            f"simulate_{name}"
        output:
            simulated(name),
        log:
            f"results/{STUDY}/logs/simulate_worms/{name}.log",
        group:
            cluster_group("images")
        conda:
            ENVIRONMENT
        params:
            **calls("worms.simulate.worms:simulate"),
            folder=folder_of_worms,
            params=SETS[name]["simulate"],
            seed=config["seed"],
        script:
            "../scripts/call.py"


rule list_images:
    """List a set's images and their splits, once for all jobs that read them."""
    input:
        set_files,
    output:
        images="results/{study}/listed/{set}.parquet",
    log:
        "results/{study}/logs/list_images/{set}.log",
    group:
        cluster_group("images")
    conda:
        ENVIRONMENT
    params:
        **calls("images.sets:list_images"),
        options=set_options,
        seed=config["seed"],
    script:
        "../scripts/call.py"


rule show_images:
    """Write a set's test images, in colour and gray."""
    input:
        set_files,
        images="results/{study}/listed/{set}.parquet",
    output:
        folder=directory("results/{study}/shown/{set}"),
    log:
        "results/{study}/logs/show_images/{set}.log",
    group:
        cluster_group("images")
    conda:
        ENVIRONMENT
    params:
        **calls("images.export:write_test_images"),
        options=set_options,
    script:
        "../scripts/call.py"


rule show_micrographs:
    """Write the grayscale micrographs that have no colours to compare with."""
    output:
        folder=directory("results/{study}/micrographs"),
    log:
        "results/{study}/logs/show_micrographs.log",
    group:
        cluster_group("images")
    conda:
        ENVIRONMENT
    params:
        **calls("images.export:write_micrographs"),
        names=config["micrographs"],
    script:
        "../scripts/call.py"


rule describe_images:
    """Count a set's images and colours, and find near-duplicates in two splits."""
    input:
        set_files,
        images="results/{study}/listed/{set}.parquet",
    output:
        folder=directory("results/{study}/cards/{set}"),
    log:
        "results/{study}/logs/describe_images/{set}.log",
    group:
        cluster_group("images")
    conda:
        ENVIRONMENT
    params:
        **calls("images.card:write_card"),
        options=set_options,
    script:
        "../scripts/call.py"


rule train_on_images:
    """Train one colorizer on a set's training images, and colour its test images."""
    input:
        set_files,
        images="results/{study}/listed/{set}.parquet",
    output:
        model=directory("results/{study}/models/{set}/{run}/{colorizer}"),
        losses="results/{study}/losses/{set}/{run}/{colorizer}.csv",
        facts="results/{study}/facts/{set}/{run}/{colorizer}.json",
        folder=directory("results/{study}/coloured/{set}/{run}/{colorizer}"),
    log:
        "results/{study}/logs/train_on_images/{set}/{run}/{colorizer}.log",
    conda:
        ENVIRONMENT
    threads: TRAINING["threads"]
    resources:
        gpu=colorizer_gpu,
        training=100 // TRAINING["parallel"],
    params:
        **calls("colorizers.common.run_images:train", "src/chromapal/colorizers/{colorizer}.py"),
        options=set_options,
        method=image_method,
        training=training_settings("{set}/{run}/{colorizer}", "device", "precision", "threads"),
    script:
        "../scripts/call.py"


rule score_images:
    """Compare coloured test images with the true ones, as wholes and by hue and detail."""
    input:
        test_images="results/{study}/shown/{set}",
        coloured="results/{study}/coloured/{set}/{run}/{colorizer}",
        facts="results/{study}/facts/{set}/{run}/{colorizer}.json",
    output:
        scores="results/{study}/scored/{set}/{run}/{colorizer}.parquet",
        regions="results/{study}/regions/{set}/{run}/{colorizer}.parquet",
    log:
        "results/{study}/logs/score_images/{set}/{run}/{colorizer}.log",
    group:
        cluster_group("colours")
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.tables.scored_images:write_scores"),
    script:
        "../scripts/call.py"
