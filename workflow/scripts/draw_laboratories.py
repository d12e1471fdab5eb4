"""Draw identity accuracy laboratory by laboratory."""

from chromapal.console import job
from chromapal.evaluate.figures.laboratories import draw


def main(snakemake):
    draw(
        identity=snakemake.input.identity,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
