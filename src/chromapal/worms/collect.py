"""One table of all worms from the tables of single files."""

import difflib
import logging
import os
from collections.abc import Sequence

import pandas as pd

from chromapal.columns import SCOPE, SKIPPED
from chromapal.errors import InputError
from chromapal.files import write_csv
from chromapal.worms import counts, doubts, plausible, skipped, table

LOGGER = logging.getLogger(__name__)
# Axes of a recording: right-handed, their mirror image, or unknown.
HANDEDNESS = {"right": 1, "mirrored": -1, None: 0}


def collect(
    paths: Sequence[str | os.PathLike],
    out_neurons: str | os.PathLike,
    out_skipped: str | os.PathLike,
    skipped_parts: Sequence[str | os.PathLike],
    laboratories: dict,
    no_files: Sequence[tuple[str, str, str]],
    out_unknown_labels: str | os.PathLike,
    out_scope: str | os.PathLike,
):
    """Combine the neuron tables of all files.

    Worms are sorted by laboratory and name, rows keep their order within a worm, and the column
    `name` (see `table.clean_name`) is added. If two files hold the same worm, the first file
    in sorted order is used. A laboratory has one camera, so its `full_scale` is the largest that
    was stated or inferred for any of its worms.

    Parameters
    ----------
    paths : sequence of path-like
        Neuron tables written by `load`; each may hold no, one or many worms.
    out_neurons, out_skipped : path-like
        Parquet table of all neurons, and CSV list of everything skipped so far; a worm
        without a label is listed with stage `identity`.
    skipped_parts : sequence of path-like
        The lists written by `load`.
    laboratories : dict
        What the study states, by laboratory: `labels`, which of them are used (all, those without
        a question mark, or none); `handedness` (right or mirrored), and `worms`, the
        same by worm. It becomes the column `handedness`: 1, -1, or 0 where nothing is stated.
        A laboratory without worms is only a warning, since its files may have been skipped.
    no_files : sequence of (str, str, str)
        See `chromapal.worms.registry.Source.no_files`.
    out_unknown_labels : path-like
        CSV of `doubts.unknown_labels`.
    out_scope : path-like
        CSV of `chromapal.columns.SCOPE`: worms and laboratories whose positions or counts are
        unusual; each is logged as a warning too. They stay in the study.

    Raises
    ------
    InputError
        No worm, or only one, is left; or the study states something about a worm that its
        laboratory does not have. If there are too few worms, the log says why each was skipped.
    """
    neurons, entries = merged(paths, skipped_parts)
    neurons = neurons.assign(ID=_used_labels(neurons, laboratories))
    neurons = neurons.assign(name=table.clean_name(neurons["ID"]))
    entries.append(skipped.of_no_files(no_files))
    entries.append(pd.DataFrame(_unlabelled(neurons), columns=list(SKIPPED)))
    listed = pd.concat(entries, ignore_index=True)
    _require_worms(neurons, listed)
    _require_known_worms(neurons, listed, laboratories)
    skipped.write(listed, out_skipped)
    neurons = neurons.drop(columns="file").assign(
        full_scale=neurons.groupby("lab")["full_scale"].transform("max"),
        handedness=_handedness(neurons, laboratories),
    )
    for lab, rows in neurons.groupby("lab"):
        LOGGER.info(
            "%s: %d worms, full scale %g counts, %d of %d neurons with a label",
            *(lab, rows["worm"].nunique(), rows["full_scale"].iloc[0]),
            *((rows["name"] != "").sum(), len(rows)),
        )
    _warn_of_lone_worms(neurons)
    write_csv(doubts.unknown_labels(neurons), out_unknown_labels)
    asked = [*plausible.questions(neurons), *counts.questions(neurons)]
    for question in asked:
        LOGGER.warning("%s %s: %s: %s; usual: %s", *(question[name] for name in SCOPE))
    write_csv(pd.DataFrame(asked, columns=list(SCOPE)), out_scope, sort_by=list(SCOPE))
    table.write(neurons, out_neurons)


