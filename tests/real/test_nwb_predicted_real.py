"""The five files of real geometry, copied with predictions of made-up names and colours."""

import os
import shutil
import warnings
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pynwb
import pytest

from chromapal.worms.discover import discover
from chromapal.worms.nwb import reader
from chromapal.worms.nwb.predicted import PredictedVolume, write_predicted
from chromapal.worms.nwb.predictions import COLUMNS, TEXTS
from chromapal.worms.nwb.type_map import one_type_map
from tests.nwb_contents import added, changed

DATA = Path(
    os.environ.get("CHROMAPAL_DATA", Path(__file__).resolve().parents[2] / "../shared/data")
)
pytestmark = pytest.mark.skipif(
    not (DATA / "nwb").is_dir(), reason=f"no real data in {DATA} (set CHROMAPAL_DATA)"
)
LABS = ("EY", "HL", "NP", "SF", "SK2")
PROVENANCE = {"study": "made-up", "version": "0", "code_digest": "none", "date": "2026-01-02"}
MODULE = "NeuroPAL_predicted"


def gray_ramp(block):
    """Return a volume whose red, green and blue rise along x."""
    x = np.arange(block[0].start, block[0].stop, dtype=np.uint16)
    return np.broadcast_to(x[:, None, None, None], [part.stop - part.start for part in block])


def made_up(count):
    """Predictions of all neurons but the last."""
    rows = np.arange(count - 1)
    chances = np.linspace(0, 1, count - 1)
    columns = dict.fromkeys(COLUMNS, chances)
    columns |= {name: [f"N{row}" for row in rows] for name in TEXTS}
    return pd.DataFrame({"row": rows, **columns})


@pytest.fixture(scope="module", params=LABS)
def pair(request, tmp_path_factory):
    """A laboratory's file, the predictions, and the copy that holds them."""
    (source,) = discover(DATA / "nwb" / request.param, (".nwb",), "nwb")
    out = tmp_path_factory.mktemp("copies") / request.param / "w.nwb"
    predictions = made_up(len(reader.read(source)))
    write_predicted(source, predictions, PROVENANCE, out, PredictedVolume(gray_ramp, 4095))
    yield Path(source), predictions, out
    shutil.rmtree(out.parent)


def test_all_that_the_source_holds_is_in_the_copy_bit_by_bit(pair):
    source, _, out = pair
    assert changed(source, out) == []
    assert {place for place in added(source, out) if f"/{MODULE}" not in place} == set()
    assert reader.read(out).equals(reader.read(source))


def test_readers_find_the_columns_by_name(pair):
    _, predictions, out = pair
    with h5py.File(out) as file:
        table = file[f"processing/{MODULE}/neurons_predicted"]
        plain = {name: table[name][:-1] for name in COLUMNS}
        assert table["name1_predicted"][-1] == b"" and np.isnan(table["red_predicted"][-1])
    with one_type_map(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pynwb.NWBHDF5IO(str(out), "r", load_namespaces=True) as io:
            module = io.read().processing[MODULE]
            frame = module["neurons_predicted"].to_dataframe(index=True).iloc[:-1]
            volume = module["NeuroPALImage_predicted"]
            assert volume.data[-1, -1, -1].tolist() == [volume.data.shape[0] - 1] * 3
    for name in COLUMNS:
        assert frame[name].tolist() == predictions[name].tolist()
        found = [part.decode() if isinstance(part, bytes) else part for part in plain[name]]
        assert found == predictions[name].tolist()


def test_the_copy_has_no_fault_that_the_source_has_not(pair):
    source, _, out = pair
    with one_type_map(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, after = (
            sorted(map(str, pynwb.validate(paths=[str(path)])[0])) for path in (source, out)
        )
    assert after == before


def test_nwbinspector_finds_nothing_critical_in_what_is_added(pair):
    inspector = pytest.importorskip("nwbinspector", reason="nwbinspector is not installed")
    with one_type_map(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, after = (
            {
                (told.check_function_name, told.object_type, told.object_name, told.message)
                for told in inspector.inspect_nwbfile(
                    nwbfile_path=str(path), importance_threshold=inspector.Importance.CRITICAL
                )
            }
            for path in (pair[0], pair[2])
        )
    assert after - before == set()
