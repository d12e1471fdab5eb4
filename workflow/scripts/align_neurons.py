"""Bring one fold's animals into one body frame."""

from chromapal.console import job
from chromapal.identify.run import align_fold


def main(snakemake):
    align_fold(
        snakemake.input.neurons,
        features=snakemake.wildcards.cue,
        level=snakemake.params.level,
        handedness=snakemake.params.handedness,
        threads=snakemake.params.alignment_threads,
        device=snakemake.params.device,
        out_neurons=snakemake.output.neurons,
        out_worms=snakemake.output.worms,
        out_atlas=snakemake.output.atlas,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
