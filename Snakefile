# A study is a config file; this workflow turns it into tables, figures and a report.
if not workflow.overwrite_configfiles and not {"model", "worms", "images"} & set(config):

    # A study states all its keys: another config file replaces the default study, never adds to it.
    configfile: "config/config.yaml"


include: "workflow/rules/checkout.smk"
include: "workflow/rules/common.smk"


if KIND == "apply":

    # A study that has ended, applied to new worms.
    include: "workflow/rules/new_worms.smk"
    include: "workflow/rules/apply.smk"

    rule apply:
        """Everything that new worms get: names, colours, pages, layers and copies."""
        default_target: True
        input:
            f"{RESULTS}/named",
            f"{RESULTS}/classes.html",
            f"{RESULTS}/classes.csv",
            f"{RESULTS}/accuracy.csv",
            f"{RESULTS}/skipped.csv",
            f"{RESULTS}/scope.csv",
            f"{RESULTS}/layers" if config["napari"] else [],
            f"{RESULTS}/nwb" if config["nwb"] else [],

elif KIND == "colour":

    # A colorizer of a study of images that has ended, applied to other images.
    include: "workflow/rules/colour.smk"

    rule colour:
        """Everything that images get: their colours, and a sheet to look at."""
        default_target: True
        input:
            rules.colour_images.output,

else:

    include: "workflow/rules/timings.smk"

    if KIND == "images":

        include: "workflow/rules/image_study.smk"
        include: "workflow/rules/images.smk"
        include: "workflow/rules/image_tables.smk"
        include: "workflow/rules/image_report.smk"

    else:

        include: "workflow/rules/study.smk"
        include: "workflow/rules/inputs.smk"
        include: "workflow/rules/dandi.smk"
        include: "workflow/rules/worms.smk"
        include: "workflow/rules/grids.smk"
        include: "workflow/rules/colorize.smk"
        include: "workflow/rules/identify.smk"
        include: "workflow/rules/model.smk"
        include: "workflow/rules/tables.smk"
        include: "workflow/rules/naming.smk"
        include: "workflow/rules/report.smk"
        include: "workflow/rules/audit.smk"

    rule all:
        """Everything a study gives: tables, figures, the report and a model for new worms."""
        default_target: True
        input:
            f"results/{STUDY}/report/report.html",
            f"results/{STUDY}/tables/timings.csv",
            TRAINED_MODEL if KIND == "config" else [],
