"""The published binary archive of CIFAR-100: found or downloaded, checked, unpacked once."""

import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path

from chromapal.download import check, fetch
from chromapal.errors import InputError
from chromapal.files import whole

URL = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"
MD5 = "md5:03b5dce01913d631647c71ecec9e9cb8"  # as published beside the archive
ARCHIVE = "cifar-100-binary.tar.gz"
FILES = ("train.bin", "test.bin")
_EXPECTED = f"{ARCHIVE}, the binary version of CIFAR-100"


def unpacked(source: str | os.PathLike, cache: str | os.PathLike, checksum: str) -> Path:
    """Return a folder with `train.bin` and `test.bin`.

    Parameters
    ----------
    source : path-like
        Such a folder, the archive, or a URL of it. For a URL, an archive of the same name in
        the cache is used if it exists.
    cache : path-like
        Folder for downloaded and unpacked files.
    checksum : str
        Of the archive, `md5:` or `sha256:` and digits; not checked if empty.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        The file is missing, cannot be downloaded, has another checksum, is not that archive, or
        is the pickle version, which is never loaded.
    """
    source, cache = str(source), Path(cache).expanduser()
    folder = Path(source).expanduser()
    if folder.is_dir():
        _refuse_pickle(folder, [entry.name for entry in folder.iterdir()])
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise InputError(folder, f"no {' and no '.join(missing)}", _EXPECTED + ", unpacked")
        return folder
    archive = _archive(source, cache, checksum)
    stat = archive.stat()
    target = cache / f"cifar-100-{stat.st_size}-{stat.st_mtime_ns}"
    if not all((target / name).is_file() for name in FILES):
        _unpack(archive, target)
    return target


def _archive(source: str, cache: Path, checksum: str) -> Path:
    if not source.startswith(("http://", "https://")):
        path = Path(source).expanduser()
        if not path.is_file():
            raise InputError(path, "no file", _EXPECTED, f"download {URL} and put it there")
    elif (cache / ARCHIVE).is_file():
        path = cache / ARCHIVE
    else:
        advice = f"or put the archive at {cache / ARCHIVE}"
        return fetch(source, checksum, cache, f"a reachable {ARCHIVE}", advice)
    _refuse_pickle(path, [path.name, *_first_names(path)])
    check(path, checksum, path)
    return path


def _refuse_pickle(where: Path, names: list[str]):
    if any("cifar-100-python" in name for name in names) or {"train", "test", "meta"} <= {*names}:
        raise InputError(
            where,
            "the Python version of CIFAR-100, which is pickle",
            _EXPECTED,
            f"pickle can run code and is never loaded; {URL} holds the same images",
        )


def _first_names(path: Path) -> list[str]:
    """Return an archive's first name; nothing if it is not an archive, which the checksum finds."""
    try:
        with tarfile.open(path) as archive:
            first = archive.next()
            return [first.name] if first else []
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return []


def _unpack(archive: Path, folder: Path):
    try:
        with whole(folder) as part, tarfile.open(archive) as content:
            part.mkdir()
            for member in content:
                # by its last name only, and only the files wanted: no path leaves the folder
                name = member.name.rsplit("/", 1)[-1]
                if member.isfile() and name in FILES:
                    with content.extractfile(member) as data, (part / name).open("wb") as out:
                        shutil.copyfileobj(data, out)
            missing = [name for name in FILES if not (part / name).is_file()]
            if missing:
                raise InputError(archive, f"no {' and no '.join(missing)} in it", _EXPECTED)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(archive, f"no readable archive ({error})", _EXPECTED) from None
