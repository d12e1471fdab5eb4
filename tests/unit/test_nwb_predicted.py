import errno
import os
import resource
import shutil
import warnings
from datetime import UTC, datetime

import h5py
import numpy as np
import pandas as pd
import pynwb
import pytest

from chromapal.errors import InputError, NoSpaceError
from chromapal.worms.nwb import reader, writer
from chromapal.worms.nwb.predicted import PredictedVolume, write_predicted
from chromapal.worms.nwb.predictions import COLUMNS, TEXTS
from chromapal.worms.nwb.type_map import one_type_map
from tests import nwb_files
from tests.nwb_contents import added, changed
from tests.nwb_files import SHAPE, as_matlab_writes, as_older, write_nwb

pytestmark = [
    pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning"),
    pytest.mark.filterwarnings("ignore:Ignoring .*cached namespace:UserWarning"),
]
PROVENANCE = {"study": "s", "version": "0.1.0", "code_digest": "c0de", "date": "2026-01-02"}
MODULE = "processing/NeuroPAL_predicted"
TABLE = f"{MODULE}/neurons_predicted"
IMAGE = f"{MODULE}/NeuroPALImage_predicted"
MANY_VOXELS = tuple(
    tuple((x, y, z, 0.5) for y in range(8) for z in range(7)) for x in (0, 3, 7)
)  # fmt: skip


def predictions(rows=(0, 2)):
    """Predictions of some rows: every value tells its row and column."""
    table = {"row": list(rows)}
    for number, name in enumerate(COLUMNS):
        table[name] = [
            f"N{number}R{row}" if name in TEXTS else (number + row / 8) / 64 for row in rows
        ]
    return pd.DataFrame(table)


def counts(shape=(*SHAPE, 3)):
    return np.random.default_rng(0).integers(0, 65536, shape).astype(np.uint16)


@pytest.fixture
def source(tmp_path):
    return write_nwb(tmp_path / "EY" / "w.nwb")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out" / "w.nwb"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A source and its copy with predictions and a volume."""
    folder = tmp_path_factory.mktemp("pair")
    source, out = write_nwb(folder / "EY" / "w.nwb"), folder / "w.nwb"
    write_predicted(source, predictions(), PROVENANCE, out, PredictedVolume(counts(), 4095))
    return source, out


def faults(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sorted(map(str, pynwb.validate(paths=[str(path)])[0]))


def refused(source, out, match, neurons=None, provenance=PROVENANCE, volume=None):
    """Expect one line that says so, and nothing new in the folder of the copy."""
    before = sorted(out.parent.iterdir()) if out.parent.is_dir() else []
    neurons = predictions() if neurons is None else neurons
    with pytest.raises(InputError, match=match) as caught:
        write_predicted(source, neurons, provenance, out, volume)
    assert "\n" not in str(caught.value) and "; expected " in str(caught.value)
    assert before == (sorted(out.parent.iterdir()) if out.parent.is_dir() else [])


def test_h5py_finds_the_columns_by_name(pair):
    with h5py.File(pair[1]) as file:
        table = file[TABLE]
        assert table.attrs["colnames"].tolist() == ["neuron", *COLUMNS]
        # what a person stated is no prediction
        assert [name for name in COLUMNS if not name.endswith("_predicted")] == ["stated"]
        for number, name in enumerate(COLUMNS):
            values = table[name][:]
            if name in TEXTS:
                assert values.tolist() == [f"N{number}R0".encode(), b"", f"N{number}R2".encode()]
            else:
                expected = [number / 64, np.nan, (number + 0.25) / 64]
                np.testing.assert_array_equal(values, expected)
            synthetic = "ynthetic" in table[name].attrs["description"]
            assert synthetic == (name != "stated")
        assert table["id"][:].tolist() == [0, 1, 2]
        about = dict(zip(*(file[f"{MODULE}/provenance_predicted/{name}"].asstr()[:]
                           for name in ("key", "value")), strict=True))  # fmt: skip
        assert about == {**PROVENANCE, "volume_scale": "4095"}
        assert "ynthetic" in file[MODULE].attrs["description"]


def test_pynwb_finds_the_columns_by_name(pair):
    with one_type_map(), pynwb.NWBHDF5IO(str(pair[1]), "r", load_namespaces=True) as io:
        content = io.read()
        module = content.processing["NeuroPAL_predicted"]
        table = module["neurons_predicted"]
        own = content.processing["NeuroPAL"]["NeuroPALSegmentation"]["NeuroPALNeurons"]
        assert table["red_predicted"][0] == 0.0 and table["name1_predicted"][2] == "N6R2"
        assert table["neuron"].table is own
        assert "".join(table["neuron"][2]["ID_labels"].iloc[0]) == "VB02?"
        frame = table.to_dataframe(index=True)
        assert frame["blue_sd_predicted"].tolist()[::2] == [5 / 64, 5.25 / 64]
        volume = module["NeuroPALImage_predicted"]
        assert volume.imaging_volume is content.acquisition["NeuroPALImageRaw"].imaging_volume
        assert volume.RGBW_channels[:].tolist() == [0, 1, 2, -1]
        assert "Synthetic" in volume.description and "4095" in volume.description
        np.testing.assert_array_equal(volume.data[:], counts())


def test_the_project_reads_the_copy_as_it_reads_the_source(pair, tmp_path):
    source, out = pair
    (tmp_path / "EY").mkdir()
    copy = shutil.copyfile(out, tmp_path / "EY" / "w.nwb")
    assert reader.read(copy).equals(reader.read(source))


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
            for path in pair
        )
    assert after - before == set()


