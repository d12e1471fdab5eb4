"""Draw identity accuracy with intervals over animals."""

from chromapal.console import job
from chromapal.evaluate.figures.identity import draw


def main(snakemake):
    draw(
        identity=snakemake.input.identity,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
