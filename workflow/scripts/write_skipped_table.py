"""List every worm that was left out of something."""

from chromapal.console import job
from chromapal.evaluate.tables.main import write_skipped


def main(snakemake):
    write_skipped(snakemake.input.parts, out=snakemake.output.table)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