VARIANTS = {
    "as WormID": ({}, ()),
    "text labels": ({"ragged": False}, ()),
    "no labels": ({"names": None}, ()),
    "volume segmentation": ({"kind": "volume"}, ()),
    "many voxels": ({"masks": MANY_VOXELS}, ()),
    "second segmentation": ({"second_segmentation": True}, ()),
    "contiguous volume": ({"chunks": None}, ()),
    "MATLAB": ({}, (as_matlab_writes,)),
    "other versions": ({}, (as_older,)),
}


@pytest.mark.parametrize(("knobs", "changes"), VARIANTS.values(), ids=VARIANTS)
def test_all_that_the_source_holds_is_in_the_copy_bit_by_bit(tmp_path, out, knobs, changes):
    source = write_nwb(tmp_path / "w.nwb", **knobs)
    for change in changes:
        change(source)
    before = source.read_bytes()
    volume = PredictedVolume(lambda block: counts()[block], 4095)
    write_predicted(source, predictions(), PROVENANCE, out, volume)
    assert source.read_bytes() == before
    assert changed(source, out) == []
    assert {name for name in added(source, out) if not name.startswith(f"/{MODULE}")} == set()
    assert faults(out) == faults(source)


def test_pynwbs_append_mode_would_change_a_file_from_matlab(tmp_path):
    # why this project adds with h5py; once this fails, pynwb's own writer will do
    source = as_matlab_writes(write_nwb(tmp_path / "w.nwb"))
    copy = shutil.copyfile(source, tmp_path / "copy.nwb")
    with one_type_map(), pynwb.NWBHDF5IO(str(copy), "r+", load_namespaces=True) as io:
        content = io.read()
        content.create_processing_module("more", "nothing")
        io.write(content, cache_spec=False)
    assert "/processing/NeuroPAL" in changed(source, copy)


def test_a_file_of_the_simulator(tmp_path, out):
    names = ["mNeptune2.5", "CyOFP1", "mTagBFP2", "TagRFP-T"]
    worm = pd.DataFrame(
        {"worm": "w", "x": [1, 2], "y": 3, "z": 4, "weight": 1.0, "ID": ["AVAL", ""]}
    )
    start = datetime(2024, 5, 6, tzinfo=UTC)
    volume = writer.Volume(nwb_files.ramp(), SHAPE, (1, 1, 1), names, range(4))
    writer.write_nwb(tmp_path / "w.nwb", worm, volume, start, "lab")
    write_predicted(tmp_path / "w.nwb", predictions([1]), PROVENANCE, out)
    assert changed(tmp_path / "w.nwb", out) == []
    with h5py.File(out) as file:
        assert file[TABLE]["name1_predicted"].asstr()[:].tolist() == ["", "N6R1"]
        assert "NeuroPALImage_predicted" not in file[MODULE]


def test_a_study_need_not_predict_all_columns(source, out):
    some = ["row", "red_predicted", "green_predicted", "blue_predicted", "name1_predicted"]
    neurons = predictions([2, 0])[some]
    neurons.loc[0, "red_predicted"] = np.nan
    neurons.loc[1, "name1_predicted"] = None
    write_predicted(source, neurons, PROVENANCE, out)
    with h5py.File(out) as file:
        assert file[TABLE].attrs["colnames"].tolist() == ["neuron", *some[1:]]
        np.testing.assert_array_equal(file[TABLE]["red_predicted"][:], [0, np.nan, np.nan])
        assert file[TABLE]["name1_predicted"].asstr()[:].tolist() == ["", "", "N6R2"]


