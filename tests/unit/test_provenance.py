"""Digests follow what code does: comments and times change nothing, an edited line does."""

import json
import shutil

import pytest

from chromapal import provenance


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a small package of its own: script -> a -> b, and c that nobody imports."""
    folder = tmp_path / "src/chromapal"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "a.py").write_text("from chromapal.b import value\n\nx = value\n")
    (folder / "b.py").write_text('"""Docs."""\n\nvalue = 1\n')
    (folder / "c.py").write_text("other = 1\n")
    (tmp_path / "script.py").write_text("from chromapal import a\n\nprint(a.x)\n")
    monkeypatch.setattr(provenance, "PACKAGE", folder)
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    return tmp_path


def digest(root):
    provenance._read.cache_clear()
    provenance._imports.cache_clear()
    return provenance.digest(root / "script.py")


@pytest.mark.parametrize(
    ("path", "text", "changes"),
    [
        ("script.py", "# a remark\nfrom chromapal import a\n\nprint(a.x)\n", False),
        ("script.py", "from chromapal import a\n\nprint(a.x + 1)\n", True),
        ("src/chromapal/b.py", '"""Other docs."""\n\n# why\nvalue = 1\n', False),
        ("src/chromapal/b.py", '"""Docs."""\n\nvalue = 2\n', True),
        ("src/chromapal/c.py", "other = 2\n", False),
    ],
)
def test_what_changes_a_digest(package, path, text, changes):
    before = digest(package)
    (package / path).write_text(text)
    assert (digest(package) != before) is changes


def test_a_move_to_another_folder_changes_nothing(package, monkeypatch, tmp_path_factory):
    before = digest(package)
    moved = tmp_path_factory.mktemp("elsewhere") / "checkout"
    shutil.copytree(package, moved)
    monkeypatch.setattr(provenance, "PACKAGE", moved / "src/chromapal")
    monkeypatch.setattr(provenance, "ROOT", moved)
    assert digest(moved) == before


def test_a_notebook_counts_by_its_cells_and_not_by_its_outputs(package):
    notebook = package / "report.ipynb"
    cell = {"cell_type": "code", "source": ["show()"], "outputs": []}

    def with_cells(*cells):
        notebook.write_text(json.dumps({"cells": list(cells)}))
        provenance._read.cache_clear()
        return provenance.digest(notebook)

    first = with_cells(cell)
    assert with_cells({**cell, "outputs": ["an image"]}) == first
    assert with_cells({**cell, "source": ["show(1)"]}) != first


def test_pins_count_and_their_comments_do_not(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("# made today\na==1\n\nb==2\n")
    first = provenance.lock_digest(lock)
    lock.write_text("a==1  # via c\nb==2\n")
    assert provenance.lock_digest(lock) == first
    lock.write_text("a==1\nb==3\n")
    assert provenance.lock_digest(lock) != first


def test_stale_names_the_logs_of_other_code(package):
    (package / "requirements.lock").write_text("a==1\n")
    monkey = provenance.lock_digest.__defaults__
    provenance.lock_digest.__defaults__ = (package / "requirements.lock",)
    try:
        pins = (provenance.lock_digest(),)
        code = provenance.digest(package / "script.py", extra=pins)
        logs = package / "logs/rule"
        logs.mkdir(parents=True)
        (logs / "one.log").write_text(f"code {code} script.py\nran\n")
        (logs / "two.log").write_text("code 0123456789abcdef script.py\nran\n")
        (logs / "three.log").write_text("something else\n")
        assert provenance.stale(package / "logs") == ["rule/two"]
    finally:
        provenance.lock_digest.__defaults__ = monkey
