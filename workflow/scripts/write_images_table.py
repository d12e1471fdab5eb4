"""Summarise the scores of every model over its test pictures."""

from chromapal.console import job
from chromapal.evaluate.tables.pictures import write_images


def main(snakemake):
    write_images(snakemake.params.entries, out=snakemake.output.table)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
