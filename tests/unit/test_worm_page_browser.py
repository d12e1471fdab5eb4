"""In a browser: a worm's page draws its neurons, and no script runs but its own."""

import subprocess

import pytest

from chromapal.evaluate.pages import worm_page
from tests.unit.test_identity_figures import made_named
from tests.unit.test_turing_browser import CHROMIUM


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium to open the page in")
def test_a_page_runs_its_own_scripts_only(tmp_path):
    page = worm_page.page(made_named())
    foreign = "<script>document.title = 'taken over'</script></body>"
    last = page.rindex("</body>")
    (tmp_path / "page.html").write_text(page[:last] + foreign + page[last + 7 :], encoding="utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000", "--dump-dom",
        (tmp_path / "page.html").as_uri(),
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert 'class="main-svg"' in run.stdout, run.stderr[-2000:]
    assert "<title>taken over" not in run.stdout and "<title>A one" in run.stdout
