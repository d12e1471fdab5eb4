"""Write the page that compares a class of neurons across all new worms."""

import os
from urllib.parse import quote

import pandas as pd

from chromapal.apply.measured import measured
from chromapal.apply.read import stack_beside
from chromapal.evaluate.pages import classes
from chromapal.evaluate.pages.classes import ClassedWorm
from chromapal.worms import stack
from chromapal.worms.slugs import worm_paths
from chromapal.worms.table import WORM


def write_class_page(
    neurons: str | os.PathLike,
    facts: dict[str, str],
    colour_scale: str,
    out: str | os.PathLike,
):
    """Write `classes.html`, beside the folder `named` of the worms' own pages.

    Parameters
    ----------
    neurons : path-like
        Answers that `chromapal.apply.name.name_all` wrote.
    facts : dict
        Files of facts about sources, by source; see `chromapal.apply.read.load`.
    colour_scale : str
        The colour scale of the model's study.
    out : path-like
        The page, written whole or not at all.
    """
    by_worm = dict(iter(pd.read_parquet(neurons).groupby(WORM, sort=True)))
    paths = worm_paths(by_worm)
    worms = []
    for worm, rows in by_worm.items():
        file = stack_beside(facts[rows["file"].iloc[0]])
        worms.append(
            ClassedWorm(
                rows,
                f"named/{quote(paths[worm])}/neurons.html",
                measured(rows, colour_scale),
                stack.read(file) if file.exists() else None,
            )
        )
    classes.write(worms, out)
