"""Compare with other methods on the same animals."""

from chromapal.console import job
from chromapal.evaluate.tables.peers import write_peers


def main(snakemake):
    write_peers(
        snakemake.input.worms,
        peers=snakemake.params.peers,
        out=snakemake.output.table,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
