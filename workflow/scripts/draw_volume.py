"""Draw one animal per laboratory: its colour volume, or its neurons in space."""

from chromapal.console import job
from chromapal.evaluate.figures.volume import draw


def main(snakemake):
    draw(
        volumes=snakemake.input.volumes,
        neurons=snakemake.input.neurons,
        colour_scale=snakemake.params.colour_scale,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
