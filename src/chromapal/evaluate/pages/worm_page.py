"""A test worm's neurons to turn, zoom and review in a browser; the page needs no network."""

import html
import os
from collections.abc import Iterable

import pandas as pd
import plotly.graph_objects as go
from plotly.io import to_html

from chromapal.evaluate.figures import worm
from chromapal.evaluate.pages.policy import sources
from chromapal.evaluate.report.html import table
from chromapal.files import whole

OTHERS = ("second", "third", "fourth", "fifth")
# colour and that of letters, red, green, blue; shapes differ for those who see no colour
OUTCOMES = {
    "yes": ("right", (1, 115, 178), (1, 85, 135), "circle"),
    "no": ("wrong", (222, 143, 5), (138, 75, 0), "diamond"),
    "": ("unlabelled", (90, 90, 90), (90, 90, 90), "circle-open"),
}
FAINTEST = 0.25
QUEUE = {
    "rank": "number",
    "row": "row",
    "ID": "label in the file",
    "answer": "answer",
    "probability": "probability",
    "others": "or else",
    "name": "label",
    "outcome": "outcome",
    "voxel": "voxel (x, y, z)",
}
# Nothing may be loaded from anywhere, and only the scripts run that the page was written with. The
# drawing library makes styles of its own while it runs, so that these have no hash.
POLICY = (
    "default-src 'none'; script-src {script}; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
# One button would offer to send the neurons to the makers of the drawing library.
CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["sendChartToCloud"],
    "responsive": True,
    "showSendToCloud": False,
    "typesetMath": False,
}
STYLE = """
body { font-family: sans-serif; margin: 1em 1.5em; color: #222; }
h1 { font-size: 1.2em; } h2 { font-size: 1.05em; }
#space { border: 1px solid #ddd; }
table { border-collapse: collapse; font-size: 0.85em; }
th, td { padding: 0.2em 0.7em; text-align: left; border-bottom: 1px solid #ddd; }
.number { text-align: right; } .note { color: #666; }
"""


def hover(neurons: pd.DataFrame) -> list[str]:
    """Write what the page shows where the mouse rests on a neuron; every text is escaped."""
    texts = []
    for _, neuron in neurons.iterrows():
        lines = [f"<b>{html.escape(neuron['answer'] or 'no answer')}</b>"]
        if pd.notna(neuron["probability"]):
            lines[0] += f" with probability {neuron['probability']:.2f}"
        if others := _others(neuron):
            lines.append(f"or else {html.escape(others)}")
        lines.append(f"label: {html.escape(neuron['name'] or 'none')}")
        lines.append(f"voxel {_voxel(neuron)}")
        texts.append("<br>".join(lines))
    return texts


def _others(neuron: pd.Series) -> str:
    return ", ".join(neuron[column] for column in OTHERS if neuron[column])


def _voxel(neuron: pd.Series) -> str:
    return ", ".join(f"{neuron[axis]:g}" for axis in "xyz")


def _inert(text: str) -> str:
    """Replace the brackets of tags: names drawn in space are not unescaped."""
    return text.replace("<", "(").replace(">", ")")


def _tint(shade: tuple[int, int, int], probability: float) -> str:
    """Fade a colour towards the page's white: true transparency hides neurons in some browsers."""
    strength = FAINTEST + (1 - FAINTEST) * probability
    return _rgb(255 - strength * (255 - channel) for channel in shade)


def _rgb(shade: Iterable[float]) -> str:
    return "rgb({}, {}, {})".format(*(round(channel) for channel in shade))


