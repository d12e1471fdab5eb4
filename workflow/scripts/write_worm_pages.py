"""Give every test animal its names, review queue, picture and page."""

from chromapal.console import job
from chromapal.evaluate.pages.worm_files import write_worm_files


def main(snakemake):
    write_worm_files(
        snakemake.params.entries,
        neurons_path=snakemake.input.neurons,
        aligned=snakemake.params.aligned,
        handedness=snakemake.params.handedness,
        stated=snakemake.params.stated,
        features=snakemake.params.features,
        out=snakemake.output.folder,
        anchors=snakemake.params.anchors,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
