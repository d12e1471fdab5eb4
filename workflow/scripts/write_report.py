"""Tell the study in plain words on one page."""

from chromapal.console import job
from chromapal.evaluate.report.notebook import render
from chromapal.provenance import ROOT


def main(snakemake):
    folder, out = ROOT / "workflow", snakemake.output
    told = {**snakemake.params.told, "captions": str(folder / "report")}
    render(f"{folder}/notebooks/{snakemake.params.notebook}", told, out.notebook, out.page)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
