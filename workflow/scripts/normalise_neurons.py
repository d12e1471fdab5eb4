"""Scale one fold's neurons with parameters fitted on its training animals."""

from chromapal.console import job
from chromapal.prepare.normalise import prepare_fold


def main(snakemake):
    prepare_fold(
        snakemake.input.neurons,
        snakemake.input.splits,
        fold=snakemake.wildcards.fold,
        colour_scale=snakemake.params.colour_scale,
        gray_source=snakemake.params.gray_source,
        out_neurons=snakemake.output.neurons,
        out_normaliser=snakemake.output.normaliser,
        out_left_out=snakemake.output.skipped,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
