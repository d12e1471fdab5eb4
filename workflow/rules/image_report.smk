"""Tables and coloured images become figures, a colour Turing test and the report."""


report: "../report/workflow.rst"


TRAINED_COLOURED = [entry for entry in COLOURED if entry["colorizer"] not in methods.baselines()]
TEST_IMAGES = {name: f"results/{STUDY}/shown/{name}" for name in SETS}
# Figures of which colours a set's methods get wrong: what they are called, and read.
OF_COLOURS = {
    "picture_hues": dict(title="Hues", tables=["image_hues"]),
    "picture_colours": dict(title="Histograms of colours", tables=["image_colours", "images"]),
    "picture_details": dict(title="Smooth regions and fine detail", tables=["image_details"]),
}


# By name: the section of the report, and what the function `draw` of the figure's module takes.
FIGURES = {
    "picture_sets": dict(
        section="The images",
        title="Image sets",
        after=[*paths(CARDS), *TEST_IMAGES.values()],
        inputs={},
        params=dict(
            sets=[
                {
                    "set": entry["set"],
                    "card": entry["path"],
                    "test_images": TEST_IMAGES[entry["set"]],
                }
                for entry in CARDS
            ]
        ),
    ),
    **{
        f"contact_sheet_{name}": dict(
            section="What the methods make of them",
            title=f"Contact sheet {name}",
            inputs=dict(test_images=TEST_IMAGES[name], **tables("images")),
            **of_fullest_run(name, "contact_sheet"),
        )
        for name in SETS_TRAINED
    },
    **{
        f"ranked_sheet_{name}": dict(
            section="What the methods make of them",
            title=f"Best, median and worst of {name}",
            inputs=dict(test_images=TEST_IMAGES[name], **tables("images")),
            **of_fullest_run(name, "ranked_sheet", scored=SCORES),
        )
        for name in SETS_TRAINED
    },
    "picture_scores": dict(section="Scores", title="Scores", inputs=tables("images")),
    **{
        f"{figure}_{name}": {
            "module": figure,
            "section": "Which colours are wrong, and where",
            "title": f"{row['title']} {name}",
            "inputs": tables(*row["tables"]),
            "params": dict(name=name, run=fullest_run(name)),
        }
        for figure, row in OF_COLOURS.items()
        for name in SETS_TRAINED
    },
    "picture_comparisons": dict(
        section="One thing changed",
        title="Comparisons",
        inputs=tables("images"),
        params=dict(comparisons=config["comparisons"]),
        when=config["comparisons"],
    ),
    "learning_curves": dict(
        section="One thing changed",
        title="Learning curves",
        inputs=tables("image_hues", "images"),
        params=dict(comparisons=config["comparisons"]),
        when=any(
            len({RUNS[run]["pictures"] for run in each["runs"]}) > 2
            for each in config["comparisons"]
        ),
    ),
    "picture_losses": dict(
        section="How they learn",
        title="Losses",
        inputs=dict(losses=tables("image_losses")["image_losses"]),
    ),
    **{
        f"micrographs_{name}": dict(
            section="Grayscale micrographs",
            title=f"Micrographs in the colours of {name}",
            inputs=dict(micrographs="results/{study}/micrographs"),
            when=config["micrographs"],
            **of_fullest_run(name, "micrographs"),
        )
        for name in SETS_TRAINED
    },
}


include: "finished.smk"


# Other files that count as the report's code.
REPORT_CODE = [
    "workflow/notebooks/images.ipynb",
    "src/chromapal/evaluate/report/parts.py",
    "src/chromapal/evaluate/report/images.py",
    *dict.fromkeys(f"workflow/report/{row['caption']}.rst" for row in DRAWN),
]


rule write_turing_page:
    """Write the colour Turing test, a page that asks which colours are real."""
    input:
        list(TEST_IMAGES.values()),
        paths(TRAINED_COLOURED),
    output:
        page=report(
            "results/{study}/turing/turing.html",
            caption="../report/turing.rst",
            category="Report",
            labels={"page": "Which colours are real?"},
        ),
    log:
        "results/{study}/logs/write_turing_page.log",
    group:
        cluster_group("report")
    conda:
        ENVIRONMENT
    params:
        **calls(
            "evaluate.pages.turing_images:write_page", "src/chromapal/evaluate/pages/turing.html"
        ),
        coloured=TRAINED_COLOURED,
        true_images=TEST_IMAGES,
        seed=config["seed"],
        images=config["turing"],
        title=f"Which colours are real? ({STUDY})",
    script:
        "../scripts/call.py"


rule write_report:
    """Write the report: the study in plain words on one self-contained page."""
    input:
        expand("results/{{study}}/figures/{name}.png", name=FIGURES),
        expand("results/{{study}}/tables/{name}.csv", name=TABLES),
        "results/{study}/turing/turing.html",
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
        notebook="workflow/notebooks/images.ipynb",
        parameters=dict(
            study=STUDY,
            tables=f"results/{STUDY}/tables",
            figures=f"results/{STUDY}/figures",
            drawn=DRAWN,
            config=config,
            skipped=SKIPPED,
        ),
    script:
        "../scripts/call.py"
