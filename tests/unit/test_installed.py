"""The installed package, outside a checkout: all its files are in the wheel, and it works."""

import importlib.util
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import chromapal
from chromapal import provenance
print(provenance.version())
print(len(chromapal.read("w.csv")))
try:
    chromapal.load_model("none")
except ValueError as error:
    print(error)
"""


@pytest.mark.skipif(
    not importlib.util.find_spec("setuptools"), reason="setuptools, which builds, is not installed"
)
def test_a_wheel_holds_all_files_and_works_in_another_folder(tmp_path):
    project, here = tmp_path / "project", tmp_path / "here"
    here.mkdir()
    left = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", project / "src", ignore=left)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    head = project / "src/chromapal/models/head/position"
    head.mkdir(parents=True)
    (head / "network.safetensors").touch()  # a model comes along, at any depth
    words = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q", "-w"]
    built = subprocess.run(
        [sys.executable, *words, tmp_path, project], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("chromapal-*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(tmp_path / "installed")
        packed = {name for name in file.namelist() if name.startswith("chromapal/")}
    source = project / "src"
    assert packed == {
        str(path.relative_to(source)) for path in source.rglob("*")
        if path.is_file() and "egg-info" not in str(path)
    }  # fmt: skip
    (here / "w.csv").write_text("x,y,z,xr,yr,zr,gray\n1,2,3,1,2,3,7\n4,5,6,4,5,6,8\n")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=here,
        env={"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    version, count, line = done.stdout.splitlines()
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert (version, count) == (stated, "2") and "found no folder 'none'" in line
