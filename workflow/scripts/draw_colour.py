"""Draw the colour metrics of every colorizer and kind of neurons."""

from chromapal.console import job
from chromapal.evaluate.figures.colour import draw


def main(snakemake):
    draw(
        colour=snakemake.input.colour,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
