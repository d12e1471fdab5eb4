"""Print what jobs run in, with direct dependencies at the lock's pins.

`pins.py environment` prints the conda environment of every rule, `pins.py image` the recipe of a
container image.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# Generated from requirements.lock by `make lock`; do not edit."


def environment() -> str:
    """Give the text of `envs/chromapal.yaml`.

    The pins stand inline, because Snakemake copies the file elsewhere and a `-r` would then point
    nowhere. Everything comes from PyPI through pip: ndx-multichannel-volume is only there, and one
    resolver gives one set of versions. Snakemake stays outside: it starts the jobs.
    """
    lines = [
        HEAD,
        "name: chromapal",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python {python_range()}",
        "  - pip",
        "  - pip:",
        *(f"      - {pin}" for pin in direct_pins() if not pin.startswith("snakemake==")),
    ]
    return "\n".join(lines) + "\n"


def image() -> str:
    """Give the text of `envs/Dockerfile`.

    It holds Python, Snakemake and what jobs import, and no project: a working directory is mounted,
    or Snakemake sends its files. What the pins depend on is held at the lock's versions too.
    """
    lock = "/opt/chromapal/requirements.lock"
    lines = [
        HEAD,
        "# docker build --file envs/Dockerfile --tag chromapal .",
        f"# another Python of {python_range()}: --build-arg PYTHON=3.13",
        f"ARG PYTHON={python_range()[2:].split(',')[0]}",
        "FROM python:${PYTHON}-slim",
        "RUN apt-get update \\",
        "    && apt-get install --yes --no-install-recommends git make \\",
        "    && rm -rf /var/lib/apt/lists/*",
        f"COPY requirements.lock {lock}",
        f"RUN pip install --no-cache-dir --constraint {lock} \\",
        " \\\n".join(f"    {pin}" for pin in direct_pins()),
    ]
    return "\n".join(lines) + "\n"


def python_range() -> str:
    """Give the versions of Python that `pyproject.toml` names, such as `>=3.11,<3.14`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]


def direct_pins() -> list[str]:
    """List the lock's pins of the packages that `pyproject.toml` names for running."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {_key(re.split(r"[\[=<>!~;\s]", line)[0]) for line in project["dependencies"]}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return [line for line in lock if _key(line.split("==")[0]) in direct]


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    print({"environment": environment, "image": image}[sys.argv[1]](), end="")
