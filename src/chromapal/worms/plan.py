"""Checks before anything runs: the numbers of worms and folds."""

from chromapal.errors import InputError
from chromapal.worms import registry


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
