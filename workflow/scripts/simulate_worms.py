"""Write the default study's animals as NWB files."""

from chromapal.console import job
from chromapal.worms.simulate import SimulationParams, simulate


def main(snakemake):
    simulate(
        snakemake.params.folder,
        SimulationParams(**snakemake.params.simulate),
        seed=snakemake.params.seed,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
