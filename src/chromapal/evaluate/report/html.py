"""Tables and figures as HTML for a notebook; every text is escaped."""

import base64
import html
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

# text that lines up like a number
NUMBERS = ("interval",)


class Html(str):
    """HTML that a notebook shows as such."""

    def _repr_html_(self) -> str:
        return str(self)

    def _repr_pretty_(self, printer, cycle: bool):
        # the notebook would keep every image twice
        printer.text("HTML")


def number(value: float) -> str:
    """Write a score with three decimals, nothing for none."""
    return "" if pd.isna(value) else f"{value:.3f}"


def numbers(values: pd.Series) -> pd.Series:
    """Write a column of numbers: counts whole, scores alike, nothing for none."""
    known = values.dropna()
    counts = len(known) and (known % 1 == 0).all() and known.max() >= 2
    decimals = 0 if counts else 3 if known.abs().max() < 10 else 1
    return values.map(lambda value: "" if pd.isna(value) else f"{value:.{decimals}f}")


def table(
    frame: pd.DataFrame, columns: dict[str, str], empty: str, keep: tuple[str, ...] = ()
) -> Html:
    """Write rows as an HTML table; every cell is escaped.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows.
    columns : dict of str to str
        Columns to show and their headings; columns without any value are not shown.
    empty : str
        Text to show where there are no rows.
    keep : tuple of str
        Columns to show even without any value.
    """
    if frame.empty:
        return Html(f"<p class='note'>{html.escape(empty)}</p>")
    columns_shown = {
        name: head for name, head in columns.items() if name in keep or _filled(frame[name])
    }
    cells, heads = [], []
    for name, head in columns_shown.items():
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        kind = " class='number'" if numeric or name in NUMBERS else ""
        heads.append(f"<th{kind}>{html.escape(head)}</th>")
        words = numbers(frame[name]) if numeric else frame[name].map(str)
        cells.append([f"<td{kind}>{html.escape(word)}</td>" for word in words])
    rows = ["<tr>" + "".join(row) + "</tr>" for row in zip(*cells, strict=True)]
    return Html(
        f"<table><thead><tr>{''.join(heads)}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _filled(values: pd.Series) -> bool:
    return bool((values.notna() & (values.astype(str) != "")).any())


def figure(
    figures: str | os.PathLike, captions: str | os.PathLike, name: str, caption: str = ""
) -> Html:
    """Embed a figure with its caption (of its own name, or another), which Snakemake shows too."""
    caption_text = (Path(captions) / f"{caption or name}.rst").read_text("utf-8")
    caption = html.escape(" ".join(caption_text.split()))
    image = Path(figures) / f"{name}.png"
    if not image.is_file():
        return Html(f"<p class='note'>The figure “{html.escape(name)}” was not drawn.</p>")
    data = base64.b64encode(image.read_bytes()).decode()
    return Html(
        f"<figure><img alt='{html.escape(name)}' src='data:image/png;base64,{data}'>"
        f"<figcaption>{caption}</figcaption></figure>"
    )


def section(
    drawn: Sequence[dict],
    figures: str | os.PathLike,
    captions: str | os.PathLike,
    name: str,
    *parts: Html,
) -> Html:
    """Show what belongs to one section of the report: tables, then its figures.

    Parameters
    ----------
    drawn : sequence of dict
        The study's figures: name, section and caption of each.
    figures, captions : path-like
        The folders of both.
    name : str
        The section.
    *parts : Html
        What stands above the figures.
    """
    rows = [row for row in drawn if row["section"] == name]
    shown_figures = [figure(figures, captions, row["name"], row["caption"]) for row in rows]
    return Html("".join([*parts, *shown_figures]))
