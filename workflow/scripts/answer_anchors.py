"""Name test animals about which a person has stated something."""

from chromapal.console import job
from chromapal.identify.anchored import answer_fold


def main(snakemake):
    answer_fold(
        snakemake.input.neurons,
        snakemake.input.worms,
        snakemake.input.atlas,
        features=snakemake.params.features,
        anchors=snakemake.params.anchors,
        out=snakemake.output.answers,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
