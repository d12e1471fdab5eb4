"""One type map for all objects, with the versions that this is known to work with, and no other."""

import importlib.metadata
import logging

import pandas as pd
import pynwb
import pytest
from pynwb.core import NWBMixin

from chromapal.worms.nwb import reader, type_map
from chromapal.worms.nwb.type_map import one_type_map
from tests.nwb_files import write_nwb

pytestmark = pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")
OWN = NWBMixin._get_type_map


@pytest.fixture
def another(monkeypatch):
    """Pretend that another version of a package is installed."""
    installed = importlib.metadata.version

    def pretend(package, version):
        monkeypatch.setattr(
            importlib.metadata,
            "version",
            lambda name: {package: version}.get(name, installed(name)),
        )
        type_map._is_known.cache_clear()

    yield pretend
    monkeypatch.undo()
    type_map._is_known.cache_clear()


def test_objects_of_a_block_share_one_map():
    with one_type_map():
        maps = {id(NWBMixin._get_type_map(None)) for _ in range(3)}
        assert NWBMixin._get_type_map is not OWN
    assert len(maps) == 1
    assert NWBMixin._get_type_map is OWN


def test_pynwb_is_as_it_was_after_an_error():
    with pytest.raises(ZeroDivisionError), one_type_map():
        raise ZeroDivisionError
    assert NWBMixin._get_type_map is OWN


def test_what_is_locked_is_what_this_was_written_for():
    for package, version in type_map.WRITTEN_FOR.items():
        assert importlib.metadata.version(package).startswith(f"{version}."), package


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    ("package", "version"), [("pynwb", "2.9.0"), ("pynwb", "2.80.0"), ("hdmf", "4.0.0")]
)
def test_another_version_is_left_alone_and_read_as_well(
    package, version, another, monkeypatch, tmp_path, caplog
):
    path = write_nwb(tmp_path / "L" / "w.nwb")
    expected = reader.read(path)
    another(package, version)
    # as if that version had no such function: nothing may touch it
    monkeypatch.setattr(type_map, "get_type_map", None)
    with caplog.at_level(logging.INFO):
        found = reader.read(path)
        with one_type_map():
            assert NWBMixin._get_type_map is OWN
    pd.testing.assert_frame_equal(found, expected)
    lines = [record.getMessage() for record in caplog.records if "take longer" in record.message]
    assert len(lines) == 1 and f"{package} {version}" in lines[0]
    with pynwb.NWBHDF5IO(str(path), "r", load_namespaces=True) as io:
        assert io.read().identifier == "w1"
