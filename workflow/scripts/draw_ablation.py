"""Draw what each part of the naming is worth."""

from chromapal.console import job
from chromapal.evaluate.figures.ablation import draw


def main(snakemake):
    draw(
        ablation=snakemake.input.ablation,
        out=snakemake.output.figure,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
