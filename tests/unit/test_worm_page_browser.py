"""In a browser: a worm's page draws its neurons, and no script runs but its own."""

from chromapal.evaluate.pages import worm_page
from tests.browser import needs_chromium, opened
from tests.unit.test_identity_figures import made_named


@needs_chromium
def test_a_page_runs_its_own_scripts_only(tmp_path):
    page = worm_page.page(made_named())
    foreign = "<script>document.title = 'taken over'</script></body>"
    last = page.rindex("</body>")
    (tmp_path / "page.html").write_text(page[:last] + foreign + page[last + 7 :], encoding="utf-8")
    shown, _ = opened(tmp_path / "page.html", "--virtual-time-budget=20000", "--dump-dom")
    assert 'class="main-svg"' in shown
    assert "<title>taken over" not in shown and "<title>A one" in shown
