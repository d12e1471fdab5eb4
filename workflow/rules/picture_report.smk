"""Tables and coloured pictures become figures, a page that asks a person, and the report."""

from collections import Counter


report: "../report/workflow.rst"


PICTURE_FIGURES = [
    "picture_sets",
    *(f"contact_sheet_{name}" for name in SETS),
    "picture_scores",
    *(["picture_comparisons"] if config["comparisons"] else []),
    "picture_losses",
    *(f"micrographs_{name}" for name in SETS if config["micrographs"]),
]
PICTURE_TOLD = [
    "workflow/notebooks/pictures.ipynb",
    "src/chromapal/evaluate/report/pictures.py",
    *(
        f"workflow/report/{name}.rst"
        for name in ("contact_sheet", "picture_sets", "picture_scores")
    ),
    *(f"workflow/report/{name}.rst" for name in ("picture_comparisons", "picture_losses")),
    "workflow/report/micrographs.rst",
]
SHOWN = [
    {"set": name, "card": f"results/{STUDY}/cards/{name}", "shown": f"results/{STUDY}/shown/{name}"}
    for name in SETS
]
LEARNT = [entry for entry in trained("coloured") if entry["colorizer"] not in BASELINES]


def fullest_run(wildcards):
    """Give the run that trains most methods on a set; the first one, where several do."""
    counts = Counter(entry["run"] for entry in TRAINED if entry["set"] == wildcards.set)
    return counts.most_common(1)[0][0]


def coloured_sets(wildcards):
    """List the models of that run."""
    wanted = (wildcards.set, fullest_run(wildcards))
    return [entry for entry in trained("coloured") if (entry["set"], entry["run"]) == wanted]


def coloured_paths(wildcards):
    """List the folders of one set's coloured pictures."""
    return paths(coloured_sets(wildcards))


rule draw_picture_sets:
    """Draw what the image sets hold."""
    input:
        cards=paths(CARDS),
        shown=expand("results/{{study}}/shown/{set}", set=SETS),
    output:
        figure=report(
            "results/{study}/figures/picture_sets.png",
            caption="../report/picture_sets.rst",
            category="Figures",
            labels={"figure": "Image sets"},
        ),
    log:
        "results/{study}/logs/draw_picture_sets.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_picture_sets.py"),
        entries=SHOWN,
    script:
        "../scripts/draw_picture_sets.py"


rule draw_contact_sheet:
    """Draw one set's test pictures beside each other: gray, true, and by every method."""
    input:
        shown="results/{study}/shown/{set}",
        coloured=coloured_paths,
        table="results/{study}/tables/images.csv",
    output:
        figure=report(
            "results/{study}/figures/contact_sheet_{set}.png",
            caption="../report/contact_sheet.rst",
            category="Figures",
            labels={"figure": "Contact sheet {set}"},
        ),
    log:
        "results/{study}/logs/draw_contact_sheet/{set}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_contact_sheet.py"),
        entries=coloured_sets,
        run=fullest_run,
    script:
        "../scripts/draw_contact_sheet.py"


rule draw_picture_scores:
    """Draw how far colours are from the true ones, and how colourful."""
    input:
        table="results/{study}/tables/images.csv",
    output:
        figure=report(
            "results/{study}/figures/picture_scores.png",
            caption="../report/picture_scores.rst",
            category="Figures",
            labels={"figure": "Scores"},
        ),
    log:
        "results/{study}/logs/draw_picture_scores.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_picture_scores.py"),
    script:
        "../scripts/draw_picture_scores.py"


rule draw_picture_comparisons:
    """Draw runs of one method that differ in one thing."""
    input:
        table="results/{study}/tables/images.csv",
    output:
        figure=report(
            "results/{study}/figures/picture_comparisons.png",
            caption="../report/picture_comparisons.rst",
            category="Figures",
            labels={"figure": "Comparisons"},
        ),
    log:
        "results/{study}/logs/draw_picture_comparisons.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_picture_comparisons.py"),
        comparisons=config["comparisons"],
    script:
        "../scripts/draw_picture_comparisons.py"


rule draw_picture_losses:
    """Draw the losses of every training."""
    input:
        losses="results/{study}/tables/image_losses.csv",
    output:
        figure=report(
            "results/{study}/figures/picture_losses.png",
            caption="../report/picture_losses.rst",
            category="Figures",
            labels={"figure": "Losses"},
        ),
    log:
        "results/{study}/logs/draw_picture_losses.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_picture_losses.py"),
    script:
        "../scripts/draw_picture_losses.py"


rule draw_micrographs:
    """Draw grayscale micrographs as every model colours them."""
    input:
        shown="results/{study}/micrographs",
        coloured=coloured_paths,
    output:
        figure=report(
            "results/{study}/figures/micrographs_{set}.png",
            caption="../report/micrographs.rst",
            category="Figures",
            labels={"figure": "Micrographs in the colours of {set}"},
        ),
    log:
        "results/{study}/logs/draw_micrographs/{set}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("draw_micrographs.py"),
        entries=coloured_sets,
        run=fullest_run,
    script:
        "../scripts/draw_micrographs.py"


rule write_turing_page:
    """Ask a person which colours are real."""
    input:
        shown=expand("results/{{study}}/shown/{set}", set=SETS),
        coloured=paths(LEARNT),
    output:
        page=report(
            "results/{study}/turing/turing.html",
            caption="../report/turing.rst",
            category="Report",
            labels={"page": "Which colours are real?"},
        ),
    log:
        "results/{study}/logs/write_turing_page.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_turing_page.py", "src/chromapal/evaluate/pages/turing.html"),
        entries=LEARNT,
        shown=f"results/{STUDY}/shown",
        seed=config["seed"],
        pictures=config["turing"],
        title=f"Which colours are real? ({STUDY})",
    script:
        "../scripts/write_turing_page.py"


rule write_report:
    """Tell the study in plain words on one page that needs nothing else."""
    input:
        figures=expand("results/{{study}}/figures/{name}.png", name=PICTURE_FIGURES),
        tables=expand(
            "results/{{study}}/tables/{name}.csv", name=["images", "image_losses", "image_sets"]
        ),
        turing="results/{study}/turing/turing.html",
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
        code=code("write_report.py", *PICTURE_TOLD),
        notebook="pictures.ipynb",
        told=dict(
            study=STUDY,
            tables=f"results/{STUDY}/tables",
            figures=f"results/{STUDY}/figures",
            config=config,
            left_out=LEFT_OUT,
        ),
    script:
        "../scripts/write_report.py"
