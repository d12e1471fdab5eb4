"""Name one fold's test neurons with one classifier, from every feature set."""

from chromapal.classifiers.common.naming import name_fold
from chromapal.console import job


def main(snakemake):
    name_fold(
        snakemake.input.neurons,
        fold=int(snakemake.wildcards.fold.removeprefix("fold")),
        colours=snakemake.params.cross_fitted,
        aligned=snakemake.params.aligned,
        classifier=snakemake.wildcards.classifier,
        params=snakemake.params.changes,
        variant=snakemake.wildcards.variant,
        features=snakemake.params.features,
        seed=snakemake.params.seed,
        neighbours=snakemake.params.neighbours,
        weight_cap=snakemake.params.weight_cap,
        threads=snakemake.threads,
        device=snakemake.params.device,
        checkpoints=snakemake.params.checkpoints,
        out=snakemake.output.names,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
