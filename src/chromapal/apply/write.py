"""Write the files of each new worm: names with a review queue, an image, a page, traces."""

import os
from pathlib import Path

import pandas as pd

from chromapal.apply import neuropal_id
from chromapal.apply.scope import describe
from chromapal.columns import RGB, RGB_SD, RGB_SHOWN
from chromapal.console import progress
from chromapal.evaluate.figures import worm
from chromapal.evaluate.pages import worm_page
from chromapal.evaluate.tables.naming import worm_answers
from chromapal.evaluate.tables.write import write_table
from chromapal.files import live, read_json, whole, write_json, write_parquet
from chromapal.worms.slugs import worm_paths
from chromapal.worms.table import MICROMETRES, WORM


def write_new_worm_files(
    neurons: str | os.PathLike,
    worms: str | os.PathLike,
    scope: str | os.PathLike,
    facts: dict[str, str],
    applied: dict[str, str],
    out_folder: str | os.PathLike,
    out_answers: str | os.PathLike,
    out_applied: str | os.PathLike,
):
    """Write a folder `{lab}/{worm}` for every new worm.

    It contains `neurons.csv`, like the tables of a study's test worms, with positions in
    micrometres and predicted colours; `neurons.png`; `neurons.html`; `neuropal_id.csv`; and
    `traces.csv` if the worm's file has calcium traces of its neurons.

    Parameters
    ----------
    neurons, worms, scope : path-like
        What `chromapal.apply.name.name_all` wrote.
    facts : dict
        Files of facts about sources, by source; see `chromapal.apply.read.load`.
    applied : dict of str to str
        The paths of the model and the worms; see `chromapal.apply.plan.applied`.
    out_folder : path-like
        The folder, written whole or not at all.
    out_answers : path-like
        Parquet: the same neurons of all worms, for files in other programs' formats.
    out_applied : path-like
        JSON of `applied`.
    """
    named, decided = pd.read_parquet(neurons), pd.read_parquet(worms)
    differences = pd.read_csv(scope, dtype="str", keep_default_na=False, na_filter=False).map(live)
    doubtful = decided.set_index(WORM)["doubtful"].astype(bool)
    answers = worm_answers(
        named.drop(columns=[*"xyz", "ID", *worm.BODY]).assign(anchor=""),
        named[["row", *"xyz", "ID"]],
        named[["row", *worm.BODY]],
        doubtful,
    ).merge(named[["row", "file", *MICROMETRES, *RGB, *RGB_SD, *RGB_SHOWN]], on="row")
    # row numbers refer to the worm's own table, as neuron numbers do
    answers = answers.assign(row=answers["neuron"]).drop(columns="anchor")
    write_parquet(answers, out_answers)
    with whole(out_folder) as folder:
        folder.mkdir()
        by_worm = list(answers.groupby(WORM, sort=True))
        paths = worm_paths(worm for worm, _ in by_worm)
        for (lab, name), rows in progress(by_worm, len(by_worm), "new worms"):
            path = folder / paths[lab, name]
            path.mkdir(parents=True)
            of_worm = differences[differences["lab"].eq(lab) & differences["worm"].eq(name)]
            notes = [describe(difference) for difference in of_worm.to_dict("records")]
            if doubtful[lab, name]:
                notes.append(
                    f"{lab} {name}: left and right are undecided; names are given without a side"
                )
            source = read_json(facts[rows["file"].iloc[0]])
            _write_one(path, rows.drop(columns="file"), source, notes)
    write_json(applied, out_applied)


def _write_one(path: Path, rows: pd.DataFrame, source: dict, notes: list[str]):
    table = path / "neurons.csv"
    write_table("new_neurons", rows, table, sort_by=["review"])
    worm.draw(table, path / "neurons.png")
    worm_page.write(table, path / "neurons.html", notes)
    neuropal_id.write(rows, source.get("spacing"), path / "neuropal_id.csv")
    if source.get("traces"):
        traces = pd.DataFrame(source["traces"]).rename(columns={"row": "neuron"})
        joined = traces.merge(rows[["neuron", "answer", "probability"]], on="neuron")
        write_table("traces", joined, path / "traces.csv", sort_by=["series", "trace"])
