"""Draw each name's accuracy against its examples in training."""

from chromapal.console import job
from chromapal.evaluate.figures.examples import draw


def main(snakemake):
    draw(
        names=snakemake.input.names,
        identity=snakemake.input.identity,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
