"""The colour Turing test: a page that asks a person which images have their real colours.

The page holds its answers: whoever reads its source can cheat. Nothing that is drawn, labelled or
read aloud in it gives away which image is true.
"""

import base64
import html
import os
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.evaluate.pages.policy import inert_json, sources
from chromapal.files import whole

COLUMNS = ("key", "colorizer", "truth", "prediction")
TEMPLATE = Path(__file__).with_suffix(".html")
# Nothing may be loaded from anywhere; only the template's own script and style count.
POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What pixels need. A colour profile, a gamma or an orientation in one image of a pair would
# give it away, and the colorizer saw none of them; texts may name private files.
KEPT_CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND")


def write(table: pd.DataFrame, seed: int, title: str, out: str | os.PathLike):
    """Write the test as one file that needs no network, whole or not at all.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per image and colorizer: `key` and `colorizer` (any text), `truth` and
        `prediction` (paths of PNG files of the same size).
    seed : int
        Seed of the order of the images; the order of the rows does not matter.
    title : str
        The page's heading, any text.
    out : path-like
        The HTML file.

    Raises
    ------
    InputError
        The table has no rows, lacks a column or has a row twice; a file is missing or no PNG; a
        prediction's size is not its truth's; a key has two true images.
    """
    text = page(table, seed, title)
    with whole(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def page(table: pd.DataFrame, seed: int, title: str) -> str:
    """Write the whole page; every text is escaped. See `write`."""
    template = TEMPLATE.read_text(encoding="utf-8")
    policy = POLICY.format(script=sources(template, "script"), style=sources(template, "style"))
    # what is filled in has no "<", so that no title or key can be taken for a later placeholder
    return (
        template.replace("<!--policy-->", policy)
        .replace("<!--title-->", html.escape(title))
        .replace("<!--images-->", inert_json(images(table, seed)))
    )


def images(table: pd.DataFrame, seed: int) -> list[dict]:
    """List the images in the order in which the page shows them.

    A true image is listed once, however many colorizers share it: seen twice, it would give
    itself away.

    Returns
    -------
    list of dict
        key, colorizer ("" of a true image), truth ("true" or "predicted"), width and height
        [pixels], image (a data URI).

    Raises
    ------
    InputError
        As in `write`.
    """
    _check(table)
    truths, predictions = {}, {}
    for row in table.loc[:, list(COLUMNS)].astype(str).itertuples(index=False):
        truth = _image(row.truth, f"the true image of {row.key!r}")
        if truths.setdefault(row.key, truth) != truth:
            raise InputError(row.truth, f"another true image of {row.key!r}", "one for each key")
        predicted = _image(row.prediction, f"a predicted image of {row.key!r}")
        if _size(predicted) != _size(truth):
            # the size alone would tell them apart
            expected = f"{_size(truth)}, the size of {row.truth}"
            raise InputError(row.prediction, _size(predicted), expected)
        predictions[row.key, row.colorizer] = predicted
    listed = [
        *({"key": key, "colorizer": "", "truth": "true", **truths[key]} for key in sorted(truths)),
        *(
            {"key": key, "colorizer": colorizer, "truth": "predicted", **predicted}
            for (key, colorizer), predicted in sorted(predictions.items(), key=lambda one: one[0])
        ),
    ]
    return [listed[index] for index in np.random.default_rng(seed).permutation(len(listed))]


def _check(table: pd.DataFrame):
    what = "table of images to ask about"
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise InputError(what, f"no column {', '.join(missing)}", f"columns {', '.join(COLUMNS)}")
    if table.empty:
        raise InputError(what, "no rows", "a true and a predicted image or more")
    twice = table.loc[table[["key", "colorizer"]].astype(str).duplicated()]
    if len(twice):
        key, colorizer = twice.iloc[0][["key", "colorizer"]]
        raise InputError(what, f"{key!r} of {colorizer!r} twice", "a key once per colorizer")


def _size(image: dict) -> str:
    return f"{image['width']} x {image['height']} pixels"


def _image(path: str, what: str) -> dict:
    """Read a PNG file's size and its bytes without metadata, as a data URI."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(path, error.strerror or "no file", f"{what}, a PNG file") from error
    chunks = _chunks(data)
    if not chunks or chunks[0][:4] != b"IHDR" or chunks[-1] != b"IEND":
        raise InputError(path, "no whole PNG", f"{what}, a PNG file")
    pixels = [
        len(chunk[4:]).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
        for chunk in chunks
        if chunk[:4] in KEPT_CHUNKS
    ]
    image = base64.b64encode(SIGNATURE + b"".join(pixels)).decode()
    return {
        "width": int.from_bytes(chunks[0][4:8]),
        "height": int.from_bytes(chunks[0][8:12]),
        "image": f"data:image/png;base64,{image}",
    }


def _chunks(data: bytes) -> list[bytes]:
    """Split a PNG into its chunks (kind and content), up to the first broken one or the end."""
    chunks = []
    start = len(SIGNATURE)
    while data.startswith(SIGNATURE) and start < len(data):
        end = start + 8 + int.from_bytes(data[start : start + 4])
        chunk, check = data[start + 4 : end], data[end : end + 4]
        if zlib.crc32(chunk).to_bytes(4) != check:
            break
        chunks.append(chunk)
        if chunk == b"IEND":
            break
        start = end + 4
    return chunks
