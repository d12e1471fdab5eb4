"""What colour a neuron has, given what it may be called: identify, then colour."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from chromapal.columns import BODY, COLOUR
from chromapal.files import read_json, whole, write_json
from chromapal.identify import align, run
from chromapal.identify.align import Aligner
from chromapal.identify.assign import Calibration
from chromapal.identify.atlas import Atlas, NameDistribution
from chromapal.identify.handedness import Handedness
from chromapal.identify.transformer import Transformer
from chromapal.identify.worm_batch import Scores
from chromapal.identify.worms import Worm, worms_of
from chromapal.prepare.frame import is_aligned
from chromapal.prepare.variants import BACKGROUND

CHANNELS = ("gray",)
COLUMNS = [*BODY, *CHANNELS]


@dataclass(frozen=True)
class NameColours:
    """Colours per name: Gaussian of gray and colour together, conditional on gray.

    Attributes
    ----------
    joint : NameDistribution
        Gray, red, green, blue per name, with what laboratories differ in.
    """

    joint: NameDistribution

    def given(self, gray: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and variance of colour per neuron and name.

        The conditional of a Gaussian (Bishop 2006, "Pattern recognition and machine learning",
        section 2.3.1): mu_c + S_cg / S_gg (gray - mu_g), and S_cc - S_cg S_gc / S_gg.

        Parameters
        ----------
        gray : torch.Tensor, shape (n,)
            Gray on the study's scale.

        Returns
        -------
        mean : torch.Tensor, shape (n, K, 3)
            Expected red, green, blue.
        variance : torch.Tensor, shape (K, 3)
            Their variance, whatever the gray.
        """
        mean, spread = self.joint.mean, self.joint.covariance
        slope = spread[:, 1:, 0] / spread[:, :1, 0]
        away = gray[:, None, None] - mean[None, :, :1]
        variance = spread.diagonal(dim1=1, dim2=2)[:, 1:] - slope * spread[:, 0, 1:]
        return mean[None, :, 1:] + slope * away, variance.clamp(min=0)

    def at(self, laboratory: str) -> "NameColours":
        """Return the colours that names have in a laboratory's worms; see `NameDistribution.at`."""
        return NameColours(self.joint.at(laboratory))

    def expected(
        self, probability: torch.Tensor, gray: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Average over what a neuron may be called.

        Parameters
        ----------
        probability : torch.Tensor, shape (n, K)
            Probabilities of names; what is left for no name is spread over them in proportion.
        gray : torch.Tensor, shape (n,)
            Gray on the study's scale.

        Returns
        -------
        colour, deviation : torch.Tensor, shape (n, 3)
            Expected colour, and the standard deviation of colour: of names, and within them.
        """
        total = probability.sum(1, keepdim=True)
        even = torch.full_like(probability, 1 / probability.shape[1])
        probability = torch.where(total > 1e-9, probability / total.clamp(min=1e-9), even)
        mean, variance = self.given(gray)
        colour = (probability[..., None] * mean).sum(1)
        square = (probability[..., None] * (mean.square() + variance)).sum(1)
        return colour, (square - colour.square()).clamp(min=0).sqrt()


@dataclass
class Alignment:
    """Brings worms into body axes by position and gray.

    Attributes
    ----------
    aligner : Aligner
        Learnt from training worms.
    hands : Handedness
        What they say about handedness.
    """

    aligner: Aligner
    hands: Handedness

    @classmethod
    def fit(cls, table: pd.DataFrame, training: list[Worm]) -> tuple["Alignment", pd.DataFrame]:
        """Learn from training worms, and return their neurons in body axes too.

        Every training worm is aligned by what the others teach, as a new one will be.
        """
        aligner, aligned, mirror = align.fit(training, "nonrigid", run.progress_of("learn atlas"))
        hands = run.learn_handedness(training, aligned, mirror)
        chosen = run.training_handedness(hands, training, aligned, mirror)
        return cls(aligner, hands), body_axes_table(table, training, aligned, chosen)

    def align(self, table: pd.DataFrame, tested: list[Worm]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return new worms' neurons in body axes, and what was decided about their axes."""
        found = [self.aligner.align(worm) for worm in tested]
        worms = run.decide(self.hands, tested, found)
        chosen = worms["chosen"].to_numpy(dtype=float)
        return body_axes_table(table, tested, found, chosen), worms


class Identifier:
    """Names neurons from position and gray alone, and keeps what it takes to do so again.

    Neurons that have body axes already are named by those: a study aligns the worms of a fold once,
    by position and gray, for all methods that look at aligned worms.

    Parameters
    ----------
    params : chromapal.identify.settings.TransformerSettings
        Shape and training of the transformer.
    """

    def __init__(self, params):
        self.params = params

    def fit(
        self,
        neurons: pd.DataFrame,
        seed: int,
        device: str = "auto",
        checkpoints: str | os.PathLike | None = None,
    ) -> tuple[np.ndarray, torch.Tensor, np.ndarray]:
        """Learn from training worms.

        Parameters
        ----------
        neurons : pandas.DataFrame
            lab, worm, session, handedness, xr, yr, zr [um], name and gray of whole worms, and
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
            Rows of neurons that some of the networks had not been trained on.
        probabilities : torch.Tensor, shape (rows, K)
            Their calibrated probabilities, as a new worm's would be.
        position : numpy.ndarray, shape (rows, 3)
            Their body axes [um].
        """
        table = numbered(neurons)
        training = [worm for worm in worms_of(table, CHANNELS) if (worm.label != "").any()]
        if is_aligned(table):
            self.alignment, body = None, by_worm(table, training)
        else:
            self.alignment, body = Alignment.fit(table, training)
        label = np.concatenate([worm.label for worm in training])
        self.transformer = Transformer(self.params, seed, device, checkpoints)
        self.transformer.fit(body[COLUMNS], label, body["worm"], body["lab"])
        logs, truths = self.transformer.held_out_
        self.calibration = Calibration.fit(logs, truths)
        # so few worms that none was held out leave no row
        held = self.transformer.held_out_worms_
        rows = np.concatenate(
            [np.zeros(0, dtype=np.int64), *(training[index].row for index in held)]
        )
        probabilities = [self.calibration.probabilities(log) for log in logs]
        blank = torch.zeros(0, len(self.transformer.classes_), dtype=torch.float64)
        position = body.set_index("row").loc[rows, list(BODY)].to_numpy()
        return rows, torch.cat([blank, *probabilities]), position

    def probabilities(self, neurons: pd.DataFrame) -> tuple[torch.Tensor, np.ndarray, pd.DataFrame]:
        """Return calibrated probabilities of the names `transformer.classes_`, and body axes.

        Returns
        -------
        probabilities : torch.Tensor, shape (n, K)
            Probabilities.
        position : numpy.ndarray, shape (n, 3)
            Body axes [um].
        worms : pandas.DataFrame
            What was decided about each worm's axes; see `Handedness.decide`. Empty where neurons
            were aligned already.
        """
        table = numbered(neurons).assign(name="")
        tested = worms_of(table, CHANNELS)
        if self.alignment is None:
            body, worms = by_worm(table, tested), pd.DataFrame()
        else:
            body, worms = self.alignment.align(table, tested)
        log = torch.from_numpy(
            self.transformer.predict_log_proba(body[COLUMNS], body["worm"], body["lab"])
        )
        probability = torch.zeros(len(table), log.shape[1], dtype=torch.float64)
        for rows in body.groupby("worm").indices.values():
            where = body["row"].to_numpy()[rows]
            probability[where] = self.calibration.probabilities(log[rows])
        position = body.set_index("row").loc[np.arange(len(table)), list(BODY)].to_numpy()
        return probability, position, worms

    def save(self, folder):
        """Write atlases, networks (safetensors) and facts (JSON) into a folder."""
        handedness = {}
        if self.alignment:
            self.alignment.aligner.save(folder / "aligner")
            hands = self.alignment.hands
            handedness = {"known": hands.known.to_dict("list"), "slope": hands.slope}
        self.transformer.atlas_.atlas.save(folder / "context")
        for number, network in enumerate(self.transformer.networks_):
            with whole(folder / f"network{number}.safetensors") as part:
                save_file({k: v.contiguous() for k, v in network.state_dict().items()}, part)
        write_json(
            {
                **handedness,
                "calibration": dataclasses.asdict(self.calibration),
                "names": self.transformer.classes_.tolist(),
                "columns": self.transformer.atlas_.columns.tolist(),
                "centre": self.transformer.centre_.tolist(),
                "unit": self.transformer.unit_,
                "networks": len(self.transformer.networks_),
            },
            folder / "identifier.json",
        )

    def load(self, folder) -> "Identifier":
        """Read what `save` wrote."""
        facts = read_json(folder / "identifier.json")
        self.alignment = None
        if "known" in facts:
            hands = Handedness(pd.DataFrame(facts["known"]), facts["slope"])
            self.alignment = Alignment(Aligner.load(folder / "aligner"), hands)
        self.calibration = Calibration(**facts["calibration"])
        names = facts["names"]
        made = Transformer(self.params, 0)
        made.classes_ = np.array(names, dtype=str)
        made.centre_ = torch.tensor(facts["centre"], dtype=torch.float64)
        made.unit_ = facts["unit"]
        columns = torch.tensor(facts["columns"])
        made.atlas_ = Scores(Atlas.load(folder / "context"), columns, len(names))
        made.networks_ = []
        for number in range(facts["networks"]):
            # of the size that its parameters state no memory is taken, only what the file holds
            with torch.device("meta"):
                network = made.network(len(CHANNELS))
            weights = load_file(folder / f"network{number}.safetensors")
            network.load_state_dict(weights, assign=True)
            made.networks_.append(network.eval())
        self.transformer = made
        return self


def numbered(neurons: pd.DataFrame) -> pd.DataFrame:
    """Return rows numbered from 0, the name of background emptied, as it is none."""
    name = neurons["name"].mask(neurons["name"].eq(BACKGROUND), "")
    return neurons.assign(row=np.arange(len(neurons), dtype=np.int64), name=name)


def by_worm(table: pd.DataFrame, some: Sequence[Worm]) -> pd.DataFrame:
    """Return neurons that have body axes already as `body_axes_table` does."""
    return pd.concat(
        [
            table.loc[worm.row, [*BODY, "row", "lab", "gray"]].assign(worm=number)
            for number, worm in enumerate(some)
        ],
        ignore_index=True,
    )


def body_axes_table(
    table: pd.DataFrame, some: Sequence[Worm], aligned: Sequence, chosen: np.ndarray
) -> pd.DataFrame:
    """Return aligned neurons with their gray: row, worm, lab, body axes, gray."""
    gray = table["gray"].to_numpy()
    parts = [
        run.body_axes_table(worm, result, sign).assign(
            worm=number, lab=worm.lab, gray=gray[worm.row]
        )
        for number, (worm, result, sign) in enumerate(zip(some, aligned, chosen, strict=True))
    ]
    return pd.concat(parts, ignore_index=True)


def learn_colours(neurons: pd.DataFrame, names: np.ndarray) -> NameColours:
    """Learn colours per name from training neurons that have one of the names."""
    table = numbered(neurons)
    known = table["name"].isin(names) & table[list(COLOUR)].notna().all(axis=1)
    values = torch.tensor(table.loc[known, [*CHANNELS, *COLOUR]].to_numpy(dtype=np.float64))
    number = torch.from_numpy(np.searchsorted(names, table.loc[known, "name"].to_numpy(dtype=str)))
    lab = table.loc[known, "lab"].to_numpy(dtype=str)
    return NameColours(NameDistribution.fit(values, number, len(names), laboratory=lab))
