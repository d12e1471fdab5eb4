"""Draw one animal's neurons as measured and as normalised, in three planes."""

from chromapal.console import job
from chromapal.evaluate.figures.projections import draw


def main(snakemake):
    draw(
        neurons=snakemake.input.neurons,
        colour_scale=snakemake.params.colour_scale,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
