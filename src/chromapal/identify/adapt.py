"""Laboratories that training never saw: their own worms teach how their channels differ.

Dyes, filters and cameras differ. Training worms teach that of their laboratories; of another one,
the names that its worms are given do, as far as they are sure. Where neurons lie is not adapted:
on training worms, one laboratory left out at a time, that was worth nothing.
"""

from collections.abc import Callable

import pandas as pd
import torch

from chromapal.identify.transformer import Transformer
from chromapal.identify.worm_batch import View
from chromapal.prepare.features import channels

ROUNDS = 3
COLUMNS = ("features", "lab", "name", "channel", "deviation")


def adapt(
    transformer: Transformer,
    features: str,
    view: View,
    probabilities: Callable[[torch.Tensor], torch.Tensor],
) -> dict[str, torch.Tensor]:
    """Learn how the channels of unknown laboratories differ, from all their worms together.

    Expectation-maximisation, `ROUNDS` times: worms are named, by what was learnt so far, and their
    probable names say how channels differ; see
    `chromapal.identify.name_distribution.NameDistribution.learn_local`.

    Parameters
    ----------
    transformer : Transformer
        Names the worms.
    features : str
        The feature set.
    view : View
        New worms; names are not looked at.
    probabilities : callable
        Turns a worm's log scores, (n, K), into calibrated probabilities of names, (n, K).

    Returns
    -------
    dict of str to torch.Tensor, shape (names of the atlas, channels)
        By laboratory, those that training did not know; empty where the set has no channels.
    """
    scores = transformer.atlas_[features]
    distribution = scores.atlas.channels
    found = {}
    for lab in sorted(set(view.laboratory)) if view.channels else ():
        if lab in distribution.local:
            continue
        rows = view.laboratory == lab
        own = View(view.values[rows], view.worm[rows], view.laboratory[rows])
        values = torch.tensor(own.values[view.channels].to_numpy(dtype=float))
        worms = pd.Series(own.worm).groupby(own.worm, sort=False).indices.values()
        adapted = transformer
        for _ in range(ROUNDS):
            log = torch.from_numpy(adapted.predict_log_proba(features, own))
            shares = torch.zeros_like(log)
            for worm in worms:
                shares[worm] = probabilities(log[worm])
            found[lab] = distribution.learn_local(values, shares[:, scores.columns])
            adapted = transformer.with_local(features, {lab: found[lab]})
    return found


def to_table(
    transformer: Transformer, features: str, local: dict[str, torch.Tensor]
) -> pd.DataFrame:
    """Return what `adapt` found as a table of `COLUMNS`, a row per laboratory, name and channel."""
    names = transformer.classes_[transformer.atlas_[features].columns]
    parts = [pd.DataFrame(columns=list(COLUMNS))]
    for lab, deviations in local.items():
        wide = pd.DataFrame(deviations.numpy(), columns=list(channels(features))).assign(name=names)
        long = wide.melt("name", var_name="channel", value_name="deviation")
        parts.append(long.assign(features=features, lab=lab)[list(COLUMNS)])
    return pd.concat(parts, ignore_index=True)


def from_table(transformer: Transformer, table: pd.DataFrame) -> Transformer:
    """Return a copy of a transformer that knows what tables of `to_table` say."""
    for features, of_set in table.groupby("features"):
        names = transformer.classes_[transformer.atlas_[features].columns]
        local = {}
        for lab, rows in of_set.groupby("lab"):
            wide = rows.pivot(index="name", columns="channel", values="deviation")
            local[lab] = torch.tensor(wide.loc[names, list(channels(features))].to_numpy(float))
        transformer = transformer.with_local(features, local)
    return transformer
