"""Draw figures from finished tables and write the report; a figure is a module, a caption and a row."""


report: "../report/workflow.rst"


FIRST = "results/{study}/neurons/fold0/neurons.parquet"
FIRST_ALIGNED = (
    f"results/{STUDY}/aligned/{GRAY_ALIGNMENT}/fold0/neurons.parquet"
    if FRAME == "body" and RUNS
    else []
)
SCALE = dict(colour_scale=config["colour_scale"])
# By name: the section of the report, and what the function `draw` of the figure's module takes.
FIGURES = {
    "volume": dict(
        section="The worms",
        title="Volumes or neurons in space",
        inputs=dict(volumes=volume_inputs, neurons=FIRST),
        params=SCALE,
    ),
    "projections": dict(
        section="The worms",
        title="Projections",
        inputs=dict(neurons=FIRST, aligned=FIRST_ALIGNED),
        params=SCALE,
    ),
    "grids": dict(
        section="What the network sees",
        title="Grids",
        inputs=dict(neurons=FIRST, aligned=FIRST_ALIGNED),
        params=dict(slab_um=config["slab_um"]),
    ),
    "losses": dict(section="What the network sees", title="Losses", inputs=tables("losses")),
    "colour": dict(section="Predicted colour", title="Colour metrics", inputs=tables("colour")),
    "prediction": dict(
        section="Predicted colour",
        title="Predicted and true colours",
        inputs=dict(
            colours=example_colours, neurons="results/{study}/neurons.parquet", **tables("worms")
        ),
        params=dict(run=EXAMPLE_RUN, **SCALE),
    ),
    "identity": dict(
        section="Names from colour", title="Identity accuracy", inputs=tables("identity")
    ),
    "laboratories": dict(
        section="Laboratory by laboratory", title="Laboratories", inputs=tables("identity")
    ),
    "confusion": dict(
        section="Laboratory by laboratory",
        title="Confusion",
        inputs=tables("confusion", "identity"),
    ),
    "examples": dict(
        section="Laboratory by laboratory",
        title="Training examples",
        inputs=tables("names", "identity"),
    ),
    "calibration": dict(
        section="One name to one neuron",
        title="Calibration of probabilities",
        inputs=tables("calibration", "coverage"),
        when=NAMING,
    ),
    "handedness": dict(
        section="One name to one neuron",
        title="Handedness",
        inputs=tables("handedness"),
        when=NAMING,
    ),
    "confused": dict(
        section="One name to one neuron",
        title="Confused neurons",
        inputs=tables("places"),
        when=PAGES,
    ),
    "peers": dict(
        section="One name to one neuron",
        title="Other methods",
        inputs=tables("peers"),
        when=NAMING and config["peers"],
    ),
    "anchors": dict(
        section="One name to one neuron",
        title="Anchors",
        inputs=tables("anchors"),
        when=NAMING and IDENTIFY["anchors"],
    ),
    "ablation": dict(
        section="One name to one neuron",
        title="Ablation",
        inputs=tables("ablation"),
        when=NAMING and IDENTIFY["ablations"],
    ),
}


include: "finished.smk"


# Tables with their own rules, and files that are part of the report's code.
MORE_TABLES = [
    "identity",
    "scope",
    "unknown_labels",
    *(["coverage", "ganglia"] if NAMING else []),
]
REPORT_CODE = [
    "workflow/notebooks/report.ipynb",
    "src/chromapal/evaluate/report/parts.py",
    "src/chromapal/evaluate/report/naming.py",
    *(f"workflow/report/{row['caption']}.rst" for row in DRAWN),
]


rule write_report:
    """Write the report: the study in plain words on one self-contained page."""
    input:
        expand("results/{{study}}/figures/{name}.png", name=FIGURES),
        expand("results/{{study}}/tables/{name}.csv", name=[*TABLES, *MORE_TABLES]),
        f"results/{STUDY}/named" if PAGES else [],
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
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls("evaluate.report.notebook:render", *REPORT_CODE),
        notebook="workflow/notebooks/report.ipynb",
        parameters=dict(
            study=STUDY,
            tables=f"results/{STUDY}/tables",
            figures=f"results/{STUDY}/figures",
            drawn=DRAWN,
            config=config,
        ),
    script:
        "../scripts/call.py"
