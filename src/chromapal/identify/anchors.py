"""What a person knows about a worm."""

import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
import torch

from chromapal import sheet
from chromapal.errors import InputError
from chromapal.identify.align import Aligner
from chromapal.worms import names as neuron_names
from chromapal.worms import table
from chromapal.worms.collect import HANDEDNESS

FORBIDDEN = -1e4
NO_CELL = "-"
# Statements about where a neuron lies: axis of the body, and on which side of its middle.
WHERE = {
    "nose": (0, -1),
    "tail": (0, 1),
    "dorsal": (1, 1),
    "ventral": (1, -1),
    "left": (2, 1),
    "right": (2, -1),
}
# Statements about the worm as a whole: its axes, as the config key `handedness` has them.
AXES = {f"handedness={word}": sign for word, sign in HANDEDNESS.items() if word}
COLUMNS = ("neuron", "says")
WORM = -1  # in place of a neuron's number: what is stated of the whole worm
MAYBE = "maybe"  # in column `sure`: a person doubts the statement
_NUMBER = re.compile(r"[0-9]{1,9}(\.0{0,9})?")


@dataclass(frozen=True)
class Anchors:
    """What a person states about the neurons of one worm.

    Attributes
    ----------
    names : dict of int to str
        Fixed names, by number of the neuron within the worm, from 0.
    excluded : frozenset of int
        Neurons that are none.
    where : dict of int to str
        Words of `WHERE`.
    partial : dict of int to str
        Names that leave open which neuron it is (`AVA`, `SIA?L`).
    axes : int
        The worm's axes: 1 right-handed, -1 mirrored, 0 for nothing.
    maybe : frozenset of int
        Neurons, or `WORM`, of which the person doubts what is stated; it counts all the same.
    who : dict of int to str
        Who stated it, by neuron or `WORM`, where that is known.
    """

    names: dict[int, str] = field(default_factory=dict)
    excluded: frozenset[int] = frozenset()
    where: dict[int, str] = field(default_factory=dict)
    partial: dict[int, str] = field(default_factory=dict)
    axes: int = 0
    maybe: frozenset[int] = frozenset()
    who: dict[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | os.PathLike, count: int) -> "Anchors":
        """Read a CSV of anchors.

        Columns `neuron` (number within the worm, from 0, as in the table of its names; `1.0` is 1)
        and `says`, of which an empty cell states nothing: a neuron's name or partial name, in any
        form that labels may have; `-` for what is no neuron; or `nose`, `tail`, `dorsal`,
        `ventral`, `left`, `right`, in letters of any case, for where it lies. One row may have an
        empty `neuron`, and `handedness=right` or `handedness=mirrored`: the worm's axes.
        Columns `sure` (`maybe` for a doubt) and `who` may be absent.

        Parameters
        ----------
        path : path-like
            The file.
        count : int
            How many neurons the worm has.

        Raises
        ------
        InputError
            The file cannot be read, a number is no neuron's, a neuron or the axes are spoken of
            twice, or two neurons are given one name.
        """
        columns, lines, rows = sheet.read(path, short=True)
        if not set(COLUMNS) <= set(columns):
            raise InputError(
                path, f"columns {sheet.head(columns)}", f"columns {', '.join(COLUMNS)}"
            )
        places = [columns.index(name) for name in COLUMNS]
        beside = {name: columns.index(name) for name in ("sure", "who") if name in columns}
        maybe: set[int] = set()
        who: dict[int, str] = {}
        statements: dict[int, str] = {}
        axes = 0
        for line, row in zip(lines, rows, strict=True):
            number, statement = (row[place].strip() for place in places)
            if not statement:
                continue  # a copy of the table of names has an empty cell for most neurons
            word = _clean(statement)
            doubt, person = (
                row[beside[name]].strip() if name in beside else "" for name in ("sure", "who")
            )
            where = f"{path}, line {line}"
            if word in AXES:
                if number:
                    found, advice = f"{word} of neuron {number[:20]!r}", "axes are the whole worm's"
                    raise InputError(where, found, "an empty cell in column neuron", advice)
                if axes:
                    raise InputError(where, "the worm's axes a second time", "one line about them")
                axes = AXES[word]
                maybe |= {WORM} if doubt == MAYBE else set()
                who |= {WORM: person} if person else {}
                continue
            if not _NUMBER.fullmatch(number) or float(number) >= count:
                raise InputError(
                    where, f"neuron {number[:20]!r}", f"a number from 0 to {count - 1}"
                )
            number = int(float(number))
            if not word:
                raise InputError(where, "nothing said", "a name, '-', or where the neuron lies")
            if number in statements:
                raise InputError(where, f"neuron {number} a second time", "one line per neuron")
            statements[number] = word
            maybe |= {number} if doubt == MAYBE else set()
            who |= {number: person} if person else {}
        called = {
            n: word for n, word in statements.items() if word != NO_CELL and word not in WHERE
        }
        names = {n: word for n, word in called.items() if not neuron_names.is_partial(word)}
        twice = sorted({word for word in names.values() if list(names.values()).count(word) > 1})
        if twice:
            raise InputError(path, f"name {twice[0]} for two neurons", "a name once")
        return cls(
            names,
            frozenset(n for n, word in statements.items() if word == NO_CELL),
            {n: word for n, word in statements.items() if word in WHERE},
            {n: word for n, word in called.items() if n not in names},
            axes,
            frozenset(maybe),
            who,
        )

    def words(self) -> dict[int, str]:
        """Return what is stated of each neuron, by its number."""
        named = self.names | self.where | self.partial
        return dict.fromkeys(self.excluded, NO_CELL) | named

    def statements(self) -> list[dict]:
        """Return all that is stated, as the page of a new worm holds it.

        Returns
        -------
        list of dict
            neuron (`WORM` for the axes, which come first), says, maybe, and who where it is known;
            by neuron.
        """
        words = self.words()
        if self.axes:
            words[WORM] = next(word for word, sign in AXES.items() if sign == self.axes)
        return [
            {"neuron": number, "says": words[number], "maybe": number in self.maybe}
            | ({"who": self.who[number]} if number in self.who else {})
            for number in sorted(words)
        ]

    def unknown(self, known: Sequence[str]) -> dict[str, list[str]]:
        """Return the stated names that an atlas does not know, each with those most like it."""
        stated = {*self.names.values(), *self.partial.values()}
        return {
            name: difflib.get_close_matches(name.upper(), known, n=3, cutoff=0)
            for name in sorted(stated)
            if not neuron_names.denoted(name, known) & set(known)
        }

    def allowed(self, known: Sequence[str], count: int) -> torch.Tensor:
        """Return which names the neurons may still have, by their stated names.

        Parameters
        ----------
        known : sequence of str, length K
            All names.
        count : int
            How many neurons the worm has.

        Returns
        -------
        torch.Tensor of bool, shape (count, K)
            A neuron with a name that is not known, or a partial one of which no member is known,
            may have none; neither may what is no neuron.
        """
        column_of = {name: column for column, name in enumerate(known)}
        allowed = torch.ones(count, len(column_of), dtype=torch.bool)
        for neuron, label in self.partial.items():
            members = neuron_names.denoted(label, known)
            allowed[neuron] = torch.tensor([name in members for name in known])
        for neuron in self.excluded:
            allowed[neuron] = False
        for neuron, name in self.names.items():
            allowed[neuron] = False
            if name in column_of:
                allowed[:, column_of[name]] = False
        for neuron, name in self.names.items():
            if name in column_of:
                allowed[neuron, column_of[name]] = True
        return allowed

    def fixed(self, aligner: Aligner, count: int) -> torch.Tensor:
        """Return which names the neurons may still have, by all that is stated.

        Returns
        -------
        torch.Tensor, shape (count, K)
            0, or `FORBIDDEN`.
        """
        atlas = aligner.atlas
        allowed = self.allowed(atlas.names, count)
        middle = atlas.position.mean.median(0).values.clone()
        middle[2] = aligner.symmetry.middle
        for neuron, word in self.where.items():
            axis, side = WHERE[word]
            allowed[neuron] &= (atlas.position.mean[:, axis] - middle[axis]) * side > 0
        return torch.where(allowed, 0.0, FORBIDDEN).to(torch.float64)


def _clean(word: str) -> str:
    """Bring a statement into the form that words and names are compared in."""
    if word == NO_CELL or word.lower() in {*WHERE, *AXES}:
        return word.lower()
    return str(table.clean_name(pd.Series([word], dtype="str")).iloc[0])
