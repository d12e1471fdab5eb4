"""Read from the jobs' logs when each ran."""

from chromapal.console import job
from chromapal.evaluate.tables.timings import write_timings


def main(snakemake):
    write_timings(snakemake.params.logs, snakemake.output.table)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
