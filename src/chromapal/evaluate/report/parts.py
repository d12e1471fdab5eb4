"""What the report's cells show: the study's finished tables in words and as HTML."""

import html
import json
import os
import platform
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

from chromapal import methods
from chromapal.columns import FEATURES, VARIANTS
from chromapal.evaluate.report.headline import sentences
from chromapal.evaluate.report.html import Html, number, table
from chromapal.evaluate.tables import read
from chromapal.provenance import ROOT, lock_digest
from chromapal.worms import registry

COLOUR_COLUMNS = {
    "colorizer": "colorizer",
    "sample": "sample",
    "grid": "grid",
    "worms": "test worms",
    "mse": "MSE",
    "r2": "R²",
    "chroma_r2": "chroma R²",
    "ssim": "SSIM",
    "colourfulness_ratio": "colourfulness ratio",
    "delta_e": "ΔE2000",
}
IDENTITY_COLUMNS = {
    "classifier": "classifier",
    "features": "features",
    "accuracy": "accuracy",
    "interval": "95 % interval",
    "majority": "majority",
    "chance": "chance",
    "accuracy_all": "accuracy, unlabelled counted",
    "majority_all": "majority, unlabelled counted",
    "top5": "top 5",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "recovery_ratio": "recovery ratio",
}
PACKAGES = (
    *("numpy", "pandas", "scipy", "scikit-learn", "imbalanced-learn", "torch", "lightning"),
    *("pynwb", "ndx-multichannel-volume", "matplotlib", "seaborn", "snakemake"),
)


def _read(tables: str | os.PathLike, name: str) -> pd.DataFrame:
    return read.read_csv(Path(tables) / f"{name}.csv")


def title(study: str, config: dict) -> Html:
    """Head the report."""
    source = registry.source(config["source"]).words
    return Html(
        f"<h1>Colour of worm brains: study “{html.escape(study)}”</h1>"
        f"<p class='note'>Source: {source}.</p>"
    )


def protocol(config: dict) -> Html:
    """Describe in words what was held out, what gray is, and on which scale colour is."""
    split = {
        "rows": "<b>neurons</b> were divided at random, as in the original study: every test "
        "neuron's worm is in training too, and the scores do not apply to new worms",
        "worm": "whole <b>worms</b> were held out, each tested at most once",
        "lab": "one whole <b>laboratory</b> at a time was held out",
    }[config["split"]]
    gray = {
        "luminance": "the luminance of the true colour, the original study's setting. A gray "
        "recording does not have it; claims about gray recordings need the gray source "
        "<code>white</code>, or position alone",
        "white": "the panneuronal white channel, which is what a gray recording has",
    }[config["gray_source"]]
    scale = {
        "full_scale": "counts over the laboratory's full scale",
        "global_minmax": "counts between the smallest and largest of the training worms",
        "per_worm": "counts between robust quantiles of the worm itself",
        "rank_normal": "ranks within the worm, spread like a normal distribution",
    }[config["colour_scale"]]
    return Html(
        f"<ul><li>Split: {split}.</li><li>Gray: {gray}.</li><li>Colour scale: {scale}.</li></ul>"
    )


def headline(tables: str | os.PathLike) -> Html:
    """Summarise the study's main results in sentences, each with its baselines."""
    points = [
        f"<li><b>{html.escape(about)}:</b> {html.escape(sentence)}</li>"
        for about, sentence in sentences(tables)
    ]
    return Html(f"<div class='headline'><ul>{''.join(points)}</ul></div>")


def _variant(name: str) -> str:
    return VARIANTS.get(name, name)


def _by_variant(rows: pd.DataFrame, columns: dict[str, str], empty: str) -> Html:
    """Write a table per kind of neurons."""
    if rows.empty:
        return table(rows, columns, empty)
    parts = [
        f"<h4>{html.escape(_variant(name))}</h4>{table(rows[rows['variant'] == name], columns, '')}"
        for name in read.ordered(rows["variant"], VARIANTS)
    ]
    return Html("".join(parts))


def colour(tables: str | os.PathLike) -> Html:
    """Show the colour metrics of all test worms, baselines first."""
    rows = read.pick(_read(tables, "colour"), **read.POOLED)
    order = rows.assign(learned=~rows["colorizer"].isin(methods.baselines()))
    rows = order.sort_values(["learned", "colorizer", "sample", "grid"], kind="stable")
    return _by_variant(rows, COLOUR_COLUMNS, "No colorizer was run in this study.")


