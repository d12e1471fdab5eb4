"""Draw how far colours are from the true ones, and how colourful."""

from chromapal.console import job
from chromapal.evaluate.figures.picture_scores import draw


def main(snakemake):
    draw(snakemake.input.table, out=snakemake.output.figure)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
