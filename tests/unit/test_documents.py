"""Generated documents are in step with what they come from, and configs with their schema."""

import importlib.util
import json
import re
from pathlib import Path

import jsonschema
import pytest
import referencing
import yaml
from snakemake.utils import validate

from chromapal import columns
from chromapal.evaluate.dictionary import tables

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {
    path.name: json.loads(path.read_text())
    for path in sorted((ROOT / "workflow/schemas").glob("*.schema.json"))
}


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_config_readme_is_in_step_with_the_schema():
    document = load(ROOT / "workflow/schemas/document.py").document()
    assert (ROOT / "config/README.md").read_text() == document


def test_tables_md_is_in_step_with_the_column_dictionary():
    assert (ROOT / "docs/tables.md").read_text() == tables.document()


def choices(schema):
    """Yield the lists of words that a schema lets choose from, by the key they are of."""
    for key, part in schema.get("properties", {}).items():
        words = part.get("enum") or part.get("items", {}).get("enum")
        if words:
            yield key, words
        yield from choices(part)


def test_schemas_offer_the_feature_sets_and_variants_that_there_are():
    found = {}
    for name in ("identify", "run"):
        for key, words in choices(PARTS[name]):
            found[name, key] = set(words)
    names = {
        ("identify", "variants"): set(columns.VARIANTS),
        ("run", "variants"): set(columns.VARIANTS),
        ("identify", "features"): set(columns.FEATURES),
        ("identify", "anchors"): set(columns.ALIGNABLE),
        ("identify", "ablations"): set(columns.ALIGNABLE),
    }
    assert {key: found[key] for key in names} == names


@pytest.mark.parametrize(
    ("name", "part"), [("chromapal.yaml", "environment"), ("Dockerfile", "image")]
)
def test_the_conda_environment_and_the_image_are_in_step_with_the_lock(name, part):
    written = getattr(load(ROOT / "envs/pins.py"), part)()
    assert (ROOT / "envs" / name).read_text() == written
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line.strip("- \\") for line in written.splitlines() if "==" in line]
    assert len(pins) > 25 and set(pins) <= set(lock)


def test_the_lock_has_exact_pins_and_leaves_the_build_of_torch_open():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all("==" in line and "@" not in line and "://" not in line for line in pins)
    assert "torch==2.13.0" in pins
    assert not [line for line in pins if line.startswith(("nvidia", "triton"))]


PARTS = {
    name: part for schema in SCHEMAS.values() for name, part in schema.get("$defs", {}).items()
}


def nodes(schema):
    yield schema
    for part in schema.get("properties", {}).values():
        yield from nodes(part)


def test_every_object_of_the_schema_is_strict_and_every_key_described():
    for node in [node for schema in [*SCHEMAS.values(), *PARTS.values()] for node in nodes(schema)]:
        if node.get("type") == "object":
            assert "additionalProperties" in node
        for key, part in node.get("properties", {}).items():
            assert "description" in part or part["$ref"].rpartition("/")[2] in PARTS, key


def test_defaults_are_filled_in_at_every_level():
    study = {
        "study": "s",
        "source": "simulate",
        "runs": [{"colorizers": ["a"]}, {"colorizers": ["b"], "grids": [8]}],
        "laboratories": {"L": {"full_scale": 255}},
        "training": {"threads": 1},
    }
    validate(study, str(ROOT / "workflow/schemas/config.schema.json"))
    # of an object, of an entry of a list, and of one under a name of the user's own
    assert study["training"] == {
        "threads": 1, "parallel": 1, "device": "auto", "precision": "auto",
        "seed": None,
    }  # fmt: skip
    assert [run["grids"] for run in study["runs"]] == [[64], [8]]
    assert study["laboratories"]["L"] == {"full_scale": 255, "labels": "all", "worms": {}}
    assert study["dandi"]["cache"] == "data/dandi" and study["seed"] == 42


def references(schema):
    if isinstance(schema, dict):
        yield from [schema["$ref"]] if "$ref" in schema else []
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from references(part)


def test_what_a_schema_refers_to_is_a_definition():
    # of a whole file, which states its $schema, Snakemake fills in no defaults
    found = {(home, ref) for home, schema in SCHEMAS.items() for ref in references(schema)}
    assert found
    for home, ref in found:
        file, name = ref.split("#/$defs/")
        assert "$schema" not in SCHEMAS[file or home]["$defs"][name]


def test_a_part_is_defined_once_and_used():
    defined = [name for schema in SCHEMAS.values() for name in schema.get("$defs", {})]
    used = {ref.rpartition("/")[2] for schema in SCHEMAS.values() for ref in references(schema)}
    assert len(defined) == len(set(defined)) and set(defined) == used


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.name)
def test_every_study_fits_the_schema(path):
    registry = referencing.Registry().with_contents(SCHEMAS.items())
    study = yaml.safe_load(path.read_text())
    schema = SCHEMAS["images.schema.json" if "sets" in study else "config.schema.json"]
    validator = jsonschema.Draft202012Validator(schema, registry=registry)
    validator.validate(study)
    # a key inside another file is checked too
    with pytest.raises(jsonschema.ValidationError, match="misspelt"):
        validator.validate({**study, "training": {"misspelt": 1}})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "bundled"}, "'size' is a required property"),
        ({"kind": "folder", "size": 64}, "'folder' is a required property"),
        ({"kind": "cifar100", "cache": ".", "folder": "."}, "'folder' is not one of"),
        ({"kind": "neuropal", "size": 64, "simulate": {"worm": 3}}, "'worm' was unexpected"),
        ({"kind": "places"}, "'places' is not one of"),
        ({"kind": "bundled", "size": 64, "misspelt": 1}, "'misspelt' was unexpected"),
    ],
)
def test_an_image_set_has_the_keys_of_its_kind(options, message):
    registry = referencing.Registry().with_contents(SCHEMAS.items())
    schema = {"$ref": "image_set_parts.schema.json#/$defs/image_set"}
    found = jsonschema.Draft202012Validator(schema, registry=registry).iter_errors(options)
    assert any(message in error.message for error in found)


def profile(name):
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())


def test_every_rule_shares_a_job_of_the_cluster_or_asks_for_its_own():
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    groups = {}
    for block in re.split(r"^ *rule\b", text, flags=re.MULTILINE)[1:]:
        name = re.match(r" (\w+):", block) or re.search(r'name:\s+f"(.+?)"', block)
        group = re.search(r'^ +group:\s+cluster_group\("(\w+)"\)', block, re.MULTILINE)
        groups[name[1]] = group and group[1]
    slurm = profile("slurm")
    assert len(groups) > 25 and "groups" not in slurm
    alone = {name for name, group in groups.items() if group is None}
    assert alone <= set(slurm["set-resources"]) <= set(groups)
    assert set(slurm["group-components"]) <= set(groups.values())


def test_the_slurm_profile_agrees_with_the_default_one():
    default, slurm = profile("default"), profile("slurm")
    for key in default.keys() - {"resources"}:
        assert slurm[key] == default[key], key
