"""Train one colorizer on a set's training pictures."""

from chromapal.colorizers.common.run_pictures import train
from chromapal.console import job


def main(snakemake):
    train(
        snakemake.params.options,
        colorizer=snakemake.wildcards.colorizer,
        params=snakemake.params.changes,
        pictures=snakemake.params.pictures,
        seed=snakemake.params.seed,
        training_seed=snakemake.params.training_seed,
        device=snakemake.params.device,
        precision=snakemake.params.precision,
        threads=snakemake.params.training_threads,
        checkpoint_dir=snakemake.params.checkpoints,
        out_folder=snakemake.output.model,
        out_history=snakemake.output.losses,
        out_facts=snakemake.output.facts,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.params.code):  # noqa: F821
        main(snakemake)  # noqa: F821
