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
    "scielab": "S-CIELAB",
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
HUES = {
    "set": "set",
    "run": "run",
    "colorizer": "method",
    "hue": "true hue",
    "share_true": "pixels, true",
    "share_predicted": "pixels, predicted",
    "hue_found": "found",
    "found_interval": "95 % interval",
    "hue_right": "right",
    "chroma_ratio": "chroma ratio",
    "b_shift": "shift of b",
    "b_shift_interval": "95 % interval",
}
SHOWN_HUES = ("green", "blue", "gray", "all")
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


def _interval(frame: pd.DataFrame, low: str, high: str, digits: int = 1) -> list[str]:
    """Write the intervals of a table; empty where there is none."""
    return [
        "" if pd.isna(one) else f"{one:.{digits}f} to {other:.{digits}f}"
        for one, other in zip(frame[low], frame[high], strict=True)
    ]


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
    images = images.assign(interval=_interval(images, "delta_e_low", "delta_e_high"))
    parts = [
        f"<h3>{html.escape(name)}</h3>{table(rows, COLUMNS, 'No model was scored.')}"
        for name, rows in images.groupby("set", sort=False)
    ]
    return Html("".join(parts))


def comparisons(tables: str | os.PathLike) -> Html:
    """Show how far networks are from baselines, and runs from each other, in MSE of a and b."""
    frame = read.read_csv(Path(tables) / "image_comparisons.csv")
    frame = frame[frame["measure"].eq("mse_ab")]
    frame = frame.assign(interval=_interval(frame, "low", "high"))
    return table(frame, COMPARED, "Nothing is compared.")


def hues(tables: str | os.PathLike) -> Html:
    """Show whether greens and blues are found, and whether colours are bluer than the truth."""
    frame = read.read_csv(Path(tables) / "image_hues.csv")
    frame = frame[frame["hue"].isin(SHOWN_HUES) & ~frame["colorizer"].isin(methods.baselines())]
    frame = frame.assign(
        found_interval=_interval(frame, "hue_found_low", "hue_found_high", 2),
        b_shift_interval=_interval(frame, "b_shift_low", "b_shift_high"),
    )
    return table(frame, HUES, "No method was trained.")


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
