"""Write a set's test pictures, in colour and gray."""

from chromapal.console import job
from chromapal.images.shown import show


def main(snakemake):
    show(snakemake.params.options, seed=snakemake.params.seed, out=snakemake.output.folder)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
