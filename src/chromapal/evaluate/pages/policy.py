"""What keeps a page to its own scripts: its content security policy, and data that stay data."""

import base64
import hashlib
import json
import re


def sources(html: str, tag: str) -> str:
    """Name what stands in a page's tags by its hashes, so that nothing else in their place runs.

    A block of data (`application/json`) never runs and is not named.

    Parameters
    ----------
    html : str
        The page, or the part of it that the program wrote.
    tag : {"script", "style"}
        Kind of element.

    Returns
    -------
    str
        As after `script-src`: one quoted hash for each element, `'none'` if there is none.
    """
    texts = re.findall(rf'<{tag}(?: type="text/javascript")?>(.*?)</{tag}>', html, flags=re.DOTALL)
    # browsers see any end of line as a line feed
    texts = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    found = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
    return " ".join(found) or "'none'"


def inert_json(content: object) -> str:
    """Write what a page's scripts are given, so that no tag can begin in it."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    # none of these characters means anything inside a JSON text
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
