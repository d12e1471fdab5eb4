"""Before anything runs: the numbers of worms and folds, and which job reads which files."""

import hashlib
from collections.abc import Collection

from chromapal.errors import InputError
from chromapal.worms import registry

# A job that reads takes seconds to start, however small its file is: of few files, fewer batches.
FEW, BATCHES_OF_FEW, BATCHES = 64, 8, 32


def batches(keys: Collection[str]) -> dict[str, list[str]]:
    """Deal files out to jobs that each read a batch of them.

    A file's batch depends on its own key alone, so that a file that is added has one batch read
    again; only the one that makes `FEW` files many has all of them read again.

    Parameters
    ----------
    keys : collection of str
        A file-safe key of each file.

    Returns
    -------
    dict of str to list of str
        Keys by batch, in the order given; no batch is empty.
    """
    count = BATCHES_OF_FEW if len(keys) <= FEW else BATCHES
    dealt: dict[str, list[str]] = {}
    for key in keys:
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % count
        dealt.setdefault(f"batch{number:02d}", []).append(key)
    return dict(sorted(dealt.items()))


def fold_count(config: dict, files: list[str]) -> int:
    """Return the number of folds, and refuse a study that cannot be split.

    Parameters
    ----------
    config : dict
        The study's validated keys.
    files : list of str
        Its source files.

    Returns
    -------
    int
        One for `rows`, one per laboratory for `lab`, else the key `folds`.

    Raises
    ------
    InputError
        One worm only, fewer worms than folds, a single laboratory to hold out, or a different
        number of folds in the tables' fold column.
    """
    counted, stated = registry.source(config["source"]).count(config, files)
    worms, laboratories = sum(counted.values()), len(counted)
    where = f"source '{config['source']}'"
    if worms == 0:
        raise InputError(where, "no worm", "at least two worms, so that one can be held out")
    if worms == 1:
        raise InputError(where, "1 worm", "at least two worms, so that one can be held out")
    if config["split"] == "rows":
        return 1
    if config["split"] == "lab":
        if laboratories < 2:
            raise InputError(
                "config key 'split'", "1 laboratory", "at least 2, so that one can be held out"
            )
        return laboratories
    folds = config["folds"]
    if folds < 2:
        raise InputError("config key 'folds'", f"{folds} fold", "at least 2, or split: rows")
    if worms < folds:
        raise InputError(
            "config key 'folds'",
            f"{folds} folds for {worms} worms",
            "at most one fold per worm",
            f"lower it: --config folds={max(worms, 2)}",
        )
    if stated and len(stated) != folds:
        raise InputError(
            "config key 'folds'",
            f"{folds}, and worms of folds {', '.join(stated)} in the tables",
            f"folds: {len(stated)}",
            "or empty the tables' fold column to draw folds at random",
        )
    return folds
