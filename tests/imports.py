"""What jobs import: what a called function, a notebook or a method reached by name leads to."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

from chromapal import methods, provenance
from chromapal.worms import registry

ROOT = Path(__file__).resolve().parents[1]


def jobs() -> list[Path]:
    """List where the code of a job starts."""
    folder = ROOT / "workflow"
    scripts = [*(folder / "scripts").glob("*.py"), *(folder / "notebooks").glob("*")]
    kinds = ("colorizers", "classifiers")
    reached = [provenance.PACKAGE / kind / f"{name}.py" for kind in kinds for name in
               methods.names(kind)]  # fmt: skip
    reached += [registry.FOLDER / f"{name}.py" for name in registry.names()]
    return sorted(scripts) + reached + called()


def called() -> list[Path]:
    """List the modules whose functions rules call; rows of tables leave out the first words."""
    text = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    names = set(re.findall(r'"([a-z_.]+):[a-z_]+"', text))
    dotted = [f"chromapal.{words}{name}" for name in names for words in ("", "evaluate.tables.")]
    paths = [path for name in sorted(dotted) if (path := provenance._module_path(name))]
    return paths + sorted((provenance.PACKAGE / "evaluate/figures").glob("*.py"))


def source(path: Path) -> str:
    """Return a file's Python; of a notebook its code cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def imported(path: Path) -> set[str]:
    """List the dotted names that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(source(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def closure() -> set[Path]:
    """List the files that jobs start from, and all of the package that these lead to."""
    found: set[Path] = set()
    waiting = jobs()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += filter(None, map(provenance._module_path, imported(path)))
    return found


def modules() -> list[str]:
    """List the package's own modules among them, by dotted name."""
    folder = provenance.PACKAGE.parent
    paths = [path for path in closure() if path.is_relative_to(folder)]
    names = [".".join(path.relative_to(folder).with_suffix("").parts) for path in paths]
    return sorted(name.removesuffix(".__init__") for name in names)


def third_party() -> list[str]:
    """List the top-level modules of other projects that jobs import."""
    names = {name.split(".")[0] for path in closure() for name in imported(path)}
    return sorted(names - {"chromapal"} - sys.stdlib_module_names)


def loaded(script: str, names: set[str]) -> set[str]:
    """Run a script in a process of its own, and return which of some modules it loaded."""
    ask = f"import json, sys; print(json.dumps(sorted({names!r} & set(sys.modules))))"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\n{ask}"],
        env={"PYTHONPATH": str(provenance.PACKAGE.parent)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(json.loads(done.stdout))
