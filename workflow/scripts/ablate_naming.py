"""Name one fold's test animals with parts of the naming left out."""

from chromapal.console import job
from chromapal.identify.ablated import ablate_fold


def main(snakemake):
    ablate_fold(
        snakemake.input.neurons,
        features=snakemake.wildcards.cue,
        colour_scale=snakemake.params.colour_scale,
        gray_source=snakemake.params.gray_source,
        level=snakemake.params.level,
        seed=snakemake.params.seed,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
