"""What must hold before anything runs: which files, how many worms, how many folds."""

from collections import Counter
from pathlib import Path

from chromapal.errors import InputError
from chromapal.worms import discover
from chromapal.worms.dandi import plan as dandi_plan
from chromapal.worms.simulate import file_names
from chromapal.worms.slugs import slug


def source_files(config: dict) -> dict[str, str]:
    """Map a file-safe key to each source file of a study.

    Parameters
    ----------
    config : dict
        The study's validated keys.

    Returns
    -------
    dict of str to str
        Paths by key, in the order of paths. Files of the archive that are not fetched whole have
        the manifest's path.

    Raises
    ------
    InputError
        The key that names the folder is missing, or the folder holds no such file; or see
        `dandi.plan.assets`.
    """
    kind = config["source"]
    if kind == "dandi":
        found = dandi_plan.assets(config)
        return {key: dandi_plan.file_of(config, asset) for key, asset in found.items()}
    if kind == "simulate":
        simulated = config["simulate"]
        folder = Path(f"results/{config['study']}/simulated")
        paths = file_names.worm_files(simulated["worms"], simulated["laboratories"])
        return {slug(name): str(folder / name) for name in paths}
    if kind not in config:
        raise InputError(f"config key '{kind}'", "nothing", f"a folder of {kind} to read")
    folder = Path(config[kind])
    paths = discover.discover(folder, kind)
    return {slug(str(path.relative_to(folder))): str(path) for path in paths}


def archive_assets(config: dict) -> dict[str, dandi_plan.Asset]:
    """Map a key to each file of the archive that a study reads; see `dandi.plan.assets`."""
    return dandi_plan.assets(config)


def fold_count(config: dict, files: list[str]) -> int:
    """Give the number of folds, and refuse a study that cannot be split.

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
        One worm only, fewer worms than folds, a single laboratory to leave out, or another number
        of folds in the tables' fold column.
    """
    if config["source"] == "simulate":
        worms, laboratories, stated = len(files), config["simulate"]["laboratories"], ()
    elif config["source"] == "dandi":
        counted = Counter(asset.lab for asset in dandi_plan.assets(config).values())
        worms, laboratories, stated = sum(counted.values()), len(counted), ()
    else:
        counted, stated = discover.count_worms(files, config["laboratory"] or None)
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
            raise InputError("config key 'split'", "1 laboratory", "at least 2 to leave one out")
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
            "or empty the tables' fold column to have folds drawn",
        )
    return folds
