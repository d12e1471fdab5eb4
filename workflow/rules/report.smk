"""Finished tables become figures and the report."""


report: "../report/workflow.rst"


FIGURES = [
    "volume",
    "projections",
    "grids",
    "losses",
    "colour",
    "prediction",
    "identity",
    "laboratories",
    "confusion",
    "examples",
]
if NAMING:
    FIGURES += ["calibration", "handedness"] + (["confused"] if PAGES else [])
    FIGURES += ["peers"] if config["peers"] else []
    FIGURES += ["anchors"] if IDENTIFY["anchors"] else []
    FIGURES += ["ablation"] if IDENTIFY["ablations"] else []
REPORTED = ["colour", "identity", "worms", "summary", "skipped"]
if NAMING:
    REPORTED += ["coverage", "ganglia", "handedness"] + (["peers"] if config["peers"] else [])
# What `write_report` shows besides tables; all of it counts as the report's code.
TOLD = [
    "workflow/notebooks/report.ipynb",
    "src/chromapal/evaluate/report/parts.py",
    "src/chromapal/evaluate/report/naming.py",
    *(f"workflow/report/{name}.rst" for name in FIGURES),
]


rule draw_volume:
    """Draw one animal per laboratory: its colour volume, or its neurons in space."""
    input:
        volumes=volume_inputs,
        neurons="results/{study}/neurons/fold0/neurons.parquet",
    output:
        figure=report(
            "results/{study}/figures/volume.png",
            caption="../report/volume.rst",
            category="Figures",
            subcategory="Animals",
            labels={"figure": "Volumes or neurons in space"},
        ),
    log:
        "results/{study}/logs/draw_volume.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_volume.py"),
        colour_scale=config["colour_scale"],
    script:
        "../scripts/draw_volume.py"


rule draw_projections:
    """Draw one animal's neurons as measured and as normalised, in three planes."""
    input:
        neurons="results/{study}/neurons/fold0/neurons.parquet",
    output:
        figure=report(
            "results/{study}/figures/projections.png",
            caption="../report/projections.rst",
            category="Figures",
            subcategory="Animals",
            labels={"figure": "Projections"},
        ),
    log:
        "results/{study}/logs/draw_projections.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_projections.py"),
        colour_scale=config["colour_scale"],
    script:
        "../scripts/draw_projections.py"


rule draw_grids:
    """Draw what a colorizer sees: worm and neuron samples on two grids."""
    input:
        neurons="results/{study}/neurons/fold0/neurons.parquet",
    output:
        figure=report(
            "results/{study}/figures/grids.png",
            caption="../report/grids.rst",
            category="Figures",
            subcategory="Animals",
            labels={"figure": "Grids"},
        ),
    log:
        "results/{study}/logs/draw_grids.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_grids.py"),
        slab_um=config["slab_um"],
    script:
        "../scripts/draw_grids.py"


rule draw_losses:
    """Draw the losses of every training."""
    input:
        losses="results/{study}/tables/losses.csv",
    output:
        figure=report(
            "results/{study}/figures/losses.png",
            caption="../report/losses.rst",
            category="Figures",
            subcategory="Colour",
            labels={"figure": "Losses"},
        ),
    log:
        "results/{study}/logs/draw_losses.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_losses.py"),
    script:
        "../scripts/draw_losses.py"


rule draw_colour:
    """Draw the colour metrics of every colorizer and kind of neurons."""
    input:
        colour="results/{study}/tables/colour.csv",
    output:
        figure=report(
            "results/{study}/figures/colour.png",
            caption="../report/colour.rst",
            category="Figures",
            subcategory="Colour",
            labels={"figure": "Colour metrics"},
        ),
    log:
        "results/{study}/logs/draw_colour.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_colour.py"),
    script:
        "../scripts/draw_colour.py"


rule draw_prediction:
    """Draw predicted colour beside the truth for three test animals."""
    input:
        colours=shown_colours,
        neurons="results/{study}/neurons.parquet",
        worms="results/{study}/tables/worms.csv",
    output:
        figure=report(
            "results/{study}/figures/prediction.png",
            caption="../report/prediction.rst",
            category="Figures",
            subcategory="Colour",
            labels={"figure": "Prediction beside truth"},
        ),
    log:
        "results/{study}/logs/draw_prediction.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_prediction.py"),
        colour_scale=config["colour_scale"],
        run=SHOWN,
    script:
        "../scripts/draw_prediction.py"


rule draw_identity:
    """Draw identity accuracy with intervals over animals."""
    input:
        identity="results/{study}/tables/identity.csv",
    output:
        figure=report(
            "results/{study}/figures/identity.png",
            caption="../report/identity.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "Identity accuracy"},
        ),
    log:
        "results/{study}/logs/draw_identity.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_identity.py"),
    script:
        "../scripts/draw_identity.py"


rule draw_laboratories:
    """Draw identity accuracy laboratory by laboratory."""
    input:
        identity="results/{study}/tables/identity.csv",
    output:
        figure=report(
            "results/{study}/figures/laboratories.png",
            caption="../report/laboratories.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "Laboratories"},
        ),
    log:
        "results/{study}/logs/draw_laboratories.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_laboratories.py"),
    script:
        "../scripts/draw_laboratories.py"


rule draw_confusion:
    """Draw which neuron classes are taken for which."""
    input:
        confusion="results/{study}/tables/confusion.csv",
        identity="results/{study}/tables/identity.csv",
    output:
        figure=report(
            "results/{study}/figures/confusion.png",
            caption="../report/confusion.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "Confusion"},
        ),
    log:
        "results/{study}/logs/draw_confusion.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_confusion.py"),
    script:
        "../scripts/draw_confusion.py"


rule draw_examples:
    """Draw each name's accuracy against its examples in training."""
    input:
        names="results/{study}/tables/names.csv",
        identity="results/{study}/tables/identity.csv",
    output:
        figure=report(
            "results/{study}/figures/examples.png",
            caption="../report/examples.rst",
            category="Figures",
            subcategory="Names",
            labels={"figure": "Training examples"},
        ),
    log:
        "results/{study}/logs/draw_examples.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_examples.py"),
    script:
        "../scripts/draw_examples.py"


rule write_report:
    """Tell the study in plain words on one page that needs nothing else."""
    input:
        figures=expand("results/{{study}}/figures/{name}.png", name=FIGURES),
        tables=expand("results/{{study}}/tables/{name}.csv", name=REPORTED),
        named=f"results/{STUDY}/named" if PAGES else [],
    output:
        page=report(
            "results/{study}/report/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"page": "The study in plain words"},
        ),
        notebook="results/{study}/report/report.ipynb",
    log:
        "results/{study}/logs/write_report.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_report.py", *TOLD),
        notebook="report.ipynb",
        told=dict(
            study=STUDY,
            tables=f"results/{STUDY}/tables",
            figures=f"results/{STUDY}/figures",
            config=config,
        ),
    script:
        "../scripts/write_report.py"
