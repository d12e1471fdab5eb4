"""Arrows between the package's rooms point one way, and no module imports itself in a circle."""

import ast
from pathlib import Path

import pytest

from chromapal import provenance

PACKAGE = provenance.PACKAGE
# Who may import whom, room by room; the root serves everybody.
ALLOWED = {
    "worms": set(),
    "images": {"worms.discover", "worms.nwb"},
    "prepare": {"worms"},
    "training": {"prepare", "worms.table"},
    "identify": {"prepare", "training", "worms"},
    "colorizers": {"worms", "images", "prepare", "training", "identify"},
    "classifiers": {"worms", "prepare", "training", "identify"},
    "evaluate": {"worms", "prepare"},
    # judges a finished study's animals, and writes tables and a page
    "audit": {"worms", "prepare", "identify", "evaluate"},
    # learns from all worms what simulated ones are drawn from; nobody imports it
    "worm_statistics": {"worms", "prepare", "identify"},
    "apply": {"worms", "images", "prepare", "training", "identify", "colorizers", "evaluate"},
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def imported(path: Path) -> set[str]:
    found = {dotted(other) for other in provenance._imports(path.resolve())}
    return {name for name in found if not name.endswith("__init__")}


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_point_one_way(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imported(path):
        other = name.split(".")[0]
        if "." in name and other != room:
            assert room in ALLOWED, f"a module at the root imports {name}"
            assert {other, ".".join(name.split(".")[:2])} & ALLOWED[room], name


def test_no_module_is_in_a_circle_of_imports():
    graph = {dotted(path): imported(path) for path in MODULES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]):
        assert name not in trail, " -> ".join([*trail, name])
        if name not in done:
            for other in graph.get(name, ()):
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_functions_take_at_most_eight_parameters():
    """What belongs together is handed over together, in a dataclass; `self` is handed by nobody."""
    many = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                taken = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
                names = [each.arg for each in taken if each.arg not in ("self", "cls")]
                if len(names) > 8:
                    many.add(f"{dotted(path)}.{node.name}")
    assert not many


def test_rules_import_nothing_heavy():
    text = "".join(path.read_text() for path in (PACKAGE.parents[1] / "workflow").rglob("*.smk"))
    lines = [line.strip() for line in text.splitlines() if "chromapal" in line and "import" in line]
    assert sorted(lines) == [
        "from chromapal import columns",
        "from chromapal import config_files, files, methods, provenance, written",
        "from chromapal.apply import facts as model_facts",
        "from chromapal.apply import image_model",
        "from chromapal.apply import plan as apply_plan",
        "from chromapal.errors import InputError, NoSpaceError, one_line",
        "from chromapal.worms import plan",
        "from chromapal.worms import plan, registry",
        "from chromapal.worms.dandi import plan as dandi_plan",
        "from chromapal.worms.discover import everything",
        "from chromapal.worms.simulate import file_names",
        "from chromapal.worms.slugs import path_fault, require_path",
    ]


def test_rules_share_one_script_that_knows_no_study():
    scripts = sorted((PACKAGE.parents[1] / "workflow/scripts").glob("*.py"))
    assert not [path.name for path in scripts if "snakemake.config" in path.read_text()]
    assert "call.py" in [path.name for path in scripts]
