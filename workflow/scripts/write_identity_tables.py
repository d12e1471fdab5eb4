"""Score the names of test neurons."""

from chromapal.console import job
from chromapal.evaluate.tables.main import write_identity


def main(snakemake):
    write_identity(
        snakemake.params.entries,
        out_identity=snakemake.output.identity,
        out_names=snakemake.output.names,
        out_confusion=snakemake.output.confusion,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
