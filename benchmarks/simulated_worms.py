"""How hard simulated worms are to name and to colour, beside real ones.

Three real laboratories, cut to as many worms, against three simulated ones whose worms have as many
names, one simulated worm for each real one. In three folds by worm, the atlas names held-out worms
aligned without labels, and extra trees colour them from body axes and gray. Needs the real neuron
tables (`CHROMAPAL_DATA`); without them nothing is measured.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesRegressor

from chromapal.columns import BODY, COLOUR
from chromapal.evaluate.metrics.colour import chroma_r2
from chromapal.identify.run import align_fold
from chromapal.prepare.normalise import Normaliser
from chromapal.training.settings import Training
from chromapal.worms import tables
from chromapal.worms.simulate.worms import SimulationParams, simulate_worm
from chromapal.worms.table import WORM, clean_name

ROOT = Path(__file__).parent.parent
DATA = ROOT / os.environ.get("CHROMAPAL_DATA", "../shared/data") / "wormnd"
LABORATORIES, EACH, FOLDS, SEEDS = ("EY", "NP", "SK2"), 8, 3, (1, 2)
NEURONS, TREES = 180, 100
FEATURES = ("position+rgb", "position+gray")
NEAR = 0.08
MEASURES = {
    "position+rgb": "naming accuracy from position and colour",
    "position+gray": "naming accuracy from position and gray",
    "chroma": "chroma R2 of extra trees on body axes and gray",
}


def run() -> list[dict]:
    """Measure real worms once, and simulated ones with several seeds."""
    if not DATA.is_dir():
        print(f"no real neuron tables at {DATA}: simulated worms are compared with nothing")
        return []
    real = real_worms()
    found = measured(real)
    alike = pd.DataFrame([measured(simulated(real, seed)) for seed in SEEDS]).mean()
    return [
        {
            "benchmark": "simulated worms against real ones",
            "measure": f"{words}: simulated {alike[key]:.3f}, real {found[key]:.3f}, apart",
            "value": abs(alike[key] - found[key]),
            "baseline": None,
            "ratio": None,
            "goal": f"value <= {NEAR}",
        }
        for key, words in MEASURES.items()
    ]


def real_worms() -> pd.DataFrame:
    """Read the first worms of each laboratory."""
    parts = []
    for lab in LABORATORIES:
        neurons = tables.read(DATA / f"{lab}.csv")[0]
        parts.append(neurons[neurons["worm"].isin(neurons["worm"].unique()[:EACH])])
    return prepared(pd.concat(parts, ignore_index=True))


def simulated(real: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Simulate a worm for each real one, with as large a share of names."""
    parts = []
    for lab, rows in enumerate(rows for _, rows in real.groupby("lab", sort=False)):
        for number, (_, worm) in enumerate(rows.groupby("worm", sort=False)):
            share = worm["name"].eq("").mean()
            params = SimulationParams(
                worms=len(LABORATORIES) * EACH, laboratories=len(LABORATORIES), neurons=NEURONS,
                unlabelled_low=share, unlabelled_high=share,
            )  # fmt: skip
            parts.append(simulate_worm(params, seed, number * len(LABORATORIES) + lab)[0])
    return prepared(pd.concat(parts, ignore_index=True))


def prepared(neurons: pd.DataFrame) -> pd.DataFrame:
    """Add names and normalised channels."""
    neurons = neurons.assign(name=clean_name(neurons["ID"]), row=np.arange(len(neurons)))
    return Normaliser.fit(neurons, "rank_normal", "luminance").transform(neurons)


def measured(neurons: pd.DataFrame) -> dict[str, float]:
    """Name and colour every worm by what the worms of other folds teach."""
    of_lab = neurons[WORM].drop_duplicates()
    fold_of = of_lab.assign(fold=of_lab.groupby("lab").cumcount() % FOLDS).set_index(WORM)["fold"]
    fold = fold_of.loc[pd.MultiIndex.from_frame(neurons[WORM])].to_numpy()
    accuracy = {key: [] for key in FEATURES}
    predicted = np.empty((len(neurons), len(COLOUR)))
    for number in range(FOLDS):
        role = np.where(fold == number, "test", "train")
        for features in FEATURES:
            body, worms = aligned(neurons.assign(role=role), features)
            accuracy[features] += worms["accuracy"].tolist()
        # those aligned by gray
        inputs = np.column_stack([body[list(BODY)], neurons["gray"]])
        colour, test = neurons[list(COLOUR)].to_numpy(), role == "test"
        trees = ExtraTreesRegressor(TREES, min_samples_leaf=3, random_state=0)
        trees.fit(inputs[~test], colour[~test])
        predicted[test] = trees.predict(inputs[test])
    return {key: float(np.mean(values)) for key, values in accuracy.items()} | {
        "chroma": chroma_r2(colour, predicted, neurons["luminance"].to_numpy())
    }


def aligned(neurons: pd.DataFrame, features: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Align one fold, and return body axes of all neurons and what is known of test worms."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        neurons.to_parquet(folder / "neurons.parquet")
        align_fold(
            folder / "neurons.parquet", features, "nonrigid", "decided", Training("cpu", threads=1),
            folder / "body.parquet", folder / "worms.parquet", folder / "atlas",
        )  # fmt: skip
        body, worms = (pd.read_parquet(folder / f"{part}.parquet") for part in ("body", "worms"))
    return body.sort_values("row", ignore_index=True), worms


if __name__ == "__main__":
    print(pd.DataFrame(run()).to_string())
