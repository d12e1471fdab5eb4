# A study is a config file; this workflow turns it into tables, figures and a report.
if not workflow.overwrite_configfiles:

    # A study states all its keys: another config file replaces the default study, never adds to it.
    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/timings.smk"


if "sets" in config:

    include: "workflow/rules/pictures.smk"
    include: "workflow/rules/picture_tables.smk"
    include: "workflow/rules/picture_report.smk"

else:

    include: "workflow/rules/study.smk"
    include: "workflow/rules/inputs.smk"
    include: "workflow/rules/dandi.smk"
    include: "workflow/rules/worms.smk"
    include: "workflow/rules/grids.smk"
    include: "workflow/rules/colorize.smk"
    include: "workflow/rules/identify.smk"
    include: "workflow/rules/tables.smk"
    include: "workflow/rules/naming.smk"
    include: "workflow/rules/naming_figures.smk"
    include: "workflow/rules/report.smk"


rule all:
    """Everything a study gives: tables, figures and the report."""
    default_target: True
    input:
        f"results/{STUDY}/report/report.html",
        f"results/{STUDY}/tables/timings.csv",
