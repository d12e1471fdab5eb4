"""Write what probabilities are worth, and accuracy by ganglion."""

from chromapal.console import job
from chromapal.evaluate.tables.confidence import write_confidence


def main(snakemake):
    write_confidence(
        snakemake.params.entries,
        out_calibration=snakemake.output.calibration,
        out_coverage=snakemake.output.coverage,
        out_ganglia=snakemake.output.ganglia,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
