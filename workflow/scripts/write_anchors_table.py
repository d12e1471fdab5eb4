"""Score names against the number of anchors."""

from chromapal.console import job
from chromapal.evaluate.tables.ablation import write_anchors


def main(snakemake):
    write_anchors(
        snakemake.params.entries,
        seed=snakemake.params.seed,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
