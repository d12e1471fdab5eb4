"""Give every new worm its table, review queue, picture and page."""

from chromapal.console import job
from chromapal.evaluate.new_worm_files import write_new_worm_files


def main(snakemake):
    write_new_worm_files(
        snakemake.input.neurons,
        worms_path=snakemake.input.worms,
        scope_path=snakemake.input.scope,
        facts=snakemake.params.facts,
        out=snakemake.output.folder,
        out_answers=snakemake.output.answers,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
