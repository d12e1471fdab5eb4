"""Digests follow what code does: comments and times change nothing, an edited line does."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

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


CODE = """
import math as m

@cached(size=2)
class A(Base, kind="x"):
    value: int = 1_000

    def method(self, a, /, b=None, *rest, c, d=1.50, **more) -> "A":
        if (n := len(rest)) > 1 and not a:
            return f"{a!r:>{n}}{{}} and {b:.2f}" "end" + b"\\x00".decode()
        for i, (j, *k) in enumerate([x**2 for x in rest if x]):
            self.value[i, 1:j] = {**more, "µ": -1e-5j, None: ...}
        return lambda q: q

async def wait():
    try:
        await other()
    except* (OSError, ValueError) as error:
        raise KeyError from error
"""


# the same on every Python
DIGEST = "aee8f6a49ff9f5e26666d3affd26bc77fec479f67451b0206d0b3e6626c1c9f4"


def code_digest(path, text) -> str:
    path.write_text(text, encoding="utf-8")
    provenance._read.cache_clear()
    return provenance._read(path)[0]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("import math as m\n", "import math as m  # why\n\n\n", False),
        ("size=2", "size = (2)", False),
        ("1_000", "1000", False),
        ("1.50", "1.5", False),
        ('"x"', "'x'", False),
        ('"x"', "u'x'", False),
        ("d=1.50, **more)", "d=1.50,\n        **more,\n    )", False),
        ("async def wait():\n", 'async def wait():\n    """Wait."""\n', False),
        ("    value: int", '    """A."""\n    value: int', False),
        ('and {b:.2f}" "end"', 'and {b:.2f}end"', False),
        ("1_000", "1001", True),
        ("1.50", "1", True),
        ("d=1.50", 'd="1.5"', True),
        ("b=None", "b=0", True),
        ("b=None", "b=False", True),
        ("a, /, b", "a, b", True),
        ("and not a", "or not a", True),
        ("{a!r", "{a!s", True),
        (">{n}", "<{n}", True),
        ("{{}}", "{{ }}", True),
        ("except*", "except", True),
        ("[i, 1:j]", "[i, 1:j:2]", True),
        ("None: ...", "None: None", True),
        ("-1e-5j", "1e-5j", True),
        ("math as m", "math as n", True),
        ("self.value[", "pass; self.value[", True),
    ],
)  # fmt: skip
def test_formatting_changes_no_digest_and_code_does(tmp_path, old, new, changes):
    assert CODE.count(old) == 1
    before = code_digest(tmp_path / "a.py", CODE)
    assert (code_digest(tmp_path / "a.py", CODE.replace(old, new)) != before) is changes


def test_every_python_gives_this_digest(tmp_path):
    assert code_digest(tmp_path / "a.py", CODE) == DIGEST


ALL = """
from pathlib import Path
from chromapal import provenance
for path in sorted(provenance.PACKAGE.rglob("*.py")):
    print(path.name, provenance._read(path))
"""


def pythons() -> list[str]:
    """Find the other versions of Python on this machine that studies may run with."""
    found = [shutil.which(f"python3.{minor}") for minor in (11, 12, 13)]
    found += sorted(Path.home().glob(".pyenv/versions/3.1[123].*/bin/python"))
    return [str(path) for path in found if path]


def test_pythons_at_hand_agree_on_every_file_of_this_package():
    said = {}
    environment = {**os.environ, "PYTHONPATH": str(Path(provenance.__file__).parents[1])}
    for python in dict.fromkeys([sys.executable, *pythons()]):
        done = subprocess.run(
            [python, "-BsSc", ALL], env=environment, capture_output=True, text=True
        )
        if done.returncode == 0:  # a name may lead to nothing that runs
            said[python] = done.stdout
    assert said[sys.executable].count("\n") > 100
    assert set(said.values()) == {said[sys.executable]}


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
