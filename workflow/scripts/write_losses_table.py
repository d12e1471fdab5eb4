"""List the losses of every training."""

from chromapal.console import job
from chromapal.evaluate.tables.main import write_losses


def main(snakemake):
    write_losses(snakemake.params.entries, out=snakemake.output.table)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
