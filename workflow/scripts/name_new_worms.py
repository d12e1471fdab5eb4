"""Name and colour new worms with the model that a study kept."""

from pathlib import Path

from chromapal.apply.name import name_all
from chromapal.console import job


def main(snakemake):
    name_all(
        Path(snakemake.input.model).parent,
        neurons_path=snakemake.input.neurons,
        skipped_path=snakemake.input.skipped,
        threads=snakemake.params.naming_threads,
        applied=snakemake.params.applied,
        out_neurons=snakemake.output.neurons,
        out_worms=snakemake.output.worms,
        out_scope=snakemake.output.scope,
        out_skipped=snakemake.output.left_out,
        out_applied=snakemake.output.applied,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
