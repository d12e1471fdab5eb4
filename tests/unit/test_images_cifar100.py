"""CIFAR-100 from a file of its published binary format, written here."""

import hashlib
import io
import pickle
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from chromapal.errors import InputError
from chromapal.images import cifar100_archive
from chromapal.images.cifar100 import RECORD, Cifar100

COUNTS = (None, 2, None)


def records(count: int, seed: int) -> np.ndarray:
    """Records of random pixels; number i is of fine class i modulo 10, coarse class 7."""
    data = np.random.default_rng(seed).integers(0, 256, (count, RECORD), dtype=np.uint8)
    data[:, 0] = 7
    data[:, 1] = np.arange(count) % 10
    return data


def add(archive, name: str, data: bytes):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("published") / "cifar-100-binary.tar.gz"
    with tarfile.open(path, "w:gz") as content:
        folder = tarfile.TarInfo("cifar-100-binary")
        folder.type = tarfile.DIRTYPE
        content.addfile(folder)
        add(content, "cifar-100-binary/coarse_label_names.txt", b"trees\n")
        add(content, "cifar-100-binary/train.bin", records(60, 1).tobytes())
        add(content, "cifar-100-binary/test.bin", records(20, 2).tobytes())
    return path


def md5(path) -> str:
    return "md5:" + hashlib.md5(path.read_bytes()).hexdigest()


def test_a_image_by_hand(archive, tmp_path):
    found = Cifar100.find(tmp_path, archive, counts=COUNTS, checksum=md5(archive))
    image = next(p for p in found.images if p.key == "train 00037 class 07")
    record = records(60, 1)[37]
    pixels = found.load(image)
    assert pixels.shape == (32, 32, 3) and pixels.dtype == np.float32
    # 2 labels, then 1024 red, 1024 green, 1024 blue, each row by row
    assert pixels[0, 0, 0] == np.float32(record[2]) / np.float32(255)
    assert pixels[0, 1, 0] == np.float32(record[3]) / np.float32(255)
    assert pixels[1, 0, 1] == np.float32(record[2 + 1024 + 32]) / np.float32(255)
    assert pixels[31, 31, 2] == np.float32(record[-1]) / np.float32(255)


def test_training_and_validation_come_from_train_and_test_from_test(archive, tmp_path):
    found = Cifar100.find(tmp_path, archive, counts=(30, 10, 5), checksum="")
    assert [len(found.of(split)) for split in ("train", "validation", "test")] == [30, 10, 5]
    for image in found.images:
        assert image.key.startswith("test " if image.split == "test" else "train ")
    everything = Cifar100.find(tmp_path, archive, counts=COUNTS, checksum="")
    assert [len(everything.of(s)) for s in ("train", "validation", "test")] == [58, 2, 20]


def test_a_class_and_a_subset_of_it(archive, tmp_path):
    found = Cifar100.find(tmp_path, archive, classes=[3, 5], counts=(9, 3, 4), checksum="")
    assert {image.key[-2:] for image in found.images} == {"03", "05"}
    assert len(found.images) == 16
    one = Cifar100.find(tmp_path, archive, classes=[5], counts=(4, 2, 2), checksum="")
    numbers = {int(p.key.split()[1]) for p in one.images if p.split != "test"}
    assert numbers == {5, 15, 25, 35, 45, 55}
    with pytest.raises(
        InputError,
        match=r"5 images for train; expected 0 to 4, those of the classes left in train\.bin",
    ):
        Cifar100.find(tmp_path, archive, classes=[5], counts=(5, 2, 2), checksum="")


def test_a_seed_decides_the_draw(archive, tmp_path):
    def drawn(seed):
        return Cifar100.find(tmp_path, archive, counts=(30, 10, 5), seed=seed, checksum="").images

    assert drawn(4) == drawn(4) != drawn(5)


def test_an_archive_is_checked_and_the_published_sum_is_the_default(archive, tmp_path):
    expected = "expected md5 03b5dce01913d631647c71ecec9e9cb8"
    with pytest.raises(InputError, match=expected):
        Cifar100.find(tmp_path, archive, counts=COUNTS)
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    Cifar100.find(tmp_path, archive, counts=COUNTS, checksum=f"sha256:{sha256}")
    with pytest.raises(InputError, match="sha256"):
        Cifar100.find(tmp_path, archive, counts=COUNTS, checksum=f"sha256:{sha256[::-1]}")
    with pytest.raises(InputError, match="crc32:1"):
        Cifar100.find(tmp_path, archive, counts=COUNTS, checksum="crc32:1")


