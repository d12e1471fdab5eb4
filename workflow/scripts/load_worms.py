"""Read one source file into neuron tables."""

from chromapal.console import job
from chromapal.worms.load import load


def main(snakemake):
    load(
        snakemake.input.file,
        kind=snakemake.params.kind,
        lab=snakemake.params.laboratory or None,
        full_scales=snakemake.params.full_scales,
        out_table=snakemake.output.table,
        out_skipped=snakemake.output.skipped,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
