"""Learn what simulated worms are drawn from.

    python -m chromapal.worm_statistics.learn TABLES OUT

TABLES is a folder of neuron tables, one laboratory a file; OUT is the file of numbers, in the
package `src/chromapal/worms/simulate/statistics.json`. Nothing else imports this room: what it
learns from are all worms, those that studies test on among them.
"""

import json
import os
import sys

import numpy as np
import pandas as pd

from chromapal.files import whole
from chromapal.worm_statistics import colours, places, seen
from chromapal.worm_statistics.seen import Seen
from chromapal.worms.table import WORM, voxel_size

DIGITS, NOTHING = 4, 1e-9
DENSE = 0.9  # share of a worm's neurons with a name above which what it lacks was not there
ABOUT = {
    "what": (
        "Numbers that simulated worms are drawn from: per neuron of the head, mean and covariance "
        "of position and colour and how often it is seen and named; how worms and laboratories "
        "differ. No worm is in here."
    ),
    "source": (
        "Neuron tables of the WormID collection of NeuroPAL recordings (DANDI 000472, 000541, "
        "000565, 000714, 000715, 000776), as published with the WormND benchmark, "
        "github.com/focolab/WormND"
    ),
    "citation": (
        "Sprague and others, Unifying community whole-brain imaging datasets enables robust neuron "
        "identification and reveals determinants of neuron position in C. elegans, bioRxiv 2024, "
        "doi:10.1101/2024.04.28.591397; WormND benchmark, NeurIPS 2024 datasets and benchmarks"
    ),
    "licence": "CC BY 4.0 (Creative Commons Attribution 4.0 International)",
    "licence_url": "https://creativecommons.org/licenses/by/4.0/",
    "changes": (
        "Derived data, changed from the source: worms were laid over each other by their names, "
        "counts ranked within each worm, and both summarised over worms and over left and right."
    ),
    "made_by": "python -m chromapal.worm_statistics.learn TABLES OUT",
    "units": (
        "positions [um] posterior, dorsal, left of the midplane; colours red, green, blue, white "
        "as normal quantiles of ranks within the worm; levels as fractions of full scale; "
        "covariances as upper triangles, row by row"
    ),
}


def main(tables: str | os.PathLike, out: str | os.PathLike):
    """Learn from a folder of neuron tables, and write the file.

    Parameters
    ----------
    tables : path-like
        Folder of tables, `LABORATORY.csv`.
    out : path-like
        The JSON file.
    """
    neurons = seen.read(tables)
    found = seen.lay(neurons)
    write(learnt(neurons, found), out)


def learnt(neurons: pd.DataFrame, found: Seen) -> dict:
    """Put together the content of the file; see `chromapal.worms.simulate.statistics`."""
    place, colour = places.learn(found), colours.learn(found)
    worms = neurons.groupby(WORM, sort=False)
    named = worms["name"].apply(lambda names: names.ne("").mean()).to_numpy()
    dense = named > DENSE
    seen_share, named_share = _share(found, dense), _share(found, ~dense)
    rows = [
        {
            "name": name,
            "partner": found.names[found.partner[number]] if found.paired[number] else "",
            "seen": seen_share[number],
            "named": named_share[number],
            "position": place["mean"][number],
            "position_covariance": _upper(place["covariance"][number]),
            "colour": colour["mean"][number],
            "colour_covariance": _upper(colour["covariance"][number]),
        }
        for number, name in enumerate(found.names)
    ]
    off = found.given[~dense] - named_share
    return {
        "about": ABOUT | _size(neurons),
        "neurons": rows,
        "pharynx": found.names[places.in_pharynx(found.names)],
        "position": {
            **{key: place[key] for key in ("together", "tail", "laboratory_share", "bend_per_um")},
            "stretch": place["stretch"]["mean"],
            "stretch_covariance": _upper(place["stretch"]["covariance"]),
            "stretch_laboratory_share": place["stretch"]["laboratory_share"],
        },
        "colour": {
            "laboratory_share": colour["laboratory_share"],
            "gradient_um": colours.GRADIENT_UM,
            "gradient_covariance": _upper(colour["gradient"]),
            "gradient_laboratory_share": colour["gradient_laboratory_share"],
        },
        "labels": {
            "laboratory_share": seen.laboratory_share(off[:, :, None], found.labs[~dense]),
        },
        "fractions": colours.FRACTIONS,
        "laboratories": _laboratories(neurons),
    }


def write(content: dict, out: str | os.PathLike):
    """Write JSON of few digits, a neuron a line."""
    content = _rounded(content)
    lines = [f" {json.dumps(row)}" for row in content["neurons"]]
    parts = []
    for key, value in content.items():
        text = json.dumps(value, indent=1) if key == "about" else json.dumps(value)
        if key == "neurons":
            text = "[\n" + ",\n".join(lines) + "\n]"
        if key == "laboratories":
            labs = [f" {json.dumps(lab)}: {json.dumps(facts)}" for lab, facts in value.items()]
            text = "{\n" + ",\n".join(labs) + "\n}"
        parts.append(f"{json.dumps(key)}: {text}")
    with whole(out) as path:
        path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _share(found: Seen, worms: np.ndarray) -> np.ndarray:
    """Return the share of worms that give a name, or its partner on average, shape (K,)."""
    given = found.given[worms].mean(0)
    return (given + given[found.partner]) / 2


def _size(neurons: pd.DataFrame) -> dict:
    return {
        "laboratories": int(neurons["lab"].nunique()),
        "worms": int(neurons.groupby(WORM).ngroups),
        "segmented_neurons": len(neurons),
        "named_neurons": int(neurons["name"].ne("").sum()),
    }


def _laboratories(neurons: pd.DataFrame) -> dict:
    """Describe each laboratory's worms and counts."""
    found = colours.counts(neurons)
    for lab, rows in neurons.groupby("lab"):
        worms = rows.groupby("worm")
        found[lab] |= {
            "worms": int(worms.ngroups),
            "neurons": float(worms.size().median()),
            "named": float(worms["name"].apply(lambda names: names.ne("").sum()).median()),
            "voxel_um": worms[rows.columns.tolist()].apply(voxel_size).iloc[0],
        }
    return found


def _upper(matrix: np.ndarray) -> np.ndarray:
    return matrix[np.triu_indices(len(matrix))]


def _rounded(value: object) -> object:
    """Return JSON's own types, numbers to `DIGITS` digits."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_rounded(each) for each in value]
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, float):
        return value
    # what is left of a sum that is nothing is nothing
    return float(f"{value:.{DIGITS}g}") if abs(value) > NOTHING else 0.0


if __name__ == "__main__":
    main(*sys.argv[1:])
