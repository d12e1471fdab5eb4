"""An audit in one line; as a program: `python -m chromapal.audit.headline results/STUDY/audit`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from chromapal.evaluate.tables.read import read_csv
from chromapal.worms.table import WORM


def sentence(names: pd.DataFrame) -> str:
    """Say how many names contradict the rest, and how many would if every label were right.

    Parameters
    ----------
    names : pandas.DataFrame
        lab, worm, flagged (0, 1) and chance (how probably it would be flagged if it were right) of
        every judged name.

    Returns
    -------
    str
        Names of a worm stand or fall together, so that their number varies more than that of
        independent events: no limit is stated, only what is expected.
    """
    flagged = names[names["flagged"].eq(1)]
    animals = len(flagged.drop_duplicates(WORM))
    expected = round(names["chance"].sum())
    return (
        f"{len(flagged):,} of {len(names):,} names, of {animals} "
        f"{'animal' if animals == 1 else 'animals'}, contradict the rest; "
        f"if every label were right, about {expected:,} would"
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
