"""Put the animals of all files into one table."""

from chromapal.console import job
from chromapal.worms.collect import collect


def main(snakemake):
    collect(
        snakemake.input.tables,
        out_neurons=snakemake.output.neurons,
        out_skipped=snakemake.output.skipped,
        skipped_parts=snakemake.input.skipped,
        laboratories=snakemake.params.laboratories,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
