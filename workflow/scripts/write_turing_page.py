"""Ask a person which colours are real."""

from chromapal.console import job
from chromapal.evaluate.pages.turing_pictures import write_page


def main(snakemake):
    write_page(
        snakemake.params.entries,
        snakemake.params.shown,
        pictures=snakemake.params.pictures,
        seed=snakemake.params.seed,
        title=snakemake.params.title,
        out=snakemake.output.page,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