def test_strange_names_stay_text(source, out):
    strange = ["<b>'\"&; ../../x\\", "神経 {0} %s"]
    neurons = predictions().assign(name1_predicted=strange)
    write_predicted(source, neurons, {**PROVENANCE, "study": strange[0]}, out)
    with h5py.File(out) as file:
        assert file[TABLE]["name1_predicted"].asstr()[:].tolist() == [strange[0], "", strange[1]]
        assert file[f"{MODULE}/provenance_predicted/value"].asstr()[0] == strange[0]


def test_equal_arguments_give_equal_bytes(pair, tmp_path):
    source, out = pair
    volume = PredictedVolume(lambda block: counts()[block], 4095)
    write_predicted(source, predictions(), PROVENANCE, tmp_path / "again.nwb", volume)
    assert (tmp_path / "again.nwb").read_bytes() == out.read_bytes()


def test_a_volume_is_asked_for_block_by_block(tmp_path, out):
    shape = (150, 20, 70)
    source = write_nwb(tmp_path / "w.nwb", data=np.zeros((*shape, 4), np.uint16))
    whole, sizes = counts((*shape, 3)), []

    def block(part):
        sizes.append(whole[part].size)
        return whole[part]

    write_predicted(source, predictions(), PROVENANCE, out, PredictedVolume(block, 1.0))
    assert len(sizes) > 1 and sum(sizes) == whole.size
    with h5py.File(out) as file:
        np.testing.assert_array_equal(file[f"{IMAGE}/data"][:], whole)


def test_predictions_are_not_added_twice(pair, out):
    refused(pair[1], out, "found existing predictions .*use the original file")


def test_an_older_copy_is_replaced_whole(source, out):
    out.parent.mkdir()
    out.write_text("old")
    write_predicted(source, predictions(), PROVENANCE, out)
    assert changed(source, out) == [] and [path.name for path in out.parent.iterdir()] == ["w.nwb"]


def test_the_source_is_never_the_copy(source, tmp_path):
    before = source.read_bytes()
    os.link(source, tmp_path / "hard.nwb")
    (tmp_path / "soft.nwb").symlink_to(source)
    for path in (source, tmp_path / "EY" / ".." / "EY" / "w.nwb", tmp_path / "hard.nwb",
                 tmp_path / "soft.nwb"):  # fmt: skip
        refused(source, path, "found the source itself")
    refused(source, source.parent, "found a folder")
    assert source.read_bytes() == before


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize(
    "link",
    [
        "processing",
        "processing/NeuroPAL",
        "acquisition/NeuroPALImageRaw",
        "general/optophysiology",
    ],
)
def test_what_lies_behind_a_link_is_never_written_to(source, out, link, absolute):
    linking = shutil.copy(source, source.parent / "linking.nwb")
    with h5py.File(linking, "r+") as file:
        del file[link]
        file[link] = h5py.ExternalLink(str(source) if absolute else source.name, link)
    before = source.read_bytes(), linking.read_bytes()
    out.parent.mkdir()
    told = rf"{linking}: found a link to another file \(/{link}\)"
    refused(linking, out, told, volume=PredictedVolume(counts(), 1.0))
    assert (source.read_bytes(), linking.read_bytes()) == before


def test_a_file_that_links_to_itself_is_never_written_to(source, out):
    with h5py.File(source, "r+") as file:
        file.move("processing/NeuroPAL", "general/neurons")
        file["processing/NeuroPAL"] = h5py.ExternalLink(str(source), "general/neurons")
    before = source.read_bytes()
    refused(source, out, r"a link to another file \(/processing/NeuroPAL\)")
    assert source.read_bytes() == before


def test_a_read_only_source_gives_a_writable_copy(source, out):
    source.chmod(0o444)
    write_predicted(source, predictions(), PROVENANCE, out)
    assert out.stat().st_mode & 0o200 and not source.stat().st_mode & 0o222


def test_damaged_sources_are_refused(source, tmp_path, out):
    cut = tmp_path / "cut.nwb"
    cut.write_bytes(source.read_bytes()[:-1000])
    refused(cut, out, "found a truncated HDF5 file")
    refused(tmp_path / "none.nwb", out, "found no such file")
    refused(write_nwb(tmp_path / "no.nwb", segmentation=False), out, "found no segmentation")


