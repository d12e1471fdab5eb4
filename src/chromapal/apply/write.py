"""Write the files of each new worm: names with a review queue, an image, a page, traces."""

import json
import os
from collections.abc import Sequence

import pandas as pd

from chromapal.apply import neuropal_id
from chromapal.apply import traces as calcium
from chromapal.apply.expected import KEYS
from chromapal.apply.measured import measured
from chromapal.apply.read import stack_beside, traces_beside
from chromapal.apply.scope import describe
from chromapal.apply.traces import TraceSettings
from chromapal.console import progress
from chromapal.evaluate.figures import worm
from chromapal.evaluate.pages import workbench
from chromapal.evaluate.pages.changes import changed
from chromapal.evaluate.pages.workbench import Axes, NewWorm
from chromapal.evaluate.tables.write import write_table
from chromapal.files import live, read_json, whole, write_parquet
from chromapal.worms import stack
from chromapal.worms.slugs import worm_paths
from chromapal.worms.table import WORM

AXES = ("chosen", "source", "probability", "doubtful")


def write_new_worm_files(
    named: Sequence[str | os.PathLike],
    before: Sequence[str | os.PathLike],
    scope: str | os.PathLike,
    facts: dict[str, str],
    traces: TraceSettings,
    expected: str | os.PathLike,
    colour_scale: str,
    out: str | os.PathLike,
):
    """Write a folder `{lab}/{worm}` for every new worm.

    It contains `neurons.csv`, like the tables of a study's test worms, with positions in
    micrometres, predicted colours and classes; `probabilities.parquet`, a column per name and a row
    per neuron, in the order of their numbers; `neurons.png`; `neurons.html`, on which a person
    corrects the names; `neuropal_id.csv`; and `traces.csv`, `traces_wide.csv` and `traces.png` if
    the worm's file has calcium traces of its neurons.

    Parameters
    ----------
    named : sequence of path-like
        Answers, probabilities, worms and mirrored, as `chromapal.apply.name.name_all` wrote them.
    before : sequence of path-like
        The same without what a person stated; empty where nobody stated anything.
    scope : path-like
        How worms differ from training worms, from there too.
    facts : dict
        Files of facts about sources, by source; see `chromapal.apply.read.load`.
    traces : TraceSettings
        Which traces bear a name.
    expected : path-like
        What names are expected to be like, from there as well.
    colour_scale : str
        The colour scale of the model's study.
    out : path-like
        The folder, written whole or not at all.
    """
    answers, probabilities, decided, mirrored = map(pd.read_parquet, named)
    differences = pd.read_csv(scope, dtype="str", keep_default_na=False, na_filter=False).map(live)
    decided = decided.set_index(WORM)
    names = pd.read_parquet(expected).set_index([*KEYS, "name"])
    previous, previously = answers, decided
    if before:
        previous, _, previously, _ = map(pd.read_parquet, before)
        previously = previously.set_index(WORM)
    with whole(out) as folder:
        folder.mkdir()
        by_worm = list(answers.groupby(WORM, sort=True))
        paths = worm_paths(worm for worm, _ in by_worm)
        for (lab, name), rows in progress(by_worm, len(by_worm), "new worms"):
            path = folder / paths[lab, name]
            path.mkdir(parents=True)
            of_worm = differences[differences["lab"].eq(lab) & differences["worm"].eq(name)]
            notes = [describe(difference) for difference in of_worm.to_dict("records")]
            axes = Axes(**decided.loc[(lab, name), list(AXES)])
            sideless = axes.doubtful or bool(previously.loc[(lab, name), "doubtful"])
            source = facts[rows["file"].iloc[0]]
            rows = rows.drop(columns="file")
            chances = probabilities.loc[rows.index]
            write_parquet(chances, path / "probabilities.parquet")
            recorded = None
            if (file := traces_beside(source)).exists():
                recorded = pd.read_parquet(file)
                calcium.write(recorded, rows, traces, path)
            spacing = read_json(source).get("spacing")
            write_table("new_neurons", rows, path / "neurons.csv", sort_by=["review"])
            worm.draw(path / "neurons.csv", path / "neurons.png")
            neuropal_id.write(rows, spacing, path / "neuropal_id.csv")
            page = NewWorm(
                rows, chances, axes, notes,
                names.loc[lab, decided.loc[(lab, name), "features"]],
                measured(rows, colour_scale), recorded,
                neuropal_id.page_table(rows, spacing),
                stack.read(file) if (file := stack_beside(source)).exists() else None,
                mirrored.loc[rows.index] if axes.doubtful else None,
                changed(previous.loc[rows.index], rows, sideless),
                json.loads(decided.loc[(lab, name), "statements"]) if before else (),
            )  # fmt: skip
            workbench.write(page, path / "neurons.html")
