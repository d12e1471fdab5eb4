"""Colour a set's test pictures, and the micrographs."""

from chromapal.colorizers.common.run_pictures import colour
from chromapal.console import job


def main(snakemake):
    colour(
        snakemake.params.options,
        snakemake.input.model,
        micrographs=snakemake.params.micrographs,
        seed=snakemake.params.seed,
        threads=snakemake.params.prediction_threads,
        out=snakemake.output.folder,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
