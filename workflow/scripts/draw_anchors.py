"""Draw accuracy against the number of anchors."""

from chromapal.console import job
from chromapal.evaluate.figures.anchors import draw


def main(snakemake):
    draw(
        anchors=snakemake.input.anchors,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
