"""Write the grayscale micrographs that have no colours to compare with."""

from chromapal.console import job
from chromapal.images.shown import show_micrographs


def main(snakemake):
    show_micrographs(snakemake.params.names, out=snakemake.output.folder)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
