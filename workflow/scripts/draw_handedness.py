"""Draw what was decided about the axes of every test animal."""

from chromapal.console import job
from chromapal.evaluate.figures.handedness import draw


def main(snakemake):
    draw(
        handedness=snakemake.input.handedness,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
