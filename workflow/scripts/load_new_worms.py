"""Read one source of new worms."""

from chromapal.apply.read import load
from chromapal.console import job


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
