"""An audit in one line; as a program: `python -m chromapal.audit.headline results/STUDY/audit`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from chromapal.evaluate.tables.read import read_csv
from chromapal.worms.table import WORM


def sentence(names: pd.DataFrame) -> str:
    """Say how many names contradict the rest, and how many of them are to be expected by chance.

    Parameters
    ----------
    names : pandas.DataFrame
        lab, worm, flagged (0, 1) and chance of every judged name.
    """
    flagged = names[names["flagged"].eq(1)]
    animals = len(flagged.drop_duplicates(WORM))
    count, by_chance = len(flagged), min(len(flagged), round(names["chance"].sum()))
    return (
        f"{count} {'name' if count == 1 else 'names'} of {animals} "
        f"{'animal' if animals == 1 else 'animals'} "
        f"{'contradicts' if count == 1 else 'contradict'} the rest; "
        f"about {by_chance} of them by chance"
    )


def main(arguments: Sequence[str] | None = None):
    """Print the line, and where the page is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("audit", type=Path, help="the audit's folder, results/STUDY/audit")
    folder = parser.parse_args(arguments).audit
    print(f"Page: {folder}/audit.html")
    print(sentence(read_csv(folder / "names.csv")))


if __name__ == "__main__":
    main()
