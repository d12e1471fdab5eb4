"""List what was decided about the axes of every test animal."""

from chromapal.console import job
from chromapal.evaluate.tables.naming import write_handedness


def main(snakemake):
    write_handedness(
        snakemake.params.entries,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
