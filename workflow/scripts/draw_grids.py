"""Draw what a colorizer sees: worm and neuron samples on two grids."""

from chromapal.console import job
from chromapal.evaluate.figures.grids import draw


def main(snakemake):
    draw(
        neurons=snakemake.input.neurons,
        slab_um=snakemake.params.slab_um,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
