"""Train one colorizer on a fold's training animals."""

from chromapal.colorizers.common.run import train
from chromapal.console import job


def main(snakemake):
    train(
        snakemake.input.neurons,
        **{key: snakemake.wildcards[key] for key in ("colorizer", "variant", "sample")},
        grid=int(snakemake.wildcards.grid),
        params=snakemake.params.changes,
        slab_um=snakemake.params.slab_um,
        seed=snakemake.params.seed,
        device=snakemake.params.device,
        precision=snakemake.params.precision,
        threads=snakemake.params.training_threads,
        smote_neighbours=snakemake.params.neighbours,
        weight_cap=snakemake.params.weight_cap,
        checkpoints=snakemake.params.checkpoints,
        out_folder=snakemake.output.model,
        out_history=snakemake.output.losses,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