def merged(
    paths: Sequence[str | os.PathLike], skipped_parts: Sequence[str | os.PathLike]
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Concatenate tables; of a worm in two files, keep the first file's rows.

    Both training worms and new worms pass here, and are asked the same.

    Returns
    -------
    neurons : pandas.DataFrame
        Neurons with their `file`, worms sorted by laboratory and name.
    entries : list of pandas.DataFrame
        What was skipped: as listed by the parts, worms repeated in later files, and worms whose
        positions cannot be those of a worm.
    """
    parts = [_read_with_file(path) for path in paths]
    everything = pd.concat([table.empty().assign(file=""), *parts])
    everything = everything.sort_values("file", kind="stable", ignore_index=True)
    entries = [skipped.read(path) for path in skipped_parts]
    entries.append(pd.DataFrame(_duplicates(everything), columns=list(SKIPPED)))
    first = everything.groupby(table.WORM)["file"].transform("first")
    neurons, impossible = plausible.without_impossible(everything[everything["file"] == first])
    entries.append(pd.DataFrame(impossible, columns=list(SKIPPED)))
    for entry in impossible:
        LOGGER.warning("skipped: %s", entry["reason"])
    return neurons.sort_values(table.WORM, kind="stable"), entries


def _read_with_file(path: str | os.PathLike) -> pd.DataFrame:
    part = table.read(path)
    return part if "file" in part else part.assign(file=str(path))


def _duplicates(everything: pd.DataFrame) -> list[dict]:
    holders = everything[[*table.WORM, "file"]].drop_duplicates()
    firsts = holders.groupby(table.WORM)["file"].transform("first")
    later = holders.assign(first=firsts)[holders["file"] != firsts]
    return [
        skipped.entry(
            file,
            lab,
            worm,
            InputError(
                file,
                f"worm {worm!r} of laboratory {lab!r}, which is also in {first}",
                "one file per worm",
                "rename one of them, or remove the copy",
            ),
        )
        for lab, worm, file, first in zip(*(later[name] for name in later), strict=True)
    ]


def _unlabelled(neurons: pd.DataFrame) -> list[dict]:
    labelled = (neurons["name"] != "").groupby([neurons["lab"], neurons["worm"]]).transform("any")
    worms = neurons.loc[~labelled, [*table.WORM, "file"]].drop_duplicates()
    return [
        skipped.entry(
            file,
            lab,
            worm,
            f"{file}: found no label on worm {worm!r}; used for colour only",
            "identity",
        )
        for lab, worm, file in zip(*(worms[name] for name in worms), strict=True)
    ]


def _used_labels(neurons: pd.DataFrame, laboratories: dict) -> pd.Series:
    """Remove the labels of a laboratory that the study does not use."""
    wanted = neurons["lab"].map(lambda lab: laboratories.get(lab, {}).get("labels", "all"))
    doubtful = neurons["ID"].str.contains("?", regex=False)
    dropped = wanted.eq("none") | (wanted.eq("certain") & doubtful)
    return neurons["ID"].mask(dropped, "")


def _handedness(neurons: pd.DataFrame, laboratories: dict) -> pd.Series:
    """Return the handedness stated for the worm, else for its laboratory, else 0."""
    of_lab = {lab: facts.get("handedness") for lab, facts in laboratories.items()}
    of_worm = {
        (lab, str(worm)): hand  # YAML reads a name of digits as a number
        for lab, facts in laboratories.items()
        for worm, hand in facts.get("worms", {}).items()
    }
    keys = neurons[table.WORM].drop_duplicates()
    signs = {
        (lab, worm): HANDEDNESS[of_worm.get((lab, worm), of_lab.get(lab))]
        for lab, worm in keys.itertuples(index=False)
    }
    return (
        pd.MultiIndex.from_frame(neurons[table.WORM])
        .map(signs)
        .to_series(neurons.index)
        .astype("int64")
    )


def _require_known_worms(neurons: pd.DataFrame, listed: pd.DataFrame, laboratories: dict):
    """Refuse facts about worms that do not exist; worms of skipped files may have some."""
    key = "config key 'laboratories'"
    labs = neurons["lab"].unique().tolist()
    for lab, facts in laboratories.items():
        if lab not in labs:
            LOGGER.warning(
                "%s: no worm of laboratory %s; similar names: %s", key, lab, _closest(lab, labs)
            )
            continue
        worms = neurons.loc[neurons["lab"].eq(lab), "worm"].unique().tolist()
        out = listed.loc[listed["stage"].eq("source") & listed["lab"].eq(lab), "worm"].tolist()
        for worm in map(str, facts.get("worms", {})):
            if worm in worms:
                continue
            if worm in out or "" in out:
                LOGGER.warning("%s: worm %s of %s is absent or was skipped", key, worm, lab)
                continue
            raise InputError(
                key,
                f"worm {worm!r} of laboratory {lab!r}",
                f"one of its {len(worms)} worms, such as {_closest(worm, worms)}",
                "correct the name, and put a name of digits in quotes",
            )


def _warn_of_lone_worms(neurons: pd.DataFrame):
    worms, labs = len(neurons[table.WORM].drop_duplicates()), neurons["lab"].nunique()
    if worms == labs > 2:
        LOGGER.warning(
            "%d worms of as many laboratories, such as %s: full scale, handedness and folds by "
            "laboratory mean little; put the files of one laboratory into one folder, or set "
            "config key 'laboratory'",
            *(worms, neurons["lab"].iloc[0]),
        )


def _closest(text: object, known: list[str]) -> str:
    """Return the known names most similar to a text."""
    return ", ".join(difflib.get_close_matches(str(text), known, n=3, cutoff=0))


def _require_worms(neurons: pd.DataFrame, listed: pd.DataFrame):
    count = len(neurons[table.WORM].drop_duplicates())
    if count >= 2:
        return
    raise InputError(
        "source of worms",
        "only one usable worm" if count else "no usable worm",
        "at least two worms, so that one can be held out",
        skipped.log_reasons(listed),
    )