def test_a_folder_that_cannot_be_written_is_named(source, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    refused(source, tmp_path / "file" / "w.nwb", "no way to write it .* writable folder")

    def denied(**_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("chromapal.files.tempfile.mkdtemp", denied)
    refused(source, tmp_path / "w.nwb", r"no way to write it \(Permission denied\)")


def test_a_full_disk_is_met_before_hdf5_meets_it(source, out):
    out.parent.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (source.stat().st_size + 10_000, hard))
    try:
        refused(source, out, r"no way to write it \(File too large\).* \d+ MB free")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_called_that(source, out, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(NoSpaceError, match="no space left on its disk") as caught:
        write_predicted(source, predictions(), PROVENANCE, out)
    assert caught.value.where == str(out) and list(out.parent.iterdir()) == []


def test_nothing_is_left_when_a_volume_fails(source, out):
    def broken(_):
        raise RuntimeError("no such block")

    with pytest.raises(RuntimeError, match="no such block"):
        write_predicted(source, predictions(), PROVENANCE, out, PredictedVolume(broken, 1.0))
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("volume", "match"),
    [
        (PredictedVolume(counts((9, 8, 6, 3)), 1.0), r"shape \(9, 8, 6, 3\).*\(9, 8, 7, 3\)"),
        (PredictedVolume(counts((9, 8, 7, 4)), 1.0), r"shape \(9, 8, 7, 4\)"),
        (PredictedVolume(counts().astype(float), 1.0), "of float64"),
        (PredictedVolume(lambda _: counts((1, 1, 1, 1)), 1.0), r"shape \(1, 1, 1, 1\)"),
        (PredictedVolume(lambda _: None, 1.0), "of NoneType"),
        (PredictedVolume(counts(), 0.0), "scale 0.0"),
        (PredictedVolume(counts(), np.nan), "scale nan"),
    ],
)
def test_volumes_that_do_not_fit_are_refused(source, out, volume, match):
    out.parent.mkdir()
    refused(source, out, match, volume=volume)


def test_a_volume_needs_one_that_was_read(tmp_path, out):
    source = write_nwb(tmp_path / "w.nwb", volume=False)
    refused(source, out, "no volume", volume=PredictedVolume(counts(), 1.0))
    write_predicted(source, predictions(), PROVENANCE, out)
    assert changed(source, out) == []


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda table: table.iloc[:0], "no rows"),
        (lambda table: table.assign(row=[0, 3]), "row 3 .*rows 0 to 2.*this same file"),
        (lambda table: table.assign(row=[-1, 0]), "row -1"),
        (lambda table: table.assign(row=[1, 1]), "row 1 twice"),
        (lambda table: table.assign(row=[0.0, 1.0]), "rows of type float64"),
        (lambda table: table.drop(columns="row"), "no column row"),
        (lambda table: table.drop(columns="blue_predicted"), "no column blue_predicted"),
        (lambda table: table.assign(**{"a\nb": 1}), r"a column 'a\\nb'"),
        (lambda table: pd.concat([table, table["red_predicted"]], axis=1), "two columns red"),
        (lambda table: table.assign(red_predicted=[1, np.inf]), "red_predicted inf"),
        (lambda table: table.assign(red_predicted=["1", "red"]), "red_predicted red"),
        (lambda table: table.assign(red_sd_predicted=[1, -1]), "red_sd_predicted -1"),
        (lambda table: table.assign(probability2_predicted=[1, 1.1]), "1.1 .*0 to 1"),
        (lambda table: table.assign(name1_predicted=["A", "B\0"]), r"character in 'B\\x00'"),
        (
            lambda table: table.assign(name5_predicted=pd.Series(["A", "\ud800"], dtype=object)),
            r"in '\\ud800' as name5",
        ),
        (lambda table: table.assign(name2_predicted=["A", " "]), "an empty name as name2"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(source, out, change, match):
    refused(source, out, match, neurons=change(predictions()))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda told: {key: told[key] for key in told if key != "date"}, "no date"),
        (lambda told: {**told, "study": "a\nb"}, r"character in 'a\\nb' in its provenance"),
        (lambda told: {**told, "version": ""}, "an empty name in its provenance"),
    ],
)
def test_provenance_that_tells_too_little_is_refused(source, out, change, match):
    refused(source, out, match, provenance=change(PROVENANCE))
