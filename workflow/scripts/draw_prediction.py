"""Draw predicted colour beside the truth for three test animals."""

from chromapal.console import job
from chromapal.evaluate.figures.prediction import draw


def main(snakemake):
    draw(
        colours=snakemake.input.colours,
        neurons=snakemake.input.neurons,
        worms=snakemake.input.worms,
        colour_scale=snakemake.params.colour_scale,
        run=dict(snakemake.params.run),
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
