"""Say where each name lies, and what it is taken for most."""

from chromapal.console import job
from chromapal.evaluate.tables.naming import write_places


def main(snakemake):
    write_places(
        snakemake.params.entries,
        aligned=snakemake.params.aligned,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