def space(named: pd.DataFrame) -> go.Figure:
    """Draw neurons in body axes, a group to switch on and off per outcome.

    Parameters
    ----------
    named : pandas.DataFrame
        One worm's named neurons; those without a position are not drawn.
    """
    positioned = named.dropna(subset=list(worm.BODY))
    drawn = go.Figure()
    for answer, (words, shade, letters, symbol) in OUTCOMES.items():
        subset = positioned[positioned["right"] == answer]
        sure = subset["probability"].fillna(0)
        tints = [_tint(shade, value) for value in sure]
        drawn.add_scatter3d(
            **{
                axis: subset[column].tolist()
                for axis, column in zip("xyz", worm.SPACE, strict=True)
            },
            name=f"{words} ({len(subset)})",
            mode="markers+text" if answer == "no" else "markers",
            text=[
                _inert(f"{neuron['answer']} → {neuron['name']}" if answer == "no" else
                       neuron["answer"])
                for _, neuron in subset.iterrows()
            ],
            textfont={"size": 10, "color": f"rgb{letters}"},
            hovertext=hover(subset),
            hoverinfo="text",
            marker={
                "size": 5,
                "symbol": symbol,
                "color": tints,
                "line": {"width": 0},
            },
        )  # fmt: skip
    drawn.update_layout(
        template="none",
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        uirevision="kept",
        legend={"x": 0.01, "y": 0.9, "title": {"text": "click to show or hide"}},
        scene={
            "aspectmode": "data",
            "camera": {"eye": {"x": -0.3, "y": -1.65, "z": 0.7}},
            **{
                f"{axis}axis": {"title": {"text": f"{column} [µm]"}, "nticks": 6}
                for axis, column in zip("xyz", worm.SPACE, strict=True)
            },
        },
        updatemenus=[
            {
                "type": "buttons", "direction": "right", "x": 0.01, "y": 0.99,
                "xanchor": "left", "yanchor": "top", "showactive": True,
                "buttons": [
                    {"label": words, "method": "restyle", "args": [{"mode": modes}]}
                    for words, modes in (
                        ("names of wrong ones", ["markers", "markers+text", "markers"]),
                        ("all names", ["markers+text"] * len(OUTCOMES)),
                        ("no names", ["markers"] * len(OUTCOMES)),
                    )
                ],
            }
        ],
    )  # fmt: skip
    drawn.update_scenes(yaxis_autorange="reversed")
    return drawn


def queue(named: pd.DataFrame) -> pd.DataFrame:
    """List the neurons to look at, the least certain first.

    Parameters
    ----------
    named : pandas.DataFrame
        One worm's named neurons, with their rank in the review queue, `review`.

    Returns
    -------
    pandas.DataFrame
        The columns of `QUEUE`.
    """
    rows = named.sort_values("review", kind="stable")
    return rows.assign(
        rank=[f"{number}" for number in range(1, len(rows) + 1)],
        others=[_others(neuron) for _, neuron in rows.iterrows()],
        voxel=[_voxel(neuron) for _, neuron in rows.iterrows()],
        outcome=[OUTCOMES.get(answer, (answer,))[0] for answer in rows["right"]],
    )[list(QUEUE)]


def page(named: pd.DataFrame) -> str:
    """Write the whole page; every text is escaped."""
    if named.empty:
        heading, drawing = "No neurons", "<p class='note'>This worm has no neurons.</p>"
    else:
        heading = html.escape(worm.title(named).replace(r"\$", "$"))
        drawing = to_html(
            space(named), full_html=False, include_plotlyjs=True, include_mathjax=False,
            div_id="space", default_height="700px",
            config=CONFIG,
        )  # fmt: skip
    # of the drawing alone: names stand in it as texts inside a script, in the rest as escaped text
    policy = POLICY.format(script=sources(drawing, "script"))
    rows = table(queue(named), QUEUE, "There is nothing to review.")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{heading}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{heading}</h1>
<p class="note">Drag to turn, scroll to zoom, rest on a neuron for its names. The fainter a neuron,
the less certain its answer. Axes in micrometres.</p>
{drawing}
<h2>To review, least certain first</h2>
{rows}
</body>
</html>
"""


def write(named: str | os.PathLike, out: str | os.PathLike):
    """Write one worm's page from its table of named neurons, whole or not at all."""
    text = page(worm.read_table(named))
    with whole(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
