"""Names neurons of whole worms from raw positions and channels: align, then name."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chromapal.columns import BODY
from chromapal.errors import InputError
from chromapal.files import read_json, write_json
from chromapal.identify import adapt, spurious
from chromapal.identify.align import Aligner
from chromapal.identify.alignment import Alignment
from chromapal.identify.assign import Calibration
from chromapal.identify.handedness import Handedness
from chromapal.identify.spurious import Spurious
from chromapal.identify.transformer import Transformer
from chromapal.identify.worm_batch import View
from chromapal.identify.worms import Worm, numbered, worms_of
from chromapal.prepare.features import channels
from chromapal.prepare.frame import is_aligned
from chromapal.worms.table import WORM

GRAY = "position+gray"  # what colours are predicted from
NETWORK, ALIGNERS, FACTS = "network", "aligners", "identifier.json"


@dataclass(frozen=True)
class Identified:
    """What an `Identifier` says about neurons.

    Attributes
    ----------
    probabilities : torch.Tensor, shape (n, K)
        Calibrated probabilities of the names.
    position : numpy.ndarray, shape (n, 3)
        Body axes [um].
    worms : pandas.DataFrame
        What was decided about each worm's axes (see `Handedness.decide`), its `features`, by
        which it was named, the `middle` of the body along left [um], and whether it was taken for
        `misshapen`. Empty where neurons were aligned already.
    mirrored : torch.Tensor, shape (n, K)
        The probabilities if the axes are the other way round, of worms of which this is doubtful;
        0 throughout for all others.
    mirrored_position : numpy.ndarray, shape (n, 3)
        The body axes [um] that those worms then have; 0 throughout for all others.
    spurious : numpy.ndarray, shape (n,)
        The probability of being spurious, no neuron, which those of names leave room for; 0 where
        this was not learnt.
    adapted : pandas.DataFrame
        How the channels of laboratories that training did not know differ; see
        `chromapal.identify.adapt.to_table`.
    """

    probabilities: torch.Tensor
    position: np.ndarray
    worms: pd.DataFrame
    mirrored: torch.Tensor
    mirrored_position: np.ndarray
    spurious: np.ndarray
    adapted: pd.DataFrame


class Identifier:
    """Names neurons from position and channels, and keeps what it takes to do so again.

    One transformer serves all feature sets; each has its own alignment and calibration. Neurons
    that have body axes already are named by those: a study aligns the worms of a fold once, by
    position and gray, for all methods that look at aligned worms.

    Parameters
    ----------
    params : chromapal.identify.settings.TransformerSettings
        Shape and training of the transformer.
    feature_sets : sequence of str
        Feature sets by which worms can be named.
    """

    def __init__(self, params, feature_sets: Sequence[str] = (GRAY,)):
        self.params = params
        self.feature_sets = tuple(feature_sets)
        self.alignments: dict[str, Alignment] = {}
        self.calibrations: dict[str, Calibration] = {}
        self.spurious: dict[str, Spurious] = {}

    def fit(
        self,
        neurons: pd.DataFrame,
        seed: int,
        device: str = "auto",
        checkpoints: str | os.PathLike | None = None,
    ) -> tuple[np.ndarray, torch.Tensor, np.ndarray]:
        """Learn from training worms; a feature set learns from those that have its channels.

        Parameters
        ----------
        neurons : pandas.DataFrame
            lab, worm, session, handedness, xr, yr, zr [um], name and channels of whole worms, and
            `chromapal.columns.BODY` [um] where they are aligned.
        seed : int
            Of the transformer.
        device : str
            Where it is trained; see `chromapal.training.device.choose`.
        checkpoints : path-like, optional
            Folder for its checkpoints; see `Transformer`.

        Returns
        -------
        rows : numpy.ndarray of int64
            Rows of neurons, of the first feature set, that some of the networks had not been
            trained on.
        probabilities : torch.Tensor, shape (rows, K)
            Their calibrated probabilities, as a new worm's would be.
        position : numpy.ndarray, shape (rows, 3)
            Their body axes [um].

        Raises
        ------
        InputError
            No named worm has the channels of a feature set.
        """
        table = numbered(neurons)
        aligned = is_aligned(table)
        views, bodies = {}, {}
        for features in self.feature_sets:
            columns = channels(features)
            complete = table[list(columns)].notna().all(axis=1)
            whole = complete.groupby([table["lab"], table["worm"]]).transform("all")
            training = [
                worm for worm in worms_of(table[whole], columns) if (worm.label != "").any()
            ]
            if not training:
                found = f"no worm with names and the channels of {features}"
                raise InputError("training worms", found, "at least one")
            if aligned:
                positions = _aligned_positions(table, training)
            else:
                self.alignments[features], positions = Alignment.fit(training, features)
            bodies[features] = training, positions
            names = np.concatenate([worm.label for worm in training])
            views[features] = _view(table, training, positions, columns, names)
        self.transformer = Transformer(self.params, seed, device, checkpoints).fit(views)
        self._views = views
        self.calibrations = {
            features: Calibration.fit(*self.transformer.held_out_[features]) for features in views
        }
        return self._held_out(table, *bodies[self.feature_sets[0]])

    def learn_spurious(self, seed: int):
        """Learn to tell spurious centres, from those planted in training worms.

        After `fit`; worms are asked about by networks and atlases that have not seen them.

        Parameters
        ----------
        seed : int
            Of what is planted.
        """
        self.spurious = spurious.learn(self.transformer, self._views, seed)

    def _held_out(
        self, table: pd.DataFrame, training: list[Worm], positions: list[np.ndarray]
    ) -> tuple[np.ndarray, torch.Tensor, np.ndarray]:
        """Return rows, probabilities and positions of held-out worms; see `fit`."""
        features = self.feature_sets[0]
        at = {number: index for index, number in enumerate(_numbers(table, training))}
        held = [at[number] for number in self.transformer.held_out_worms_[features]]
        # so few worms that none was held out leave no row
        rows = [np.zeros(0, dtype=np.int64), *(training[index].row for index in held)]
        blank = torch.zeros(0, len(self.transformer.classes_), dtype=torch.float64)
        calibration = self.calibrations[features]
        logs, _ = self.transformer.held_out_[features]
        return (
            np.concatenate(rows),
            torch.cat([blank, *(calibration.probabilities(log) for log in logs)]),
            np.concatenate([np.zeros((0, 3)), *(positions[index] for index in held)]),
        )

    def identify(self, neurons: pd.DataFrame, either_axes: bool = True) -> Identified:
        """Name neurons of whole worms; names that they carry are not looked at.

        Worms of a laboratory that training did not know adapt to each other; see
        `chromapal.identify.adapt`.

        Parameters
        ----------
        neurons : pandas.DataFrame
            As for `fit`; `features`, the feature set to name each worm by, where it is not the
            first one; and `misshapen`, where a worm may be (see `chromapal.identify.worms.Worm`).
        either_axes : bool
            Whether worms of doubtful axes are also named with the axes the other way round.
        """
        table = numbered(neurons).assign(name="")
        if "features" not in table:
            table["features"] = self.feature_sets[0]
        count, names = len(table), len(self.transformer.classes_)
        probability = torch.zeros(count, names, dtype=torch.float64)
        mirrored = torch.zeros_like(probability)
        position, mirrored_position = np.zeros((2, count, 3))
        none, mirrored_none = np.zeros((2, count))
        decided, adapted = [], []
        for features, rows in table.groupby("features", sort=True):
            columns = channels(features)
            worms = worms_of(rows, columns)
            doubtful: tuple[list, list] = [], []
            if features in self.alignments:
                alignment = self.alignments[features]
                positions, others, axes = alignment.align(worms)
                middle = alignment.aligner.symmetry.middle
                misshapen = [worm.misshapen for worm in worms]
                decided.append(axes.assign(features=features, middle=middle, misshapen=misshapen))
                undecided = np.flatnonzero(axes["doubtful"] & either_axes)
                doubtful = [worms[k] for k in undecided], [others[k] for k in undecided]
            else:
                positions = _aligned_positions(table, worms)
            view = _view(table, worms, positions, columns)
            shared_out = self.calibrations[features].probabilities
            local = adapt.adapt(self.transformer, features, view, shared_out)
            adapted.append(adapt.to_table(self.transformer, features, local))
            transformer = self.transformer.with_local(features, local)
            self._fill(probability, transformer, table, features, worms, positions, none)
            self._fill(mirrored, transformer, table, features, *doubtful, mirrored_none)
            for worm, own in zip(worms, positions, strict=True):
                position[worm.row] = own
            for worm, own in zip(*doubtful, strict=True):
                mirrored_position[worm.row] = own
        worms = pd.concat(decided, ignore_index=True) if decided else pd.DataFrame()
        kept = pd.concat(adapted, ignore_index=True) if adapted else pd.DataFrame()
        return Identified(probability, position, worms, mirrored, mirrored_position, none, kept)

    def _fill(
        self,
        probability: torch.Tensor,
        transformer: Transformer,
        table: pd.DataFrame,
        features: str,
        worms: list[Worm],
        positions: list[np.ndarray],
        none: np.ndarray,
    ):
        """Fill in what is known of some worms of a table in body axes.

        The probabilities of names, (n, K), and those of being spurious, (n,).
        """
        if not worms:
            return
        view = _view(table, worms, positions, channels(features))
        log = torch.from_numpy(transformer.predict_log_proba(features, view))
        logs = log.split([len(worm.row) for worm in worms])
        for worm, part in zip(worms, logs, strict=True):
            probability[worm.row.copy()] = self.calibrations[features].probabilities(part)
        if features not in self.spurious:
            return
        densities = transformer.density(features, view)
        numbers = _numbers(table, worms)
        for number, worm, part, own in zip(numbers, worms, logs, positions, strict=True):
            values = spurious.inputs(part, densities[number], own)
            none[worm.row] = self.spurious[features].probability(values)
            probability[worm.row.copy()] *= torch.from_numpy(1 - none[worm.row])[:, None]

    def save(self, folder: str | os.PathLike):
        """Write aligners, networks (safetensors) and facts (JSON) into a folder."""
        folder = Path(folder)
        self.transformer.save(folder / NETWORK, self.feature_sets)
        facts = {}
        for features in self.feature_sets:
            facts[features] = {"calibration": dataclasses.asdict(self.calibrations[features])}
            if features in self.spurious:
                facts[features]["spurious"] = self.spurious[features].to_json()
            if features in self.alignments:
                alignment = self.alignments[features]
                alignment.aligner.save(folder / ALIGNERS / features)
                handedness = alignment.handedness
                facts[features] |= {
                    "known": handedness.known.to_dict("list"),
                    "slope": handedness.slope,
                }
        # in order, as JSON sorts keys
        content = {"feature_sets": list(self.feature_sets), "features": facts}
        write_json(content, folder / FACTS)

    def load(self, folder: str | os.PathLike) -> "Identifier":
        """Read what `save` wrote."""
        folder = Path(folder)
        content = read_json(folder / FACTS)
        facts, self.feature_sets = content["features"], tuple(content["feature_sets"])
        self.calibrations = {
            features: Calibration(**each["calibration"]) for features, each in facts.items()
        }
        self.spurious = {
            features: Spurious.from_json(each["spurious"])
            for features, each in facts.items()
            if "spurious" in each
        }
        self.alignments = {
            features: Alignment(
                Aligner.load(folder / ALIGNERS / features),
                Handedness(pd.DataFrame(each["known"]), each["slope"]),
            )
            for features, each in facts.items()
            if "known" in each
        }
        self.transformer = Transformer.load(folder / NETWORK, self.params)
        return self


def _numbers(table: pd.DataFrame, worms: Sequence[Worm]) -> list[int]:
    """Return the number of each worm among those of a table, in its order."""
    number = table.groupby(WORM, sort=False).ngroup().to_numpy()
    return [int(number[worm.row[0]]) for worm in worms]


def _aligned_positions(table: pd.DataFrame, worms: Sequence[Worm]) -> list[np.ndarray]:
    """Return the body axes that a table has already, (n, 3) per worm."""
    body = table[list(BODY)].to_numpy(dtype=np.float64)
    return [body[worm.row] for worm in worms]


def _view(
    table: pd.DataFrame,
    worms: Sequence[Worm],
    positions: Sequence[np.ndarray],
    columns: Sequence[str],
    names: np.ndarray | None = None,
) -> View:
    """Return worms in body axes with some channels, as the transformer takes them."""
    rows = np.concatenate([worm.row for worm in worms])
    values = pd.DataFrame(np.concatenate(positions), columns=list(BODY))
    values[list(columns)] = table[list(columns)].to_numpy()[rows]
    sizes = [len(worm.row) for worm in worms]
    laboratory = np.repeat([worm.lab for worm in worms], sizes)
    return View(values, np.repeat(_numbers(table, worms), sizes), laboratory, names)
