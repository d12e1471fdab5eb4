"""Score the predicted colours of test animals."""

from chromapal.console import job
from chromapal.evaluate.tables.main import write_colour


def main(snakemake):
    write_colour(
        snakemake.params.entries,
        colour_scale=snakemake.params.colour_scale,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
