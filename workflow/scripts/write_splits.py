"""Say for every fold which animals train, validate and test."""

from chromapal.console import job
from chromapal.prepare.splits import write_splits


def main(snakemake):
    write_splits(
        snakemake.input.neurons,
        kind=snakemake.params.split,
        folds=snakemake.params.folds,
        seed=snakemake.params.seed,
        validation=snakemake.params.validation,
        cross_fit=snakemake.params.cross_fit,
        gray_source=snakemake.params.gray_source,
        out=snakemake.output.splits,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
