"""Put the original study's three tables beside ours."""

from chromapal.evaluate.tables import write_summary
from chromapal.console import job


def main(snakemake):
    write_summary(
        snakemake.input.colour,
        snakemake.input.identity,
        real=snakemake.params.real,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
