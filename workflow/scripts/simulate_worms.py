"""Write the default study's animals as NWB files."""

from pathlib import Path

from chromapal.console import job
from chromapal.worms.simulate.worms import SimulationParams, simulate


def main(snakemake):
    simulate(
        Path(snakemake.output.files[0]).parents[1],
        SimulationParams(**snakemake.params.simulate),
        seed=snakemake.params.seed,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
