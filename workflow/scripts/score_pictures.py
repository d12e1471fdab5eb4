"""Compare coloured test pictures with the true ones."""

from chromapal.console import job
from chromapal.evaluate.tables.scored_pictures import write_scores


def main(snakemake):
    write_scores(
        snakemake.input.shown,
        snakemake.input.coloured,
        facts=snakemake.input.facts,
        out=snakemake.output.scores,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
