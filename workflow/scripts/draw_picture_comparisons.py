"""Draw runs of one method that differ in one thing."""

from chromapal.console import job
from chromapal.evaluate.figures.picture_comparisons import draw


def main(snakemake):
    draw(snakemake.input.table, snakemake.params.comparisons, out=snakemake.output.figure)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
