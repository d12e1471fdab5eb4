"""Predicted colours for classifiers, each from a colorizer that had not seen the worm."""

from collections.abc import Sequence

import pandas as pd

from chromapal.columns import PREDICTED
from chromapal.prepare.splits import cross_fit_model


def cross_fitted(
    neurons: pd.DataFrame, fold: int, own: str, pairs: Sequence[tuple[str, str]]
) -> pd.DataFrame:
    """Collect predicted colours, each from a model that saw neither the worm nor test worms.

    Test worms' colours come from the fold's own model, a training worm's from the model that
    left out both the fold and the worm (`chromapal.prepare.splits.cross_fit_model`).

    Parameters
    ----------
    neurons : pandas.DataFrame
        Rows to be coloured: row, role, inner, worm.
    fold : int
        The fold.
    own : path-like
        Colours of the fold's test worms.
    pairs : sequence of (str, path-like)
        Name (`fold0-2`) and colours of the models that left out this fold and one other.

    Returns
    -------
    pandas.DataFrame
        row, pred_r, pred_g, pred_b: one row for each of `neurons`.

    Raises
    ------
    ValueError
        A colour would come from a model that trained, or stopped training, on a worm it must
        not have seen.
    """
    test = neurons["role"].eq("test")
    tested, training = neurons[test], neurons[~test]
    model = training["inner"].map(lambda inner: cross_fit_model(fold, inner, len(pairs) + 1))
    unserved = sorted(set(model) - {pair for pair, _ in pairs})
    if unserved:
        raise ValueError(f"colour leak: no colours of the models {unserved} for fold {fold}")
    parts = [unseen_colours(own, f"fold{fold}", tested)]
    for pair, path in pairs:
        colours = unseen_colours(path, pair, pd.concat([training[model.eq(pair)], tested]))
        parts.append(colours[colours["row"].isin(training["row"])])
    return pd.concat(parts, ignore_index=True)


def unseen_colours(path, model: str, neurons: pd.DataFrame) -> pd.DataFrame:
    """Read the colours of some neurons, and insist that the model saw none of their worms."""
    table = pd.read_parquet(path, columns=["row", "role", *PREDICTED])
    seen = table["row"].isin(neurons["row"]) & table["role"].ne("test")
    missing = ~neurons["row"].isin(table["row"])
    if seen.any() or missing.any():
        raise ValueError(
            f"colour leak: {path}, given as the colours of model {model!r}, has {seen.sum()} "
            f"neurons of worms the model saw and lacks {missing.sum()} that it must not have seen"
        )
    return table.loc[table["row"].isin(neurons["row"]), ["row", *PREDICTED]]
