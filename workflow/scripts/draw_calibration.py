"""Draw probabilities against the share that is right, and precision against coverage."""

from chromapal.console import job
from chromapal.evaluate.figures.calibration import draw


def main(snakemake):
    draw(
        calibration=snakemake.input.calibration,
        coverage=snakemake.input.coverage,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
