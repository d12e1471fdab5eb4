"""Score what each part of the naming is worth."""

from chromapal.console import job
from chromapal.evaluate.tables.ablation import write_ablation


def main(snakemake):
    write_ablation(
        snakemake.params.entries,
        snakemake.params.names,
        seed=snakemake.params.seed,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
