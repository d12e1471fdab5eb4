"""Damaged NWB files: each is read, or skipped with one line, within the limits.

Five files of real layout are damaged at random, always alike for one seed: bits flipped, blocks
zeroed, filled with noise or swapped, ends cut off, numbers in HDF5's own records changed, and
values, shapes and attributes of the file's objects.

    python -m benchmarks.nwb_mutants [--count 500] [--seed 1] [--data FOLDER]
"""

import argparse
import collections
import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import psutil

from chromapal.errors import InputError
from chromapal.worms.nwb import projections, reader, worker

DATA = Path(
    os.environ.get("CHROMAPAL_DATA", Path(__file__).resolve().parents[1] / "../shared/data")
)
KINDS = ("flip", "zero", "noise", "swap", "truncate", "number", "shape", "text", "structure")
MOST_BYTES = 1_500_000_000
LONGEST_LINE = 300  # characters, its path not counted
# Signatures in front of HDF5's own records: metadata, of which damage is rarely survived.
RECORDS = (b"TREE", b"SNOD", b"HEAP", b"GCOL", b"OHDR", b"BTHD", b"FRHP", b"FSHD")


def sources(data: Path = DATA) -> list[Path]:
    """List the files that are damaged, sorted."""
    return sorted((data / "nwb").rglob("*.nwb"))


def mutants(files: list[Path], folder: Path, count: int, seed: int) -> Iterator[tuple[str, Path]]:
    """Write one damaged file after another, each in place of the one before.

    Yields
    ------
    tuple of str and Path
        What was done, and the file.
    """
    for number in range(count):
        generator = np.random.default_rng([seed, number])
        kind = KINDS[number % len(KINDS)]
        source = files[number // len(KINDS) % len(files)]
        out = folder / source.parent.name / "mutant.nwb"
        out.parent.mkdir(exist_ok=True)
        content = bytearray(source.read_bytes())
        damage = globals()[f"_{kind}"]
        if kind in ("number", "shape", "text"):
            out.write_bytes(content)
            with contextlib.suppress(Exception):  # what h5py refuses to write stays half changed
                damage(generator, out)
        else:
            out.write_bytes(damage(generator, content))
        yield f"{number} {kind} {source.parent.name}", out


def _place(generator: np.random.Generator, content: bytearray) -> int:
    """Draw a place: half of the time just behind the head of one of HDF5's records."""
    if generator.random() < 0.5:
        start = int(generator.integers(len(content)))
        found = [content.find(record, start) for record in RECORDS]
        found = [place for place in found if place >= 0]
        if found:
            return min(found) + int(generator.integers(64))
    return int(generator.integers(len(content)))


def _flip(generator: np.random.Generator, content: bytearray) -> bytes:
    for _ in range(int(generator.integers(1, 64))):
        content[min(_place(generator, content), len(content) - 1)] ^= 1 << generator.integers(8)
    return bytes(content)


def _block(generator: np.random.Generator, content: bytearray) -> slice:
    start = _place(generator, content)
    return slice(start, min(start + int(2 ** generator.uniform(3, 14)), len(content)))


def _zero(generator: np.random.Generator, content: bytearray) -> bytes:
    for _ in range(int(generator.integers(1, 6))):
        where = _block(generator, content)
        content[where] = bytes(where.stop - where.start)
    return bytes(content)


def _noise(generator: np.random.Generator, content: bytearray) -> bytes:
    where = _block(generator, content)
    content[where] = generator.bytes(where.stop - where.start)
    return bytes(content)


def _swap(generator: np.random.Generator, content: bytearray) -> bytes:
    size = int(2 ** generator.uniform(3, 14))
    places = [min(_place(generator, content), len(content) - size) for _ in range(2)]
    first, second = (bytes(content[place : place + size]) for place in places)
    content[places[0] : places[0] + size], content[places[1] : places[1] + size] = second, first
    return bytes(content)


def _truncate(generator: np.random.Generator, content: bytearray) -> bytes:
    return bytes(content[: generator.integers(len(content))])


def _structure(generator: np.random.Generator, content: bytearray) -> bytes:
    """Put huge or tiny numbers where HDF5 keeps lengths and addresses."""
    for _ in range(int(generator.integers(1, 4))):
        start = _place(generator, content) // 8 * 8
        value = generator.choice([0, 1, 2**31 - 1, 2**32, 2**40, 2**63 - 1, len(content)])
        content[start : start + 8] = int(value).to_bytes(8, "little")
    return bytes(content)


def _datasets(file: h5py.File) -> list[str]:
    found: list[str] = []
    file.visititems(
        lambda name, item: (
            found.append(name)
            if isinstance(item, h5py.Dataset) and not name.startswith("specifications")
            else None
        )
    )
    return sorted(found)


def _number(generator: np.random.Generator, path: Path):
    """Put other values into a small dataset of numbers."""
    with h5py.File(path, "r+") as file:
        names = [name for name in _datasets(file) if file[name].dtype.kind in "iuf"]
        data = file[generator.choice([name for name in names if file[name].size < 10_000])]
        values = np.asarray(data[()]).copy()
        with np.errstate(all="ignore"):
            extreme = np.array([0, -1, 1e308, np.nan, np.inf, 2**63]).astype(values.dtype)
        flat = values.reshape(-1)
        flat[generator.integers(flat.size)] = generator.choice(extreme)
        data[()] = values


def _shape(generator: np.random.Generator, path: Path):
    """Return a dataset another shape or type, nothing of it stored: all of it is the fill value."""
    with h5py.File(path, "r+") as file:
        name = str(generator.choice(_datasets(file)))
        attributes, dtype = dict(file[name].attrs), file[name].dtype
        rank = max(file[name].ndim + int(generator.integers(-1, 2)), 0)
        shape = tuple(int(2 ** generator.uniform(0, 40)) for _ in range(rank))
        del file[name]
        kind = dtype if generator.random() < 0.7 else np.dtype(generator.choice(["f8", "u1", "S4"]))
        chunks = tuple(min(side, 64) for side in shape) or None
        file.create_dataset(name, shape, kind, chunks=chunks)
        for key, value in attributes.items():
            file[name].attrs[key] = value


def _text(generator: np.random.Generator, path: Path):
    """Change or remove an attribute, or remove or rename a dataset or group."""
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visit(lambda name: names.append(name) if "specifications" not in name else None)
        item = file[generator.choice(sorted(names))]
        choice = generator.integers(4)
        if choice < 2 and len(item.attrs):
            key = str(generator.choice(sorted(item.attrs)))
            if choice:
                item.attrs[key] = str(
                    generator.choice(["", "x" * 5000, "VectorData", "\N{SNOWMAN}"])
                )
            else:
                del item.attrs[key]
        elif choice == 2:
            file.move(item.name, f"{item.name}_moved")
        else:
            del file[item.name]


class Watch:
    """The largest memory of all processes below this one [bytes], looked at often."""

    def __init__(self):
        self.peak, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self):
        while not self._stop.wait(0.02):
            for process in psutil.Process().children(recursive=True):
                try:
                    self.peak = max(self.peak, process.memory_info().rss)
                except psutil.Error:
                    continue

    def __enter__(self):
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_):
        """Stop."""
        self._stop.set()
        self._thread.join()


