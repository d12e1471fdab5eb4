"""Put the original study's three tables beside ours."""

from chromapal.console import job
from chromapal.evaluate.tables.summary import write_summary


def main(snakemake):
    write_summary(
        snakemake.input.colour,
        snakemake.input.identity,
        real=snakemake.params.real,
        split=snakemake.params.split,
        colour_scale=snakemake.params.colour_scale,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
