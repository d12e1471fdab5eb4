"""Put the new worms of all sources into one table."""

from chromapal.console import job
from chromapal.worms.new_worms import collect


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
