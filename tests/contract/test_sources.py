"""Every source of worms, whichever file it lives in, honours one contract."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from chromapal.provenance import PACKAGE, ROOT
from chromapal.worms import registry

SCHEMA = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())["properties"]
OF_STUDIES = SCHEMA["source"]["enum"]
SOURCES = [registry.source(name) for name in registry.names()]


def named(source):
    return source.name


def test_the_sources_of_studies_are_there():
    assert {"dandi", "nwb", "simulate", "tables"} <= set(OF_STUDIES) <= set(registry.names())


def test_a_suffix_belongs_to_one_source():
    counts = Counter(suffix for source in SOURCES for suffix in source.suffixes)
    assert set(counts.values()) == {1}
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in counts)


@pytest.mark.parametrize("source", SOURCES, ids=named)
class TestEverySource:
    def test_declares_itself(self, source):
        assert registry.source(source.name) is source
        assert source.words and source.words.isprintable()
        assert source.centres in ("", *registry.names())

    def test_reads_worms_for_a_study_where_the_schema_lets_it(self, source):
        reads = type(source).read is not registry.Source.read
        assert reads == (source.name in OF_STUDIES)

    def test_has_a_config_key_for_its_folder_where_it_looks_in_one(self, source):
        if source.name in OF_STUDIES and source.suffixes:
            assert SCHEMA[source.key]["type"] == "string"

    def test_worms_of_files_are_counted_and_a_stated_laboratory_is_theirs(self, source, tmp_path):
        if source.name not in OF_STUDIES or not source.suffixes or source.name == "tables":
            pytest.skip("counts otherwise; see its own tests")
        paths = [str(tmp_path / lab / f"{n}{source.suffixes[0]}") for n, lab in enumerate("ABA")]
        assert source.count({"laboratory": ""}, paths) == ({"A": 2, "B": 1}, ())
        assert source.count({"laboratory": "L"}, paths) == ({"L": 3}, ())


def test_asking_sources_loads_nothing_heavy():
    code = (
        "import sys; from chromapal.worms import registry; registry.by_suffix(); "
        "[registry.source(name).words for name in registry.names()]; "
        "found = {'numpy', 'pandas', 'h5py', 'torch', 'dandi', 'requests', 'pynwb', 'tifffile'}; "
        "sys.exit(str(found & set(sys.modules)) if found & set(sys.modules) else 0)"
    )
    environment = {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == 0


def test_an_unknown_source_lists_the_known():
    with pytest.raises(registry.InputError, match=r"'drawings'; expected one of .*dandi.*nwb"):
        registry.source("drawings")
