"""Write the default study's animals as NWB files."""

from chromapal.worms.simulate import SimulationParams, simulate
from chromapal.console import job


def main(snakemake):
    simulate(
        snakemake.params.folder,
        SimulationParams(**snakemake.params.simulate),
        seed=snakemake.params.seed,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
