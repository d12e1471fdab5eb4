"""One page from its template, its scripts and styles, and what it is given."""

import html
from collections.abc import Sequence
from pathlib import Path

from chromapal.evaluate.pages.policy import inert_json, sources

FOLDER = Path(__file__).parent
# Nothing may be loaded from anywhere; only the template's own scripts and style count.
POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; "
    "form-action 'none'"
)


def assembled(template: str, parts: Sequence[str], title: str, content: dict) -> str:
    """Return a whole page in which every text is escaped.

    Parameters
    ----------
    template : str
        File of this folder, with a placeholder `<!--NAME-->` for each of `parts`, and for `policy`,
        `title` and `content`.
    parts : sequence of str
        Files of this folder: styles and scripts.
    title : str
        The page's title.
    content : dict
        What its scripts are given, as JSON.
    """
    text = (FOLDER / template).read_text(encoding="utf-8")
    for name in parts:
        text = text.replace(f"<!--{name}-->", (FOLDER / name).read_text(encoding="utf-8"))
    policy = POLICY.format(script=sources(text, "script"), style=sources(text, "style"))
    # what is filled in has no "<", so that no name can be taken for a later placeholder
    return (
        text.replace("<!--policy-->", policy)
        .replace("<!--title-->", html.escape(title))
        .replace("<!--content-->", inert_json(content))
    )
