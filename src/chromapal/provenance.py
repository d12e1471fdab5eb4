"""Digests of the code behind a result; standard library only.

A digest covers the syntax tree of a script and of every module of this package that it imports,
directly or not. Comments, docstrings, formatting, file times and the version of Python do not
change it; edited code does.
"""

import ast
import hashlib
import json
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parent.parent
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# Parts of a syntax tree that do not say what code does: whether a name is read or set, which its
# place says too; `u` before a text; comments.
UNSAID = ("ctx", "kind", "type_comment", "type_ignores")


def digest(*paths: str | Path, extra: tuple[str, ...] = ()) -> str:
    """Hash the code behind a rule.

    Parameters
    ----------
    *paths : path-like
        The rule's script or notebook, and modules it imports only by name (a method's file).
    extra : tuple of str
        Other text to include, such as the lock's digest.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    closure: set[Path] = set()
    for path in paths:
        _collect(Path(path).resolve(), closure)
    entries = [f"{_label(path)}:{_read(path)[0]}" for path in sorted(closure)]
    return hashlib.sha256("\n".join([*entries, *extra]).encode()).hexdigest()[:16]


def stale(logs: str | Path) -> list[str]:
    """List the results whose code has changed since.

    Snakemake knows the code of old results only through its own metadata folder, which is not
    copied with them; each job's log keeps the digest too (`console.job`).

    Parameters
    ----------
    logs : path-like
        The folder of a study's job logs; their first line reads `code DIGEST PATH ...`.

    Returns
    -------
    list of str
        Names of logs, without suffix, whose digest differs from today's code.
    """
    changed = []
    pins = lock_digest()
    for log in sorted(Path(logs).rglob("*.log")):
        with log.open(encoding="utf-8", errors="replace") as lines:
            words = lines.readline().split()
        if len(words) < 3 or words[0] != "code":
            continue
        paths = [ROOT / word for word in words[2:]]
        if not all(map(Path.is_file, paths)) or digest(*paths, extra=(pins,)) != words[1]:
            changed.append(str(log.relative_to(logs).with_suffix("")))
    return changed


def lock_digest(path: str | Path = ROOT / "requirements.lock") -> str:
    """Hash the pins of a lock, without comments and blank lines."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    pins = [line.split("#")[0].strip() for line in lines]
    return hashlib.sha256("\n".join(pin for pin in pins if pin).encode()).hexdigest()[:16]


def version(path: str | Path = ROOT / "pyproject.toml") -> str:
    """Return the version of this package: a checkout's own, else that of the installed one."""
    # where an installed package lies, another project may have such a file
    if Path(path).is_file():
        project = tomllib.loads(Path(path).read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == PACKAGE.name:
            return project["version"]
    return metadata.version(PACKAGE.name)


def _label(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def _collect(path: Path, closure: set[Path]):
    if path in closure:
        return
    closure.add(path)
    for imported in _imports(path):
        _collect(imported, closure)


@cache
def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """Hash a file's code, and list the dotted names it imports; cached, as rules share files."""
    text, names = path.read_text(encoding="utf-8"), []
    if path.suffix == ".ipynb":
        text = json.dumps([cell["source"] for cell in json.loads(text)["cells"]])
    elif path.suffix == ".py":
        tree = ast.parse(text)
        for node in _statements(tree):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
                names += [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
                node.body = node.body[1:] or [ast.Pass()]
        text = _written(tree)
    return hashlib.sha256(text.encode()).hexdigest(), tuple(names)


def _written(node: object) -> str:
    """Write a syntax tree in the same way on every Python, which `ast.dump` does not.

    What is empty is left out, as later versions add parts that older code does not have.
    """
    if isinstance(node, list):
        return f"[{','.join(map(_written, node))}]"
    if isinstance(node, ast.Constant):
        # ascii: which characters are printable changes from version to version
        return f"{type(node.value).__name__} {node.value!a}"
    if not isinstance(node, ast.AST):
        return ascii(node)
    if isinstance(node, ast.JoinedStr):
        node.values = _joined(node.values)
    parts = [
        f"{name}={_written(part)}"
        for name, part in ast.iter_fields(node)
        if name not in UNSAID and part is not None and part != []
    ]
    return f"{type(node).__name__}({','.join(parts)})"


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """Join the texts between the values of an f-string, which versions split differently."""
    joined: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.Constant) and joined and isinstance(joined[-1], ast.Constant):
            joined[-1] = ast.Constant(joined[-1].value + part.value)
        elif not isinstance(part, ast.Constant) or part.value:
            joined.append(part)
    return joined


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Iterate over a module and its statements, without expressions, which are most of it."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, block, ())


@cache
def _imports(path: Path) -> tuple[Path, ...]:
    return tuple(filter(None, map(_module_path, _read(path)[1])))


def _module_path(name: str) -> Path | None:
    if name.split(".")[0] != PACKAGE.name:
        return None
    base = PACKAGE.parent.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path.resolve()
    return None