def test_the_unpacked_folder_serves_as_well(archive, tmp_path):
    with tarfile.open(archive) as content:
        content.extractall(tmp_path, filter="data")
    folder = tmp_path / "cifar-100-binary"
    from_folder = Cifar100.find(tmp_path / "cache", folder, counts=COUNTS)
    from_archive = Cifar100.find(tmp_path / "cache", archive, counts=COUNTS, checksum="")
    assert from_folder.images == from_archive.images
    for image in from_folder.images[::9]:
        np.testing.assert_array_equal(from_folder.load(image), from_archive.load(image))


def test_an_archive_put_into_the_cache_needs_no_download(archive, tmp_path):
    (tmp_path / "cifar-100-binary.tar.gz").write_bytes(archive.read_bytes())
    assert Cifar100.find(tmp_path, counts=COUNTS, checksum=md5(archive)).of("train")


def test_records_that_are_gone_are_one_line(archive, tmp_path):
    found = Cifar100.find(tmp_path, archive, counts=COUNTS, checksum="")
    shutil.rmtree(Path(found.images[0].file).parent)
    with pytest.raises(InputError, match=r"test\.bin: found no such file.*list_images unpacks"):
        found.load(found.images[0])


def test_no_download_says_where_to_put_the_file(tmp_path):
    with pytest.raises(InputError) as error:
        Cifar100.find(tmp_path, "http://127.0.0.1:9/cifar-100-binary.tar.gz")
    assert "failed download" in str(error.value)
    assert f"or put the archive at {tmp_path / 'cifar-100-binary.tar.gz'}" in str(error.value)
    with pytest.raises(
        InputError, match=r"no file; expected cifar-100-binary\.tar\.gz.*download htt"
    ):
        Cifar100.find(tmp_path, tmp_path / "absent.tar.gz")


class Evil:
    """Runs code where it is unpickled."""

    def __reduce__(self):
        return print, ("unpickled",)


@pytest.mark.parametrize("name", ["cifar-100-python.tar.gz", "cifar-100-binary.tar.gz"])
def test_pickle_is_refused_and_never_loaded(name, tmp_path, capsys):
    with tarfile.open(tmp_path / name, "w:gz") as content:
        add(content, "cifar-100-python/train", pickle.dumps(Evil()))
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for part in ("train", "test", "meta"):
        (folder / part).write_bytes(pickle.dumps(Evil()))
    for source in (tmp_path / name, folder):
        with pytest.raises(InputError, match=r"which is pickle; expected .*never loaded") as error:
            Cifar100.find(tmp_path / "cache", source)
        assert "\n" not in str(error.value)
    assert "unpickled" not in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["text", "cut", "other files"])
def test_what_is_no_archive_is_one_line_and_leaves_nothing(damage, archive, tmp_path):
    path = tmp_path / "cifar-100-binary.tar.gz"
    path.write_bytes(b"<html>not found</html>" if damage == "text" else archive.read_bytes()[:9000])
    if damage == "other files":
        with tarfile.open(path, "w:gz") as content:
            add(content, "cifar-100-binary/test.bin", b"1")
    with pytest.raises(InputError, match=r"no readable archive|no train\.bin in it") as error:
        Cifar100.find(tmp_path / "cache", path, checksum="")
    assert "\n" not in str(error.value)
    assert list((tmp_path / "cache").glob("*")) == []


def test_nothing_is_unpacked_outside_the_cache(tmp_path):
    path = tmp_path / "there" / "a.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as content:
        add(content, "../../train.bin", records(20, 1).tobytes())
        add(content, "/tmp/chromapal-evil/test.bin", records(20, 2).tobytes())
    folder = cifar100_archive.unpacked(path, tmp_path / "cache", "")
    assert folder.parent == tmp_path / "cache"
    made = {p.relative_to(tmp_path).parts[0] for p in tmp_path.rglob("*.bin")}
    assert made == {"cache"}


def test_damaged_records_are_one_line(tmp_path):
    (tmp_path / "test.bin").write_bytes(records(20, 2).tobytes())
    for data, message in (
        (records(20, 1).tobytes()[:-1], "61479 bytes; expected whole records of 3074"),
        (b"", "0 bytes"),
        (np.full(RECORD, 200, dtype=np.uint8).tobytes(), "a class 200"),
    ):
        (tmp_path / "train.bin").write_bytes(data)
        with pytest.raises(InputError, match=message):
            Cifar100.find(tmp_path, tmp_path, counts=COUNTS)
    (tmp_path / "train.bin").unlink()
    with pytest.raises(InputError, match=r"no train\.bin"):
        Cifar100.find(tmp_path, tmp_path, counts=COUNTS)


@pytest.mark.parametrize("classes", [[], [100], [-1], ["oak"]])
def test_classes_that_are_none_are_one_line(classes, tmp_path):
    with pytest.raises(InputError, match="class numbers 0 to 99"):
        Cifar100.find(tmp_path, classes=classes)
