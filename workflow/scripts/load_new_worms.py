"""Read one source of new worms."""

from chromapal.console import job
from chromapal.worms.new_worms import load


def main(snakemake):
    load(
        snakemake.params.path,
        kind=snakemake.params.kind,
        centres=snakemake.params.centres,
        lab=snakemake.params.laboratory or None,
        channels=snakemake.params.channels,
        spacing=snakemake.params.spacing,
        full_scales=snakemake.params.full_scales,
        out_table=snakemake.output.table,
        out_facts=snakemake.output.facts,
        out_skipped=snakemake.output.skipped,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