def judge(path: Path) -> str:
    """Read a file as a study does, table and picture; say what came of it."""
    told = []
    for read in (reader.read, projections.max_projections):
        try:
            read(path)
            told.append("read")
        except InputError as error:
            line = str(error)
            if "\n" in line or len(line) - len(str(path)) > LONGEST_LINE:
                return f"BAD LINE {line}"
            told.append("no end" if "no end" in line else "died" if "crash" in line else "skipped")
        except Exception as error:
            return f"TRACEBACK {type(error).__name__}: {error} {getattr(error, '__notes__', '')}"
    return " and ".join(told)


def examine(count: int, seed: int, data: Path) -> tuple[collections.Counter, int]:
    """Judge mutants; return how often each verdict was given, and the peak of memory [bytes]."""
    counts: collections.Counter = collections.Counter()
    with tempfile.TemporaryDirectory() as folder, Watch() as watch:
        for name, path in mutants(sources(data), Path(folder), count, seed):
            if name.split()[0].endswith("00"):  # a slow machine takes half an hour
                print(f"at {name.split()[0]}: {dict(counts)}", flush=True)
            verdict = judge(path)
            counts[" ".join(verdict.split()[:2]) if verdict[0].isupper() else verdict] += 1
            if verdict[0].isupper() or "no end" in verdict or "died" in verdict:
                print(f"{name}: {verdict}", flush=True)
    return counts, watch.peak


def overhead(files: list[Path], repeats: int = 5) -> float:
    """Return processor time of reading in the worker, its start apart, by that of reading here."""
    spent = {reader.read: 0.0, reader.read_here: 0.0}
    for read in spent:  # imports, and the start of the worker
        read(files[0])
    for _ in range(repeats):
        for path in files:
            for read in spent:
                before = _processor_time()
                read(path)
                spent[read] += _processor_time() - before
    return spent[reader.read] / spent[reader.read_here]


def _processor_time() -> float:
    tree = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in tree)


def run() -> list[dict]:
    """Examine 500 mutants, and measure what the worker costs; nothing without real files."""
    if not sources():
        return []
    counts, peak = examine(500, 1, DATA)
    measures = (
        ("files of 500 that gave no clear line", float(_unclear(counts)), "value <= 0"),
        ("peak memory, MB", peak / 1e6, "value <= 1500"),
        ("healthy file, seconds by those without a worker", overhead(sources()), "value <= 1.1"),
    )
    return [
        {"benchmark": "damaged NWB files", "measure": measure, "value": value, "goal": goal}
        for measure, value, goal in measures
    ]


def _unclear(counts: collections.Counter) -> int:
    return sum(count for verdict, count in counts.items() if verdict[0].isupper())


def main(arguments: list[str]) -> int:
    """Print what came of the mutants; 1 if one of them was not one line or took much memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=DATA)
    chosen = parser.parse_args(arguments)
    counts, peak = examine(chosen.count, chosen.seed, chosen.data)
    print(f"seed {chosen.seed}: {dict(counts)}; peak memory {peak / 1e6:.0f} MB; ", end="")
    print(f"at most {worker.CPU_S} s of processor time each")
    return int(_unclear(counts) > 0 or peak > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
