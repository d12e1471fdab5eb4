"""The audit on one self-contained page, for a person who will look at each animal again."""

import html
import os
from pathlib import Path

import pandas as pd

from chromapal.audit.flags import NAMES
from chromapal.audit.headline import sentence
from chromapal.evaluate.pages.policy import sources
from chromapal.evaluate.report.html import table
from chromapal.files import whole
from chromapal.worms.table import WORM

FIRST_NAMES = 200  # the table has all of them
ANIMAL_COLUMNS = {
    "lab": "laboratory", "worm": "animal", "question": "question", "finding": "finding",
    "gain": "measured", "threshold": "found beyond", "traces": "traces",
    "chance": "probability by chance",
}  # fmt: skip
NAME_COLUMNS = {
    "lab": "laboratory", "worm": "animal", "neuron": "neuron", "label": "label",
    "better": "likelier", "better_probability": "its probability", "probability": "the label's",
    "exchange": "exchanged with", "features": "judged from",
}  # fmt: skip
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #1c1c1c; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
p.line { font-size: 1.15rem; font-weight: 600; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.2rem 0.7rem; text-align: left; border-bottom: 1px solid #ddd; }
th { vertical-align: bottom; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.note { color: #555; }
"""


def write(names: pd.DataFrame, animals: pd.DataFrame, out: str | os.PathLike):
    """Write the page.

    Parameters
    ----------
    names, animals : pandas.DataFrame
        What `chromapal.audit.collect.audited` gave.
    out : path-like
        The HTML file.
    """
    with whole(out) as path:
        Path(path).write_text(page(names, animals), encoding="utf-8")


def page(names: pd.DataFrame, animals: pd.DataFrame) -> str:
    """Return the page's HTML; every text of a file is escaped."""
    found = animals[animals["flagged"].eq(1)]
    flagged = names[names["flagged"].eq(1)]
    shown = flagged[:FIRST_NAMES].assign(exchange=exchanged_with(flagged[:FIRST_NAMES], names))
    whole_animals = table(found, ANIMAL_COLUMNS, "No animal contradicts the rest.")
    more = len(flagged) - len(shown)
    rest = f" The other {more} are in <code>names.csv</code>." if more else ""
    judged = len(names.drop_duplicates(WORM))
    body = f"""
<h1>Audit of labels and axes</h1>
<p class="line">{html.escape(sentence(names))}.</p>
<p>{len(names)} names of {judged} labelled animals were judged, every animal by models that have
not seen it. What stands here is a reason to look again, not proof: the models err too, and the
number expected by chance says how often.</p>
<h2>Animals</h2>
<p class="note">What would explain an animal's labels better than the file as it is, or an animal
of which more single names are flagged than by chance (“{NAMES}”). What most traces hang on
comes first.</p>
{whole_animals}
<h2>Names</h2>
<p class="note">Neurons count from 0, in the order of the animal's file. First those whose label
is better exchanged with another neuron's, as two traces hang on them.{rest}</p>
{table(shown, NAME_COLUMNS, "No name contradicts the rest.")}
"""
    style = f"<style>{STYLE}</style>"
    policy = f"default-src 'none'; style-src {sources(style, 'style')}"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>Audit of labels and axes</title>\n{style}\n</head>\n<body>{body}</body>\n</html>\n"
    )


def exchanged_with(rows: pd.DataFrame, names: pd.DataFrame) -> list[str]:
    """Say with which neuron's label each row's is better exchanged, "" where with none."""
    label_of = names.set_index([*WORM, "neuron"])["label"]
    return [
        f"{label_of[lab, worm, neuron]} ({neuron})" if gain > 0 else ""
        for lab, worm, neuron, gain in zip(
            rows["lab"], rows["worm"], rows["exchange_neuron"], rows["exchange_gain"], strict=True
        )
    ]
