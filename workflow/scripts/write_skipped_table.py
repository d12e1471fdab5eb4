"""List every worm that was left out of something."""

from chromapal.evaluate.tables import write_skipped
from chromapal.console import job


def main(snakemake):
    write_skipped(snakemake.input.parts, out=snakemake.output.table)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
