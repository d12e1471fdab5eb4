"""Print the conda environment of every rule: direct dependencies at the lock's pins."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def environment() -> str:
    """Give the text of `envs/chromapal.yaml`.

    The pins stand inline, because Snakemake copies the file elsewhere and a `-r` would then point
    nowhere. Everything comes from PyPI through pip: ndx-multichannel-volume is only there, and one
    resolver gives one set of versions.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {_key(re.split(r"[\[=<>!~;\s]", line)[0]) for line in project["dependencies"]}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lock if _key(line.split("==")[0]) in direct - {"snakemake"}]
    lines = [
        "# Generated from requirements.lock by `make lock`; do not edit.",
        "name: chromapal",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        "  - python =3.11",
        "  - pip",
        "  - pip:",
        *(f"      - {pin}" for pin in pins),
    ]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    print(environment(), end="")
