"""Draw other methods beside ours on the same animals."""

from chromapal.console import job
from chromapal.evaluate.figures.peers import draw


def main(snakemake):
    draw(
        peers=snakemake.input.peers,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
