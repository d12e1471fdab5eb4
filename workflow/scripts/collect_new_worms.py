"""Put the new worms of all sources into one table."""

from chromapal.apply.read import collect
from chromapal.console import job


def main(snakemake):
    collect(
        snakemake.input.tables,
        skipped_parts=snakemake.input.skipped,
        handedness=snakemake.params.handedness,
        out_neurons=snakemake.output.neurons,
        out_skipped=snakemake.output.skipped,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
