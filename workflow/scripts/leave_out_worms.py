"""List the files that the study leaves out."""

from chromapal.console import job
from chromapal.worms.dandi.source import write_left_out


def main(snakemake):
    write_left_out(
        snakemake.input.manifest,
        leave_out=snakemake.params.reasons,
        out=snakemake.output.skipped,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
