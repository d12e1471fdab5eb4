"""Draw one set's test pictures beside each other: gray, true, and by every method."""

from chromapal.console import job
from chromapal.evaluate.figures.contact_sheet import draw


def main(snakemake):
    draw(
        snakemake.input.shown,
        snakemake.params.entries,
        snakemake.input.table,
        name=snakemake.wildcards.set,
        run=snakemake.params.run,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
