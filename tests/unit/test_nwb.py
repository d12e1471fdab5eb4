import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

import chromapal
from chromapal.errors import InputError
from chromapal.worms import skipped, table
from chromapal.worms.load import load
from chromapal.worms.nwb import channels, reader
from chromapal.worms.nwb.projections import max_projections
from chromapal.worms.nwb.voxels import read_voxels, weighted_means
from tests.nwb_files import DYES, NEURONS, ramp, replace, write_nwb

pytestmark = pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")
VOLUME = "acquisition/NeuroPALImageRaw"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "EY" / "w.nwb"


def red(neurons) -> list[float]:
    return neurons["R"].tolist()


def test_a_healthy_file_becomes_a_neuron_table(path):
    neurons = reader.read(write_nwb(path, identifier="2022-02-11-w03-NP1"))
    assert neurons.iloc[1].to_dict() == {
        "worm": "2022-02-11-w03-NP1", "lab": "EY", "x": 8, "y": 7, "z": 6, "xr": 4.0, "yr": 1.75,
        "zr": 12.0, "weight": 1.0, "R": 1876.0, "G": 2876.0, "B": 3876.0, "W": 4876.0,
        "full_scale": 65535.0, "ID": "", "fold": "", "session": "2024-01-01",
        "strain": "", "sex": "O", "stage": "YA", "part": "head",
    }  # fmt: skip
    assert neurons["ID"].tolist() == ["AVAL", "", "VB02?"]
    assert red(neurons) == [1123.0, 1876.0, 1405.0]


