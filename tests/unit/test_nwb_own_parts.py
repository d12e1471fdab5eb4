"""A file with parts in other files is refused before anything of those is read."""

import os

import h5py
import numpy as np
import pytest

from chromapal.errors import InputError
from chromapal.worms.nwb import own_parts, reader
from tests.nwb_files import NEURONS, SHAPE, ramp, write_nwb

pytestmark = pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")
DATA = "acquisition/NeuroPALImageRaw/data"


@pytest.fixture
def path(tmp_path):
    return write_nwb(tmp_path / "EY" / "w.nwb")


def external(file, secret):
    """Let the volume's counts be the bytes of another file."""
    attributes = dict(file[DATA].attrs)
    del file[DATA]
    file.create_dataset(DATA, (*SHAPE, 4), "u2", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])
    file[DATA].attrs.update(attributes)


def linked(file, secret):
    with h5py.File(secret.with_suffix(".h5"), "w") as other:
        other["data"] = ramp()
    del file[DATA]
    file[DATA] = h5py.ExternalLink(f"{secret.stem}.h5", "data")


def soft_over_external(file, secret):
    linked(file, secret)
    file.move(DATA, "general/far")
    file[DATA] = h5py.SoftLink("/general/far")


def virtual(file, secret, name=None):
    with h5py.File(secret.with_suffix(".h5"), "w") as other:
        other["data"] = ramp()
    attributes = dict(file[DATA].attrs)
    del file[DATA]
    layout = h5py.VirtualLayout((*SHAPE, 4), "u2")
    layout[:] = h5py.VirtualSource(name or str(secret.with_suffix(".h5")), "data", (*SHAPE, 4))
    file.create_virtual_dataset(DATA, layout)
    file[DATA].attrs.update(attributes)


def nothing_to_do_with_the_neurons(file, secret):
    file["scratch/deep/far"] = h5py.ExternalLink(str(secret), "/")


def names(file, secret):
    attributes = dict(file[f"{NEURONS}/ID_labels"].attrs)
    del file[f"{NEURONS}/ID_labels"]
    file.create_dataset(f"{NEURONS}/ID_labels", (9,), "S1", external=[(str(secret), 0, 9)])
    file[f"{NEURONS}/ID_labels"].attrs.update(attributes)


@pytest.mark.usefixtures("uncut")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (external, f"data in another file (/{DATA})"),
        (names, f"data in another file (/{NEURONS}/ID_labels)"),
        (linked, f"a link to another file (/{DATA})"),
        (soft_over_external, "a link to another file (/general/far)"),
        (virtual, f"a virtual dataset over another file (/{DATA})"),
        (nothing_to_do_with_the_neurons, "a link to another file (/scratch/deep/far)"),
    ],
)
def test_no_byte_of_another_file_is_read(path, tmp_path, change, told):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(range(256)) * 100)
    with h5py.File(path, "r+") as file:
        change(file, secret)
    with pytest.raises(InputError) as caught:
        reader.read(path)
    assert str(caught.value).startswith(f"{path}: found {told}; expected an NWB file that holds")


def test_a_pipe_behind_a_link_is_not_waited_for(path, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with h5py.File(path, "r+") as file:
        file["general/far"] = h5py.ExternalLink(str(tmp_path / "pipe"), "/")
    with pytest.raises(InputError, match="a link to another file"):
        reader.read(path)


def test_a_file_may_refer_to_itself(path):
    """Soft links, also in a circle, and a virtual dataset over its own data."""
    expected = reader.read(path)
    with h5py.File(path, "r+") as file:
        file["scratch/again"] = h5py.SoftLink("/scratch")
        file["scratch/nowhere"] = h5py.SoftLink("/no/such/thing")
        file["scratch/up"] = file["scratch"]
        layout = h5py.VirtualLayout((*SHAPE, 4), "u2")
        layout[:] = h5py.VirtualSource(".", DATA, (*SHAPE, 4))
        file.create_virtual_dataset("scratch/same", layout)
        own_parts.require(file, path)
        np.testing.assert_array_equal(file["scratch/same"][:], ramp())
        del file["scratch"]
    assert reader.read(path).equals(expected)
