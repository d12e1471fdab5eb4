"""Scores, losses and cards of all models and sets become tables."""


def trained(folder, suffix=""):
    """List one entry per trained model, with the path of its file in a folder of the study."""
    path = f"results/{STUDY}/{folder}/{{set}}/{{run}}/{{colorizer}}{suffix}"
    return [{**entry, "path": path.format(**entry)} for entry in TRAINED]


def paths(entries):
    """List the paths of entries."""
    return [entry["path"] for entry in entries]


CARDS = [{"set": name, "path": f"results/{STUDY}/cards/{name}"} for name in SETS]


rule write_images_table:
    """Summarise the scores of every model over its test pictures."""
    input:
        scores=paths(trained("scored", ".parquet")),
    output:
        table=report(
            "results/{study}/tables/images.csv",
            caption="../report/table_images.rst",
            category="Tables",
            labels={"table": "images"},
        ),
    log:
        "results/{study}/logs/write_images_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_images_table.py"),
        entries=trained("scored", ".parquet"),
    script:
        "../scripts/write_images_table.py"


rule write_image_losses_table:
    """Put the losses of all trainings into one table."""
    input:
        losses=paths(trained("losses", ".csv")),
    output:
        table=report(
            "results/{study}/tables/image_losses.csv",
            caption="../report/table_image_losses.rst",
            category="Tables",
            labels={"table": "losses"},
        ),
    log:
        "results/{study}/logs/write_image_losses_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_image_losses_table.py"),
        entries=trained("losses", ".csv"),
    script:
        "../scripts/write_image_losses_table.py"


rule write_image_sets_table:
    """Put the cards of all sets into one table."""
    input:
        cards=paths(CARDS),
    output:
        table=report(
            "results/{study}/tables/image_sets.csv",
            caption="../report/table_image_sets.rst",
            category="Tables",
            labels={"table": "image sets"},
        ),
    log:
        "results/{study}/logs/write_image_sets_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("write_image_sets_table.py"),
        entries=CARDS,
    script:
        "../scripts/write_image_sets_table.py"