def test_a_healthy_file_is_read_without_a_word(path):
    write_nwb(path)
    code = f"from chromapal.worms.nwb import reader; reader.read({str(path)!r})"
    source = Path(chromapal.__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-W", "always::UserWarning", "-c", code],
        env={"PYTHONPATH": str(source)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = [line for line in run.stderr.splitlines() if "namespace" in line or "hdmf" in line]
    assert run.stdout == "" and told == []


def test_a_namespace_of_another_version_is_no_reason_for_a_warning(path, recwarn, caplog):
    write_nwb(path)
    recwarn.clear()
    with h5py.File(path, "r+") as file:
        (stored,) = file["specifications/ndx-multichannel-volume"].values()
        text = stored["namespace"][()].decode()
        assert "0.1.12" in text
        del stored["namespace"]
        stored["namespace"] = text.replace("0.1.12", "0.0.1")
    with caplog.at_level("INFO"):
        assert len(reader.read(path)) == 3
    assert len(recwarn) == 0 and "Ignoring" not in caplog.text


@pytest.mark.parametrize(
    "keys",
    [
        {"ragged": False},
        {"kind": "volume"},
        {"ragged": False, "name_column": "labels"},
        {"chunks": None},
        {"chunks": (9, 8, 7, 4)},
        {"chunks": (5, 3, 2, 3)},
        {"volume_name": "AnotherName"},
        {"second_segmentation": True},
    ],
    ids=str,
)
def test_variants_of_the_layout_give_the_same_table(path, tmp_path, keys):
    plain = reader.read(write_nwb(path))
    other = reader.read(write_nwb(tmp_path / "other" / "EY" / "w.nwb", **keys))
    assert other.equals(plain)


def test_labels_of_the_text_nan_and_none_at_all_are_unlabelled(path, tmp_path):
    assert reader.read(write_nwb(path, names=("nan", " AVAR ", "NaN")))["ID"].tolist() == [
        "", "AVAR", "",
    ]  # fmt: skip
    bare = write_nwb(tmp_path / "bare.nwb", names=None)
    assert reader.read(bare)["ID"].tolist() == ["", "", ""]


def test_the_laboratory_and_its_full_scale_can_be_stated(path, caplog):
    write_nwb(path)
    with caplog.at_level("INFO"):
        assert reader.read(path, "KK", {"KK": 5000})["full_scale"].tolist() == [5000.0] * 3
        assert "inferred" not in caplog.text
        reader.read(path, None, {"KK": 5000})
    assert "laboratory EY inferred as 65535" in caplog.text


def test_the_subject_names_the_worm_where_the_identifier_is_empty(path):
    assert set(reader.read(write_nwb(path, identifier="", subject="s9"))["worm"]) == {"s9"}


@pytest.mark.parametrize(
    ("start", "session"),
    [
        (datetime(2022, 6, 14, 23, 30, tzinfo=UTC), "2022-06-14"),
        # the day is that of the place of recording: in Greenwich it is the 15th already
        (datetime(2022, 6, 14, 22, 0, tzinfo=timezone(-timedelta(hours=5))), "2022-06-14"),
        (datetime(1970, 1, 1, tzinfo=UTC), ""),
    ],
)
def test_the_session_is_the_day_the_recording_started(path, start, session):
    assert set(reader.read(write_nwb(path, start=start))["session"]) == {session}


def test_a_hostile_identifier_stays_text(path):
    name = "../a b/\"<script>'"
    assert set(reader.read(write_nwb(path, identifier=name))["worm"]) == {name}


def test_several_voxels_are_averaged_by_weight(path):
    masks = (
        ((1, 1, 1, 1.0), (2, 1, 1, 3.0)),  # two voxels, one weighs three times as much
        ((1, 1, 1, 0.0), (4, 1, 1, 0.0)),  # no weight at all: the plain mean
        ((5, 5, 5, 0.5),),
    )
    neurons = reader.read(write_nwb(path, masks=masks))
    assert red(neurons) == [1186.0, 1261.0, 1555.0]
    assert neurons["x"].tolist() == [2, 2, 5]
    assert neurons["xr"].tolist() == [0.875, 1.25, 2.5]
    assert neurons["weight"].tolist() == [4.0, 0.0, 0.5]


def test_weighted_means_by_hand():
    values = np.array([[1.0, 10.0], [3.0, 20.0], [5.0, 30.0]])
    means = weighted_means(values, np.array([1.0, 3.0, 7.0]), np.array([2, 1]))
    assert means.tolist() == [[2.5, 17.5], [5.0, 30.0]]


class Recorder:
    """A volume that remembers which chunks were read of it."""

    def __init__(self, dataset):
        self.dataset, self.reads = dataset, []
        self.shape, self.dtype, self.chunks = dataset.shape, dataset.dtype, dataset.chunks
        self.fillvalue, self.id = dataset.fillvalue, self
        self.size = np.array(dataset.chunks or (8, 8, 8, 4))

    def __getitem__(self, where):
        ends = np.array([(part.start, part.stop - 1) for part in where]) // self.size[:, None]
        assert np.array_equal(ends[:, 0], ends[:, 1]), "a read crosses chunks"
        self.reads.append(tuple(ends[:, 0]))
        return self.dataset[where]

    def read_direct_chunk(self, offset):
        self.reads.append(tuple(np.array(offset) // self.size))
        return self.dataset.id.read_direct_chunk(offset)

    def __getattr__(self, name):
        return getattr(self.dataset.id, name)


@pytest.mark.parametrize(
    "layout",
    [
        {"chunks": (4, 4, 4, 1), "compression": "gzip"},
        {"chunks": (7, 8, 6, 4), "compression": "gzip"},
        {"chunks": (3, 8, 2, 2), "compression": "gzip", "shuffle": True},
        {"chunks": (4, 4, 4, 1), "compression": "lzf"},
        {"chunks": (4, 4, 4, 1)},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["<u2", ">u2", "<f4"])
def test_each_needed_chunk_is_read_once_and_no_other(tmp_path, layout, kind):
    data = ramp((40, 30, 20), 4).astype(kind)
    voxels = np.random.default_rng(1).integers(0, (40, 30, 20), size=(60, 3))
    voxels[-1] = (39, 29, 19)
    with h5py.File(tmp_path / "v.h5", "w") as file:
        volume = Recorder(file.create_dataset("data", data=data, **layout))
        counts = read_voxels(volume, voxels, [3, 0, 1])
    assert np.array_equal(counts, data[tuple(voxels.T)][:, [3, 0, 1]])
    places = np.repeat(voxels, 3, axis=0)
    wanted = np.column_stack([places, np.tile([3, 0, 1], len(voxels))]) // volume.size
    assert sorted(volume.reads) == sorted(set(map(tuple, wanted)))


def test_chunks_never_written_hold_the_fill_value(tmp_path):
    with h5py.File(tmp_path / "v.h5", "w") as file:
        volume = file.create_dataset(
            "data", (8, 8, 8, 1), "u2", chunks=(4, 4, 4, 1), compression="gzip", fillvalue=7
        )
        volume[0, 0, 0, 0] = 5
        voxels = np.array([[0, 0, 0], [1, 0, 0], [6, 6, 6]])
        assert read_voxels(volume, voxels, [0]).tolist() == [[5], [7], [7]]
        assert read_voxels(volume, voxels[:0], [0]).shape == (0, 1)
        assert read_voxels(volume, voxels, []).shape == (3, 0)


def spoil(path, wanted):
    """Overwrite the stored chunks whose offset `wanted` accepts; say how many."""
    with h5py.File(path, "r") as file:
        stored = file[VOLUME]["data"].id
        chunks = [stored.get_chunk_info(k) for k in range(stored.get_num_chunks())]
    spoilt = [chunk for chunk in chunks if wanted(chunk.chunk_offset)]
    with open(path, "r+b") as raw:
        for chunk in spoilt:
            raw.seek(chunk.byte_offset)
            raw.write(b"\xff" * chunk.size)
    return len(spoilt)


def test_the_rest_of_the_volume_is_not_touched(path):
    write_nwb(path, masks=(((1, 2, 3, 1.0),), ((3, 3, 3, 1.0),)), names=("A", "B"))
    assert spoil(path, lambda offset: offset[:3] != (0, 0, 0)) > 20
    assert red(reader.read(path)) == [1123.0, 1333.0]


def test_a_channel_that_is_no_colour_is_not_touched(path):
    write_nwb(path, dyes=(*DYES, "GCaMP"))
    assert spoil(path, lambda offset: offset[3] == 4) == 12
    assert red(reader.read(path)) == [1123.0, 1876.0, 1405.0]


def stated(rgbw, dyes):
    """Stand in for a volume, as far as its channels go."""
    order = SimpleNamespace(channels=np.array(dyes, dtype=object))
    return SimpleNamespace(
        data=SimpleNamespace(shape=(9, 8, 7, len(dyes))),
        RGBW_channels=np.array(rgbw, dtype="i1"),
        imaging_volume=SimpleNamespace(order_optical_channels=order),
    )


def test_channels_of_a_file_are_taken_by_index(path, caplog):
    dyes = ("mTagBFP2", "CyOFP1", "GCaMP", "mNeptune2.5", "TagRFP-T")
    row = reader.read(write_nwb(path, rgbw=(3, 1, 0, 4), dyes=dyes)).iloc[0]
    assert row[list("RGBW")].tolist() == [4123.0, 2123.0, 1123.0, 5123.0]
    row = reader.read(write_nwb(path, rgbw=(2, 1, 0, 3))).iloc[0]
    assert row[list("RGBW")].tolist() == [3123.0, 2123.0, 1123.0, 4123.0]
    assert "R = channel 2, B = channel 0" in caplog.text


@pytest.mark.parametrize(
    ("rgbw", "dyes", "first_row"),
    [
        ((0, 1, 2, 3), DYES, (1123, 2123, 3123, 4123)),
        ((3, 1, 0, 4), ("mTagBFP2", "CyOFP1", "GCaMP", "mNeptune2.5", "TagRFP-T"),
         (4123, 2123, 1123, 5123)),
        ((0, 2, 4, 1), ("mNeptune2.5", "TagRFP-T", "CyOFP1", "GFP", "mTagBFP2", "mNeptune-far"),
         (1123, 3123, 5123, 2123)),
        # from 1: an index equals the number of channels
        ((1, 2, 3, 4), DYES, (1123, 2123, 3123, 4123)),
        # from 1, none reaches the number of channels: the names tell
        ((1, 2, 3, 4), (*DYES, "GCaMP"), (1123, 2123, 3123, 4123)),
        # from 0 with channel 0 unused: the names tell
        ((1, 2, 3, 4), ("GCaMP", *DYES), (2123, 3123, 4123, 5123)),
        # neither is told by names: taken to count from 1
        ((1, 2, 3, 4), ("a", "b", "c", "d", "e"), (1123, 2123, 3123, 4123)),
        ((-1, -1, -1, 0), ("gray",), (None, None, None, 1123)),
    ],
)  # fmt: skip
def test_channels_are_found(path, rgbw, dyes, first_row):
    found = channels.rgbw(stated(rgbw, dyes), path)
    expected = zip("RGBW", first_row, strict=True)
    assert found == {letter: count // 1000 - 1 for letter, count in expected if count}


@pytest.mark.parametrize(
    ("rgbw", "dyes", "told"),
    [
        ((0, 1, 2, 3), DYES, None),
        ((1, 2, 3, 4), DYES, None),
        ((1, 2, 3, 4), ("GCaMP", *DYES), None),
        ((2, 1, 0, 3), ("GCaMP", "OFP", "TagRFP", "mNeptune"), "R = channel 2, W = channel 3"),
        ((1, 0, 2, 3), DYES, "R = channel 1, G = channel 0"),
        ((0, 1, 2, 3), ("mNeptune2.5", "CyOFP1", "GCaMP", "mTagBFP2"), "B = channel 2"),
        ((1, 2, 3, 4), ("a", "b", "c", "d", "e"), "no channel name decides"),
    ],
)
def test_names_that_disagree_with_the_indices_are_told(path, caplog, rgbw, dyes, told):
    with caplog.at_level("WARNING"):
        channels.rgbw(stated(rgbw, dyes), path)
    if told is None:
        assert caplog.text == ""
    else:
        assert told in caplog.text and str(path) in caplog.text


def test_a_shorter_list_of_channels_leaves_the_others_empty(path):
    write_nwb(path)
    replace(path, f"{VOLUME}/RGBW_channels", np.array([0, 1], dtype="i1"))
    assert reader.read(path)[list("RGBW")].isna().all().tolist() == [False, False, True, True]


def truncated(path, share):
    whole = write_nwb(path).read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])


def other_hdf5(path):
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        file["a"] = 1


def text_file(path, text):
    path.parent.mkdir(parents=True)
    path.write_text(text)


def with_labels(path, values, index=None):
    write_nwb(path, ragged=index is not None)
    if index is None:
        replace(path, f"{NEURONS}/ID_labels", np.array(values, dtype="S"))
    else:
        replace(path, f"{NEURONS}/ID_labels_index", np.array(index, dtype="u1"))


def damaged(path):
    write_nwb(path)
    assert spoil(path, lambda offset: offset == (0, 0, 0, 0)) == 1


BAD = {
    "no file": (lambda path: None, "no such file"),
    "text": (lambda path: text_file(path, "hello"), "no HDF5 file"),
    "empty file": (lambda path: text_file(path, ""), "an empty file"),
    "truncated a little": (lambda path: truncated(path, 0.99), "a truncated HDF5 file"),
    "truncated in half": (lambda path: truncated(path, 0.5), "a truncated HDF5 file"),
    "other HDF5": (other_hdf5, "an HDF5 file that is not an NWB file"),
    "damaged chunk": (damaged, "damaged data"),
    "no volume": (lambda path: write_nwb(path, volume=False), "no volume"),
    "no segmentation": (lambda path: write_nwb(path, segmentation=False), "no segmentation"),
    "channel above": (
        lambda path: write_nwb(path, rgbw=(0, 1, 2, 9)),
        "RGBW_channels [0, 1, 2, 9] in a volume of 4 channels",
    ),
    "channel at the end": (
        lambda path: write_nwb(path, rgbw=(0, 1, 2, 4)),
        "RGBW_channels [0, 1, 2, 4] in a volume of 4 channels",
    ),
    "no channel": (lambda path: write_nwb(path, rgbw=(-1, -1, -1, -1)), "RGBW_channels [-1"),
    "no RGBW_channels": (
        lambda path: replace(write_nwb(path), f"{VOLUME}/RGBW_channels", None),
        "a volume without RGBW_channels",
    ),
    "voxel outside": (
        lambda path: write_nwb(
            path, masks=(((0, 0, 0, 1.0),), ((0, 0, 7, 1.0), (0, 8, 0, 1.0))), names=("A", "B")
        ),
        "voxel (0, 0, 7) of neuron 1 (B) outside the volume (2 such voxels); "
        "expected voxels below (9, 8, 7)",
    ),
    "fewer labels": (lambda path: with_labels(path, ["A", "B"]), "3 voxel_mask but 2 ID_labels"),
    "more labels": (lambda path: with_labels(path, list("ABCD")), "3 voxel_mask but 4 ID_labels"),
    "fewer ragged labels": (
        lambda path: with_labels(path, [], [4, 9]), "3 voxel_mask but 2 ID_labels",
    ),
    "more ragged labels": (
        lambda path: with_labels(path, [], [4, 4, 8, 9]), "3 voxel_mask but 4 ID_labels",
    ),
    "labels that do not fill": (
        lambda path: with_labels(path, [], [4, 4, 8]), "an index of ID_labels",
    ),
    "fewer volume labels": (
        lambda path: write_nwb(path, kind="volume", names=("A", "B")), "2 labels",
    ),
    "empty worm": (lambda path: write_nwb(path, masks=(), names=None), "an empty worm"),
    "neuron without voxel": (
        lambda path: replace(
            write_nwb(path), f"{NEURONS}/voxel_mask_index", np.array([1, 1, 3], dtype="u1")
        ),
        "neuron 1 of NeuroPAL/NeuroPALSegmentation/NeuroPALNeurons without a voxel",
    ),
    "wrapped index": (
        lambda path: replace(
            write_nwb(path), f"{NEURONS}/voxel_mask_index", np.array([2, 1, 3], dtype="u1")
        ),
        "an index of voxel_mask",
    ),
    "negative weight": (
        lambda path: write_nwb(path, masks=(((0, 0, 0, -1.0),),), names=("A",)),
        "a negative or missing weight",
    ),
    "no spacing": (lambda path: write_nwb(path, spacing=(0.0, 1.0, 1.0)), "grid_spacing [0.0"),
    "control character": (lambda path: write_nwb(path, identifier="a\x07b"), "control character"),
    "no name": (lambda path: write_nwb(path, identifier=" ", subject=" "), "an empty name"),
    "control character in a label": (
        lambda path: write_nwb(path, names=("A\x07", "B", "C")), r"ID = 'A\x07' at neuron 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_naming_file_and_cause(path, case):
    make, cause = BAD[case]
    make(path)
    with pytest.raises(InputError) as caught:
        reader.read(path)
    line = str(caught.value)
    assert line.startswith(str(path)) and cause in line and "\n" not in line


@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_negative_and_missing_counts_are_refused(path, value):
    write_nwb(path)
    data = ramp().astype(np.float32)
    data[8, 7, 6, 1] = value
    replace(path, f"{VOLUME}/data", data)
    with pytest.raises(InputError, match=r"G = (-1.0|nan) at neuron 1 "):
        reader.read(path)


def test_of_several_volumes_and_segmentations_none_is_guessed(path, tmp_path):
    write_nwb(path, second_segmentation=True)
    with h5py.File(path, "r+") as file:
        file.move(NEURONS, NEURONS.replace("NeuroPALNeurons", "Unnamed"))
    with pytest.raises(InputError, match=r"several segmentations .*Other, .*Unnamed"):
        reader.read(path)
    two = write_nwb(tmp_path / "two.nwb", volume_name="One")
    with h5py.File(two, "r+") as file:
        file.copy("acquisition/One", "acquisition/Two")
        file["acquisition/Two"].attrs["object_id"] = "another"
    with pytest.raises(InputError, match="only One, Two"):
        reader.read(two)


def test_load_writes_a_worm_or_the_reason(path, tmp_path):
    out = tmp_path / "t.parquet", tmp_path / "s.csv"
    load([(str(write_nwb(path)), "")], "nwb", {"EY": 5000}, *out)
    assert table.read(out[0])["full_scale"].tolist() == [5000.0] * 3
    assert skipped.read(out[1]).empty
    path.write_bytes(path.read_bytes()[:-100])
    load([(str(path), "")], "nwb", {}, *out)
    assert table.read(out[0]).empty
    (entry,) = skipped.read(out[1]).to_dict("records")
    assert (entry["file"], entry["lab"], entry["worm"]) == (str(path), "EY", "")
    assert "truncated" in entry["reason"]


@pytest.mark.parametrize("chunks", [(4, 4, 4, 1), None])
def test_projections_show_the_brightest_voxel_of_each_line(path, chunks):
    data = np.zeros((9, 8, 7, 4), dtype=np.uint16)
    data[2, 5, 3, 0] = 100
    data[8, 0, 6, 2] = 50
    shown = max_projections(write_nwb(path, data=data, chunks=chunks))
    assert shown.spacing.tolist() == [0.5, 0.25, 2.0]
    lit = {name: np.argwhere(image > 0.5).tolist() for name, image in shown.images.items()}
    assert lit["xy"] == [[0, 8, 2], [5, 2, 0]]
    assert lit["xz"] == [[3, 2, 0], [6, 8, 2]]
    assert lit["yz"] == [[3, 5, 0], [6, 0, 2]]
    assert all(image.max() <= 1 and image.min() == 0 for image in shown.images.values())


def test_projections_of_a_gray_volume_are_black(path):
    gray = write_nwb(path, rgbw=(-1, -1, -1, 0), dyes=("gray",))
    assert not any(image.any() for image in max_projections(gray).images.values())
