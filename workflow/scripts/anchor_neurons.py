"""Name one fold's test animals with anchors."""

from chromapal.console import job
from chromapal.identify.anchored import anchor_fold


def main(snakemake):
    anchor_fold(
        snakemake.input.neurons,
        snakemake.input.worms,
        snakemake.input.atlas,
        features=snakemake.wildcards.cue,
        seed=snakemake.params.seed,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
