"""What the report's cells show of names given one to one neuron, where worms were aligned."""

import os
from pathlib import Path

import pandas as pd

from chromapal.columns import FEATURES
from chromapal.evaluate.report.html import Html, number, table
from chromapal.evaluate.tables import read

ORACLE = (
    "<b>An oracle:</b> test worms' handedness was taken from their labels (config key "
    "<code>handedness</code>). They show what doubt costs, not what a new worm would get."
)
NOT_ALIGNED = (
    "In this study worms were not aligned (config key <code>align</code>): classifiers saw "
    "positions as they were recorded, and names were given to each neuron for itself."
)
SCORES = {
    "classifier": "classifier",
    "features": "features",
    "worms": "worms",
    "accuracy": "each neuron for itself",
    "assigned": "one to one",
    "interval": "95 % interval",
    "assigned_top5": "top 5",
    "class_accuracy": "side ignored",
    "half": "precision of the surest 50 %, mean over worms",
    "most": "of the surest 80 %",
}
DOUBTS = {
    "lab": "laboratory",
    "worm": "worm",
    "features": "aligned by",
    "chosen": "taken as",
    "probability": "probability",
    "labels": "by its labels",
    "accuracy": "accuracy (atlas)",
    "accuracy_mirrored": "accuracy mirrored",
}
PAIRED = {
    "classifier": "classifier",
    "features": "features",
    "method": "other method",
    "worms": "worms",
    "ours": "ours",
    "peer": "other method's",
    "difference": "difference",
    "interval": "95 % interval",
    "record": "wins, ties, losses",
    "p": "p (Wilcoxon)",
}
HANDS = {1: "right-handed", -1: "mirrored", 0: "undecided"}


def _read(tables: str | os.PathLike, name: str) -> pd.DataFrame:
    return read.read_csv(Path(tables) / f"{name}.csv")


def aligned(config: dict) -> bool:
    """Whether a study aligned worms and named their neurons."""
    return config["align"] != "none" and bool(config["identify"]["classifiers"])


def _between(rows: pd.DataFrame, low: str, high: str) -> list[str]:
    return [f"{number(a)}\u2013{number(b)}" for a, b in rows[[low, high]].to_numpy()]


def scores(tables: str | os.PathLike, config: dict) -> Html:
    """Show accuracy with one name to one neuron, and the precision of the surest answers."""
    if not aligned(config):
        return Html(f"<p>{NOT_ALIGNED}</p>")
    coverage = _read(tables, "coverage")
    identity = read.pick(_read(tables, "identity"), **read.POOLED, variant="no_background")
    keys = ["classifier", "features", "colorizer"]
    for name, coverage_fraction in (("half", 0.5), ("most", 0.8)):
        precision = read.pick(
            coverage, lab="all", coverage=coverage_fraction, variant="no_background"
        )
        # like accuracy: a neuron of a worm with many names counts no more
        precision = precision[[*keys, "precision_by_animal"]].set_axis([*keys, name], axis=1)
        identity = identity.merge(precision, on=keys, how="left")
    order = identity["features"].map({name: at for at, name in enumerate(FEATURES)})
    rows = identity.assign(
        order=order,
        interval=_between(identity, "assigned_low", "assigned_high"),
        classifier=identity["classifier"].str.replace("_", " "),
    ).sort_values(["order", "classifier", "colorizer"], kind="stable")
    warning = f"<p>{ORACLE}</p>" if config["handedness"] == "labels" else ""
    return Html(warning + table(rows, SCORES, "No named neurons were scored."))


def laboratories(tables: str | os.PathLike, config: dict) -> Html:
    """Show accuracy one to one of the strongest classifier, laboratory by laboratory."""
    if not aligned(config):
        return Html("")
    identity = read.pick(_read(tables, "identity"), fold="all", variant="no_background")
    identity = identity[identity["colorizer"].eq("")]
    pooled = identity[identity["lab"].eq("all")]
    if pooled.empty:
        return Html("")
    best = pooled.groupby("classifier")["assigned"].mean().idxmax()
    rows = identity[identity["classifier"].eq(best)]
    wide = rows.pivot_table(index="lab", columns="features", values="assigned", sort=False)
    wide = wide[read.ordered(wide.columns.to_series(), FEATURES)]
    wide = rows.groupby("lab")[["worms"]].max().join(wide)
    wide = wide.sort_index(key=lambda labs: labs == "all", kind="stable").reset_index()
    heads = {name: name for name in wide.columns} | {"lab": "laboratory", "worms": "worms"}
    words = best.replace("_", " ")
    return Html(f"<h4>Laboratories ({words}, one to one)</h4>{table(wide, heads, '')}")


def doubts(tables: str | os.PathLike, config: dict) -> Html:
    """List the worms whose axes are doubtful, or at odds with their labels."""
    if not aligned(config):
        return Html("")
    rows = _read(tables, "handedness")
    rows = rows[rows["doubtful"].eq(1) | rows["suspect"].eq(1)]
    rows = rows.assign(**{name: rows[name].astype(int).map(HANDS) for name in ("chosen", "labels")})
    heading = "<h4>Worms whose axes or labels are doubtful, scored both ways</h4>"
    return Html(heading + table(rows, DOUBTS, "None."))


def peers(tables: str | os.PathLike, config: dict) -> Html:
    """Show other methods on the same worms, in pairs."""
    if not (aligned(config) and config["peers"]):
        return Html("")
    rows = read.pick(_read(tables, "peers"), lab="all")
    if rows.empty:
        return Html("<p>None of the other methods' worms was named in this study.</p>")
    record = rows[["wins", "ties", "losses"]].astype(int).astype(str).agg(", ".join, axis=1)
    rows = rows.assign(
        interval=_between(rows, "low", "high"),
        record=record,
        classifier=rows["classifier"].str.replace("_", " "),
    )
    heading = "<h4>Other methods on the same worms</h4>"
    return Html(heading + table(rows, PAIRED, "No worm in common."))
