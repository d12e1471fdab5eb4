"""All folds' judgements become two tables, a page and one line."""

import logging
import os
from collections.abc import Sequence

import pandas as pd

from chromapal.audit import flags, page
from chromapal.audit.headline import sentence
from chromapal.errors import InputError
from chromapal.evaluate.tables.write import write_table

LOGGER = logging.getLogger("chromapal")


def write_audit(
    judged: Sequence[dict],
    study: str,
    out_names: str | os.PathLike,
    out_animals: str | os.PathLike,
    out_page: str | os.PathLike,
):
    """Write what contradicts the rest, ranked by how many traces hang on it.

    Parameters
    ----------
    judged : sequence of dict
        labels and animals (paths that `chromapal.audit.judge.judge_fold` wrote), and their
        features and fold.
    study : str
        Its name.
    out_names, out_animals : path-like
        CSV tables.
    out_page : path-like
        One self-contained HTML page.

    Raises
    ------
    InputError
        No labelled animal was judged, or those of one fold only.
    """
    names, animals = audited(judged)
    names, animals = (table.assign(study=study) for table in (names, animals))
    write_table("audit_names", names, out_names)
    write_table("audit_animals", animals, out_animals)
    page.write(names, animals, out_page)
    LOGGER.info(sentence(names))


def audited(judged: Sequence[dict]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Flag and rank names and animals; see `write_audit`."""
    rows, animals = (_read(judged, part) for part in ("labels", "animals"))
    if rows.empty:
        raise InputError("audit", "no labelled animal that could be judged", "animals with labels")
    animals = flags.flag_animals(animals)
    chosen = flags.judged_from(animals)
    names = flags.flag_labels(rows, chosen)
    animals = pd.concat([flags.own_rows(animals, chosen), flags.ask_names(names)])
    names = names.rename(columns={"partner": "exchange_neuron", "exchange": "exchange_gain"})
    animals = animals[animals["gain"].notna()]
    return flags.ranked(names, "margin"), flags.ranked(animals, "gain")


def _read(judged: Sequence[dict], part: str) -> pd.DataFrame:
    tables = [
        pd.read_parquet(entry[part]).assign(features=entry["features"], fold=entry["fold"])
        for entry in judged
    ]
    tables = [table for table in tables if len(table)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
