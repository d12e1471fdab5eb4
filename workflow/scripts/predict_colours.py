"""Predict the colours of the animals that a model has not seen."""

from chromapal.colorizers.common.run import predict
from chromapal.console import job


def main(snakemake):
    predict(
        snakemake.input.neurons,
        snakemake.input.model,
        **{key: snakemake.wildcards[key] for key in ("colorizer", "variant", "sample")},
        grid=int(snakemake.wildcards.grid),
        slab_um=snakemake.params.slab_um,
        threads=snakemake.params.prediction_threads,
        out=snakemake.output.colours,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
