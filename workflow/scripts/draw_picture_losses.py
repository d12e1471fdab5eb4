"""Draw the losses of every training."""

from chromapal.console import job
from chromapal.evaluate.figures.picture_losses import draw


def main(snakemake):
    draw(snakemake.input.losses, out=snakemake.output.figure)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
