"""Write points and predicted-colour volumes that napari opens."""

from chromapal.apply.napari import write_layers
from chromapal.console import job


def main(snakemake):
    write_layers(
        snakemake.input.neurons,
        facts=snakemake.params.facts,
        out=snakemake.output.folder,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
