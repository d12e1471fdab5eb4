"""Draw the neurons most often taken for each other, in place."""

from chromapal.console import job
from chromapal.evaluate.figures.confused import draw


def main(snakemake):
    draw(
        places=snakemake.input.places,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
