"""Draw what the image sets hold."""

from chromapal.console import job
from chromapal.evaluate.figures.picture_sets import draw


def main(snakemake):
    draw(snakemake.params.entries, out=snakemake.output.figure)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
