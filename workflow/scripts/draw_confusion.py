"""Draw which neuron classes are taken for which."""

from chromapal.console import job
from chromapal.evaluate.figures.confusion import draw


def main(snakemake):
    draw(
        confusion=snakemake.input.confusion,
        identity=snakemake.input.identity,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
