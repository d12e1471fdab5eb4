"""Fit the one model that names and colours new worms."""

from chromapal.apply.model import keep
from chromapal.console import job


def main(snakemake):
    keep(
        snakemake.input.neurons,
        colorizer=snakemake.params.colorizer,
        changes=snakemake.params.changes,
        colour_scale=snakemake.params.colour_scale,
        gray_source=snakemake.params.gray_source,
        study=snakemake.params.study,
        code=snakemake.params.code.split()[0],
        seed=snakemake.params.seed,
        device=snakemake.params.device,
        threads=snakemake.params.training_threads,
        checkpoints=snakemake.params.checkpoints,
        out=snakemake.output.model,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
