"""List every animal's scores."""

from chromapal.evaluate.tables import write_worms
from chromapal.console import job


def main(snakemake):
    write_worms(
        snakemake.params.colours,
        snakemake.params.names,
        colour_scale=snakemake.params.colour_scale,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
