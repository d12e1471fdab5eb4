"""Give every new worm its table, review queue, picture and page."""

from chromapal.apply.write import write_new_worm_files
from chromapal.console import job


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
