"""What the cells of a study of images show: its finished tables in words and as HTML."""

import html
import os
from pathlib import Path

import pandas as pd

from chromapal import methods
from chromapal.evaluate.report.html import Html, number, table
from chromapal.evaluate.tables import read

COLUMNS = {
    "run": "run",
    "colorizer": "method",
    "train_pictures": "trained on",
    "pictures": "tested on",
    "mse_rgb": "MSE RGB",
    "mse_ab": "MSE ab",
    "psnr": "PSNR [dB]",
    "ssim": "SSIM",
    "delta_e": "ΔE2000",
    "interval": "95 % interval",
    "colourfulness_ratio": "colourfulness ratio",
    "parameters": "parameters",
}
COMPARED = {
    "comparison": "comparison",
    "set": "set",
    "run": "run",
    "colorizer": "method",
    "against_run": "against run",
    "against_colorizer": "against method",
    "difference": "MSE ab, difference",
    "interval": "95 % interval",
}
SKIPPED = {"run": "run", "colorizer": "method", "reason": "why"}
SET_COLUMNS = {
    "set": "set",
    "split": "split",
    "pictures": "images",
    "sources": "sources",
    "colourless": "colourless pixels",
    "chroma_mean": "mean chroma",
    "near_duplicates": "near-duplicates in other splits",
    "skipped": "files skipped",
}


def _images(tables: str | os.PathLike) -> pd.DataFrame:
    return read.read_csv(Path(tables) / "images.csv")


def title(study: str) -> Html:
    """Head the report."""
    return Html(f"<h1>Colour for gray images: study “{html.escape(study)}”</h1>")


def headline(tables: str | os.PathLike) -> Html:
    """Return for each set which method comes closest to the true colours, with the baselines."""
    images = _images(tables)
    points = []
    for name, rows in images.groupby("set", sort=False):
        trained = rows[~rows["colorizer"].isin(methods.baselines())]
        guessed = rows[rows["colorizer"].isin(methods.baselines())]
        if trained.empty:
            continue
        best = trained.loc[trained["delta_e"].idxmin()]
        guesses = ", ".join(
            f"{methods.words('colorizers', row.colorizer)} {row.delta_e:.1f}"
            for row in guessed.itertuples()
        )
        points.append(
            f"<li><b>{html.escape(name)}</b> ({int(best['pictures'])} test images of "
            f"{int(best['sources'])} sources): closest to the true colours is "
            f"{html.escape(best['colorizer'])} (run {html.escape(best['run'])}) with a mean ΔE2000 "
            f"of {best['delta_e']:.1f}{f' ({guesses})' if guesses else ''}; its images are "
            f"{number(best['colourfulness_ratio'])} times as colourful as the true ones.</li>"
        )
    return Html(f"<div class='headline'><ul>{''.join(points)}</ul></div>")


def scores(tables: str | os.PathLike) -> Html:
    """Show one table of scores per set."""
    images = _images(tables)
    interval = [
        "" if pd.isna(low) else f"{low:.1f} to {high:.1f}"
        for low, high in zip(images["delta_e_low"], images["delta_e_high"], strict=True)
    ]
    images = images.assign(interval=interval)
    parts = [
        f"<h3>{html.escape(name)}</h3>{table(rows, COLUMNS, 'No model was scored.')}"
        for name, rows in images.groupby("set", sort=False)
    ]
    return Html("".join(parts))


def comparisons(tables: str | os.PathLike) -> Html:
    """Show how far networks are from baselines, and runs from each other, in MSE of a and b."""
    frame = read.read_csv(Path(tables) / "image_comparisons.csv")
    frame = frame[frame["measure"].eq("mse_ab")]
    interval = [
        "" if pd.isna(low) else f"{low:.1f} to {high:.1f}"
        for low, high in zip(frame["low"], frame["high"], strict=True)
    ]
    return table(frame.assign(interval=interval), COMPARED, "Nothing is compared.")


def skipped(methods: list[dict]) -> Html:
    """Show the methods that could not be trained."""
    frame = pd.DataFrame(methods, columns=list(SKIPPED))
    return table(frame, SKIPPED, "No method was skipped.")


def sets(tables: str | os.PathLike) -> Html:
    """Show what the sets hold."""
    frame = read.read_csv(Path(tables) / "image_sets.csv")
    frame["skipped"] = frame["skipped"].where(frame["skipped"] > 0)
    return table(frame, SET_COLUMNS, "No set.")


def note_if_none(requested: list, words: str) -> Html:
    """Return a note for a section that is empty because the study did not request it."""
    return Html("" if requested else f"<p class='note'>{html.escape(words)}</p>")


def turing() -> Html:
    """Link the colour Turing test."""
    return Html(
        "<p><a href='../turing/turing.html'>Which colours are real?</a> True and predicted "
        "images in random order; your answers are counted in the page and can be saved.</p>"
    )
