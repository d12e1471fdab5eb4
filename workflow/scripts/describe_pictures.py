"""Count a set's pictures and colours, and find what stands on two sides."""

from chromapal.console import job
from chromapal.images.card import write_card


def main(snakemake):
    write_card(snakemake.params.options, seed=snakemake.params.seed, out=snakemake.output.folder)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
