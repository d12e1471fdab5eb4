"""What a config file may hold, whatever its keys; see `config_files`."""

import json
import re
import runpy
from pathlib import Path

import pytest

from chromapal import config_files, methods
from chromapal.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Start in a folder without profiles, which Snakemake says that it uses."""
    monkeypatch.chdir(tmp_path)


def refused(path, capsys) -> str:
    """Return what `make` says of a config file, without Snakemake's own start."""
    start = runpy.run_path(str(ROOT / "workflow/start.py"))
    with pytest.raises(SystemExit) as ended:
        start["main"](["--configfile", str(path), "--dry-run"])
    assert ended.value.code == 1
    return capsys.readouterr().err


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_config_of_the_project_is_accepted(path):
    assert config_files.read(str(path))


DEEP = "a: " + "[" * 50 + "]" * 50
# every letter is nine times the one before
NINE = "\n".join(
    f"{new}: &{new} [{', '.join(9 * ['*' + old])}]"
    for old, new in zip("abcdef", "bcdefg", strict=True)
)
LAUGHS = f"a: &a [x, x]\n{NINE}"


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("slab_um: .nan", "config key 'slab_um': found nan; expected a number"),
        ("runs: [{grids: [.inf]}]", "config key 'runs.0.grids.0': found inf"),
        ('study: "y\\n"', r"config key 'study': found '\n' in 'y\n'; expected text on one line"),
        ('study: "y\\u2028"', r"found '\u2028' in"),
        ('"st\\u0000udy": y', "found '\\x00' in"),
        (f"seed: {10**40}", "config key 'seed': found a number of more than 64 bits"),
        ("seed: 1" + "0" * 5000, "found no readable text (Exceeds the limit"),
        ("params: &a {classifiers: *a}", "found values within values without end"),
        ("runs: &a [*a]", "found values within values without end"),
        (LAUGHS, "found too many values"),
        (DEEP, "found values within values without end"),
        ("a: " + "[" * 5000, "found no readable text ("),
        ("[1, 2]: x", "found no readable text ("),
        ("2024-01-01: x", "config key '': found a key '2024-01-01'"),
        ("2024-99-01", "found no readable text (month must be"),
        ("a: b: c", "found no readable text ("),
        ("a: !!python/name:os.system", "found no readable text ("),
        ("- a", "found no keys"),
        ("", "found no keys"),
        ("a: " + "x" * 2**20, "found a file of over 1 MB"),
    ],
)
def test_what_no_study_needs_is_one_line(tmp_path, capsys, text, line):
    (tmp_path / "c.yaml").write_text(text)
    said = refused(tmp_path / "c.yaml", capsys)
    assert line in said and said.count("\n") == 1 and len(said) < 400


@pytest.mark.usefixtures("elsewhere")
def test_what_is_no_text_is_one_line(tmp_path, capsys):
    (tmp_path / "utf16.yaml").write_text("study: y", encoding="utf-16")
    for path, line in (("utf16.yaml", "other text than UTF-8"), ("no.yaml", "No such file"),
                       (".", "no readable file")):  # fmt: skip
        assert line in refused(tmp_path / path, capsys)


def test_a_value_may_stand_in_many_places():
    shared = {"steps": 4}
    config_files.check({"runs": [{"params": shared}] * 100, "seed": 2**32, "x": [1.5, "ä", None]})


def numbers(schema, where):
    """List the numbers that a schema describes without saying how large they may be."""
    kinds = schema.get("type", [])
    if {"integer", "number"} & set([kinds] if isinstance(kinds, str) else kinds):
        low = {"minimum", "exclusiveMinimum"} & set(schema)
        high = {"maximum", "exclusiveMaximum"} & set(schema)
        if not (low and high):
            yield where
    for key, part in schema.items():
        for name, inner in enumerate(part) if isinstance(part, list) else [("", part)]:
            if isinstance(inner, dict):
                yield from numbers(inner, f"{where}.{key}{name}")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "workflow/schemas").glob("*.json")), ids=lambda p: p.stem
)
def test_every_number_of_a_schema_has_bounds(path):
    assert list(numbers(json.loads(path.read_text()), path.stem)) == []


@pytest.mark.parametrize(
    ("kind", "name", "changes"),
    [
        ("classifiers", "neuron_transformer", {"layers": 10**7}),
        ("classifiers", "neuron_transformer", {"heads": 0}),
        ("classifiers", "neuron_transformer", {"dropout": 1.5}),
        ("classifiers", "svm", {"penalty": float("nan")}),
        ("classifiers", "svm", {"penalty": float("inf")}),
        ("classifiers", "random_forest", {"trees": -1}),
        ("colorizers", "resnet18_fusion", {"batch": 10**9}),
        ("colorizers", "resnet18_fusion", {"learning_rate": -1.0}),
    ],
)
def test_parameters_of_methods_are_bounded(kind, name, changes):
    key = f"config key 'params.{kind}.{name}.{next(iter(changes))}'"
    with pytest.raises(InputError, match=re.escape(key)):
        methods.params(kind, name, changes)
