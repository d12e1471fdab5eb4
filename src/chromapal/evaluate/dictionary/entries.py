"""What the column dictionary says of a column and of a table; standard library only."""

from dataclasses import dataclass

TEXT = "text"
FRACTION = "fraction"
UNIT = "0 to 1"
COUNT = "count"
LOSS = "loss"
RATIO = "ratio"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        As in the file's first line.
    unit : str
        `text` for what is not a number.
    meaning : str
        One sentence, with the source of a formula.
    """

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes
    ----------
    path : str
        Below the folder of a study's results, or of applied results.
    meaning : str
        What a row is.
    keys : tuple of str
        The columns that identify a row.
    columns : tuple of Column
        In the order of the file.
    """

    path: str
    meaning: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    @property
    def units(self) -> dict[str, str]:
        """The columns' units, by name."""
        return {column.name: column.unit for column in self.columns}
