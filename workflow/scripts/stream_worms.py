"""Read one worm from the archive."""

from chromapal.console import job
from chromapal.worms.dandi.source import stream


def main(snakemake):
    stream(
        snakemake.input.manifest,
        lab=snakemake.params.laboratory,
        asset=snakemake.params.asset,
        api=snakemake.params.api,
        cache=snakemake.params.cache,
        full_scales=snakemake.params.full_scales,
        out_table=snakemake.output.table,
        out_skipped=snakemake.output.skipped,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
