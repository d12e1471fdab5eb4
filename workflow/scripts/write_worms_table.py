"""List every animal's scores."""

from chromapal.console import job
from chromapal.evaluate.tables.main import write_worms


def main(snakemake):
    write_worms(
        snakemake.params.colours,
        snakemake.params.names,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
