"""The test images that the best network colours best, middling, and worst."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chromapal.evaluate.figures import contact_sheet, image_parts, style
from chromapal.evaluate.figures.contact_sheet import Column, loaded
from chromapal.evaluate.figures.image_parts import wrapped
from chromapal.evaluate.tables import read
from chromapal.evaluate.tables.read import read_csv
from chromapal.methods import baselines

EACH = 3  # images of each kind
WORDS = ("best", "median", "worst")


@style.styled
def figure(
    shown: pd.DataFrame,
    given: Mapping[str, Column],
    methods: Mapping[str, Column],
    scores: pd.DataFrame,
    name: str,
    run: str,
) -> Figure:
    """Draw a row per image: input, truth, and every method, as on a contact sheet.

    Parameters
    ----------
    shown : pandas.DataFrame
        What `ranked` chose: rank from 1, word, delta_e and source, in the order of rows.
    given : mapping of str to sequence
        By what stands above it, a column of images; see `contact_sheet.figure`.
    methods : mapping of str to sequence
        The same, by colorizer.
    scores : pandas.DataFrame
        Rows of `images.csv` of this set and run.
    name, run : str
        The set and the run.
    """
    best = best_network(scores)
    if shown.empty or not best:
        return style.message(f"The set {style.text(name)} has no scored test image to show.")
    rows = [
        f"{row.word}\nrank {row.rank}: ΔE {row.delta_e:.1f}\n{wrapped(row.source, 22, 2, False)}"
        for row in shown.itertuples()
    ]
    return image_parts.sheet(
        rows,
        list(given.items()),
        contact_sheet.headed(methods, scores),
        f"{style.text(name, 20)}, run {style.text(run, 20)}: best, median and worst test images "
        f"by the ΔE of {wrapped(best, 30, 1)}",
        contact_sheet.note(scores),
    )


def best_network(scores: pd.DataFrame) -> str:
    """Return the trained method with the smallest mean ΔE; "" where none was scored."""
    trained = scores[~scores["colorizer"].isin(baselines()) & scores["delta_e"].notna()]
    return "" if trained.empty else trained.loc[trained["delta_e"].idxmin(), "colorizer"]


def ranked(scored: pd.DataFrame) -> pd.DataFrame:
    """Choose the images of the smallest, middle and largest ΔE.

    Parameters
    ----------
    scored : pandas.DataFrame
        Of one model: key, source, delta_e of every test image.

    Returns
    -------
    pandas.DataFrame
        The rows chosen, by rising delta_e, with their rank from 1, and word, of `WORDS`. Three of
        each; of fewer than nine images a third of them, and what is left over is `median`.
    """
    order = scored.sort_values(["delta_e", "key"], kind="stable", ignore_index=True)
    order = order.assign(rank=np.arange(1, len(order) + 1))
    each = min(EACH, len(order) // len(WORDS))
    middle = min(EACH, len(order) - 2 * each)
    start = (len(order) - middle) // 2
    parts = (slice(0, each), slice(start, start + middle), slice(len(order) - each, None))
    return pd.concat(
        [order[part].assign(word=word) for part, word in zip(parts, WORDS, strict=True)]
    )


def draw(
    test_images: str | os.PathLike,
    coloured: Sequence[dict],
    images: str | os.PathLike,
    scored: Sequence[dict],
    name: str,
    run: str,
    out: str | os.PathLike,
):
    """Draw the best, median and worst images of one set and run.

    Parameters
    ----------
    test_images, coloured, images, name, run, out
        As for `contact_sheet.draw`.
    scored : sequence of dict
        path of a model's scored images, and its colorizer.
    """
    scores = read.pick(read_csv(images), set=name, run=run)
    best = best_network(scores)
    paths = {each["colorizer"]: each["path"] for each in scored}
    of_best = pd.read_parquet(paths[best]) if best else pd.DataFrame()
    shown = ranked(of_best) if len(of_best) else pd.DataFrame()
    index = image_parts.list_test_images(test_images)
    if len(shown):
        index = index.set_index("key").loc[shown["key"]].reset_index()
    given = {
        heading: loaded(test_images, index, kind) if len(shown) else []
        for heading, kind in (("gray\n(input)", "_gray"), ("truth", "_true"))
    }
    methods = {
        each["colorizer"]: loaded(each["path"], index) if len(shown) else [] for each in coloured
    }
    style.save(figure(shown, given, methods, scores, name, run), out)
