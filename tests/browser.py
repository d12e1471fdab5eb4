"""Opens pages in a headless Chromium with a script of a test that acts and reports."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no Chromium to open the page in")


def opened(path: Path, *options: str, address: str = "") -> tuple[str, str]:
    """Open a page, or a part of it; return its elements at the end and what went wrong in it."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        f"--user-data-dir={path.parent / 'profile'}", *options, path.as_uri() + address,
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout, "\n".join(line for line in run.stderr.splitlines() if "CONSOLE" in line)


def driven(page: str, driver: str, folder: Path, *options: str, address: str = "") -> dict:
    """Open a page with a driver, and return what that leaves as JSON in `<pre id="saw">`.

    The driver is let in by its own hash: all else stays under the page's own policy.
    """
    digest = base64.b64encode(hashlib.sha256(driver.encode()).digest()).decode()
    page = page.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    page = page.replace("</body>", f"<script>{driver}</script>\n</body>", 1)
    (folder / "page.html").write_text(page, encoding="utf-8", newline="\n")
    shown, wrong = opened(folder / "page.html", "--dump-dom", *options, address=address)
    left = re.search('<pre id="saw">(.*?)</pre>', shown, flags=re.DOTALL)
    assert left, f"the page was not gone through: {wrong} {shown[-500:]}"
    return json.loads(html.unescape(left[1]))
