"""Put the cards of all sets into one table."""

from chromapal.console import job
from chromapal.evaluate.tables.pictures import write_image_sets


def main(snakemake):
    write_image_sets(snakemake.params.entries, out=snakemake.output.table)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
