"""Draw grayscale micrographs as every model colours them."""

from chromapal.console import job
from chromapal.evaluate.figures.micrographs import draw


def main(snakemake):
    draw(
        snakemake.input.shown,
        snakemake.params.entries,
        name=snakemake.wildcards.set,
        run=snakemake.params.run,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