def identity(tables: str | os.PathLike) -> Html:
    """Show the identity metrics of all test worms."""
    rows = read.pick(_read(tables, "identity"), **read.POOLED)
    order = rows["features"].map({name: at for at, name in enumerate(FEATURES)})
    # where no unlabelled neuron is tested these only repeat accuracy and majority
    rows.loc[rows["variant"] != "with_background", ["accuracy_all", "majority_all"]] = np.nan
    rows = rows.assign(
        order=order,
        interval=[
            f"{number(low)}\u2013{number(high)}" for low, high in rows[["low", "high"]].to_numpy()
        ],
        classifier=rows["classifier"].str.replace("_", " "),
    ).sort_values(["classifier", "order", "colorizer"], kind="stable")
    return _by_variant(rows, IDENTITY_COLUMNS, "No classifier was run in this study.")


def laboratories(tables: str | os.PathLike) -> Html:
    """Show the best classifier's accuracy laboratory by laboratory."""
    scores = _read(tables, "identity")
    if read.pick(scores, **read.POOLED).empty:
        return table(scores, {}, "No classifier was run in this study.")
    variant = read.shown_variant(scores)
    classifier, _, colorizer = read.best(scores, variant)
    rows = read.pick(scores, fold="all", variant=variant, classifier=classifier)
    rows = rows[rows["colorizer"].isin(["", colorizer])]
    wide = rows.pivot_table(index="lab", columns="features", values="accuracy", sort=False)
    wide = wide[read.ordered(wide.columns.to_series(), FEATURES)]
    rest = rows.groupby("lab")[["worms", "majority", "chance"]].max()
    wide = rest[["worms"]].join(wide).join(rest[["majority", "chance"]])
    wide = wide.sort_index(key=lambda labs: labs == "all", kind="stable").reset_index()
    heads = {name: name for name in wide.columns} | {"lab": "laboratory", "worms": "worms"}
    return table(wide, heads, "")


def published(tables: str | os.PathLike) -> Html:
    """Show the original study's three tables, ours next to the published figures."""
    rows = _read(tables, "summary")
    heads = {
        "row": "",
        "column": "measure",
        "published": "published",
        "ours": "ours",
        "baseline": "baseline",
        "baseline_name": "which is",
        "second_baseline": "second baseline",
        "second_baseline_name": "which is",
        "source": "our run",
    }
    # what was not run stays empty; published figures exist for real data only
    keep = ("row", "column", "ours", "baseline")
    parts = [
        f"<h3>{html.escape(name)}</h3>{table(part, heads, '', keep)}"
        for name, part in rows.groupby("table", sort=False)
    ]
    return Html("".join(parts)) if parts else table(rows, heads, "Nothing to compare.")


def skipped(tables: str | os.PathLike) -> Html:
    """Show which files and worms were skipped, in which stage, and why."""
    heads = {
        "lab": "laboratory", "worm": "worm", "stage": "skipped for", "reason": "reason",
        "file": "file",
    }  # fmt: skip
    return table(_read(tables, "skipped"), heads, "Nothing was skipped.")


def unknown_labels(tables: str | os.PathLike) -> Html:
    """Show labels that count as names, but that no list of neurons knows."""
    heads = {"lab": "laboratory", "label": "label", "neurons": "neurons", "worms": "worms"}
    return table(_read(tables, "unknown_labels"), heads, "Every label names a known neuron.")


def questions(tables: str | os.PathLike) -> Html:
    """Show which worms and laboratories have unusual positions or counts."""
    heads = {
        "lab": "laboratory", "worm": "worm", "question": "about", "found": "found",
        "trained": "usual",
    }  # fmt: skip
    return table(_read(tables, "scope"), heads, "Nothing is unusual.")


def image_studies(tables: str | os.PathLike) -> Html:
    """Link the reports of image studies in the same results folder."""
    results = Path(tables).parents[1]
    names = sorted(path.parents[1].name for path in results.glob("*/turing/turing.html"))
    links = [
        f"<li><a href='../../{html.escape(quote(name))}/report/report.html'>"
        f"{html.escape(name)}</a></li>"
        for name in names
    ]
    nothing = "<p class='note'>No image study has been run (<code>make images</code>).</p>"
    return Html(f"<ul>{''.join(links)}</ul>" if links else nothing)


def keys(config: dict) -> Html:
    """Show the study's keys, defaults included, as a file that repeats the study."""
    return Html(f"<pre>{html.escape(json.dumps(config, indent=1, ensure_ascii=False))}</pre>")


def versions() -> Html:
    """Show what the study was computed with."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    versions_by_name = {"chromapal": project["version"], "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions_by_name[name] = version(name)
        except PackageNotFoundError:
            versions_by_name[name] = "not installed"
    versions_by_name["lock"] = lock_digest()
    rows = pd.DataFrame(
        {"name": list(versions_by_name), "version": list(versions_by_name.values())}
    )
    return table(rows, {"name": "", "version": "version"}, "")
