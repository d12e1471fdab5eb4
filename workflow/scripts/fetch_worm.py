"""Fetch one file of the archive whole."""

from chromapal.console import job
from chromapal.worms.dandi.source import fetch


def main(snakemake):
    fetch(
        snakemake.input.manifest,
        lab=snakemake.params.laboratory,
        asset=snakemake.params.asset,
        api=snakemake.params.api,
        out=snakemake.output.file,
    )


if __name__ == "__main__":
    with job(snakemake.log[0]):  # noqa: F821
        main(snakemake)  # noqa: F821
