"""Write predictions into copies of new worms' NWB files."""

from chromapal.apply.nwb import write_copies
from chromapal.console import job


def main(snakemake):
    write_copies(
        snakemake.input.neurons,
        facts=snakemake.params.facts,
        model=snakemake.params.model,
        worms=snakemake.params.worms,
        date=snakemake.params.date,
        out=snakemake.output.folder,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
