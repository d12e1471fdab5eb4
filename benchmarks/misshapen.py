"""Names right in worms that were flattened or stretched, in a finished study's test worms.

Each worm is squeezed or stretched along one axis of its body and aligned anew, by what the training
worms of its fold teach, in the handedness that was decided. Where its names are less sure than
those of half of the other folds' test worms as they were recorded, its pose is searched once more,
with the worm stretched, and kept where names are surer; see `chromapal.apply.typical.identify`,
and `_measure.studies`.
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from benchmarks._held_out import Fold, with_networks

from chromapal.apply.typical import POSITION, SEARCHED, mean_probability
from chromapal.columns import BODY
from chromapal.console import progress
from chromapal.identify.align import Aligner
from chromapal.identify.assign import answer
from chromapal.identify.worms import Worm, worms_of
from chromapal.prepare.features import channels
from chromapal.worms.table import WORM

SETS = (POSITION, "position+rgb")
SHAPES = {
    "as recorded": ("left", 1.0),
    "0.4 times as thick from left to right": ("left", 0.4),
    "0.7 times as thick": ("left", 0.7),
    "0.7 times as high": ("dorsal", 0.7),
    "1.4 times as high": ("dorsal", 1.4),
    "0.7 times as long": ("posterior", 0.7),
}


def run() -> list[dict]:
    """Measure names right by set of channels and shape: without a second search, and with it."""
    study, folds = with_networks("misshapen")
    if not folds:
        return []
    torch.set_num_threads(1)
    rows = []
    for features in SETS:
        found = pd.concat([_named(study, fold, features) for fold in folds], ignore_index=True)
        recorded = found[found["shape"].eq("as recorded")]
        least = {
            fold: np.percentile(recorded.loc[recorded["fold"].ne(fold), "sure"], SEARCHED)
            for fold in folds
        }
        again = found["sure"] < found["fold"].map(least)
        found["stretched"] = found["stretched"].where(found["surer"], found["right"])
        found["now"] = np.where(again, found["stretched"], found["right"])
        found["again"] = again
        means = found.groupby("shape", sort=False)[["right", "now", "again"]].mean()
        print(features, means.round(3).to_string(), sep="\n", file=sys.stderr)
        rows += [
            {
                "benchmark": "misshapen", "measure": f"names right: {features}, {shape}",
                "value": mean.now, "baseline": mean.right, "ratio": mean.now / mean.right,
                "goal": "ratio >= 0.98",
            }
            for shape, mean in zip(means.index, means.itertuples(), strict=True)
        ]  # fmt: skip
    return rows


def _named(study: Path, name: str, features: str) -> pd.DataFrame:
    """Name the test worms of a fold in each shape, with and without a stretched search."""
    fold, folder = Fold(study, name, features), study / "aligned" / features / name
    aligner = Aligner.load(folder / "atlas")
    signs = pd.read_parquet(folder / "worms.parquet").set_index(WORM)["chosen"]
    tables = [worm for _, worm in fold.tested(channels(features))]
    rows = []
    for table in progress(tables, len(tables), f"{features}, {name}"):
        (worm,) = worms_of(table, channels(features))
        for shape, (axis, factor) in SHAPES.items():
            odd = _squeezed(worm, table[list(BODY)].to_numpy(), list(BODY).index(axis), factor)
            row = {"fold": name, "shape": shape}
            for misshapen in (False, True):
                given = dataclasses.replace(odd.without_labels(), misshapen=misshapen)
                sign = float(signs[worm.lab, worm.worm])
                position = aligner.align(given, (sign,)).position[sign]
                values = pd.DataFrame(position.numpy(), columns=list(BODY))
                values[list(channels(features))] = worm.channels.numpy()
                _, chance, _ = fold.ask(values, worm.lab)
                best = answer(chance).best[:, 0]
                names = np.array([*fold.transformer.classes_, ""])[best]
                right = (names == worm.label)[worm.label != ""].mean()
                if misshapen:
                    row |= {"stretched": right, "surer": mean_probability(chance) > row["sure"]}
                else:
                    row |= {"right": right, "sure": mean_probability(chance)}
            rows.append(row)
    return pd.DataFrame(rows)


def _squeezed(worm: Worm, body: np.ndarray, axis: int, factor: float) -> Worm:
    """Return a worm that is squeezed along one of its body axes, (n, 3) [um]."""
    position = worm.position.numpy()
    # the direction, where it was recorded, along which that axis rises
    known = np.column_stack([position - position.mean(0), np.ones(len(position))])
    direction = np.linalg.lstsq(known, body[:, axis], rcond=None)[0][:3]
    direction /= np.linalg.norm(direction)
    squeeze = np.eye(3) + (factor - 1) * np.outer(direction, direction)
    return dataclasses.replace(worm, position=torch.from_numpy(position @ squeeze))
