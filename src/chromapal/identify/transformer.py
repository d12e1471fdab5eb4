"""The transformer: trained on whole worms, members averaged, the atlas beside them."""

import copy
import dataclasses
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from chromapal.files import read_json, whole, write_json
from chromapal.identify.assign import UNKNOWN
from chromapal.identify.atlas import Atlas
from chromapal.identify.context import ContextNetwork
from chromapal.identify.worm_batch import Scores, View, WormBatch, without
from chromapal.training.device import choose

HELD = 8  # one in so many worms is held out of a member, to calibrate on
SIZE_UM = 20.0  # root mean square distance from the centre that positions are brought to
FACTS, ATLASES = "transformer.json", "atlases"
# beside the networks of a fold, by feature set: `Calibration`, and classes of `queue.landmarks`
CALIBRATIONS, LANDMARKS = "calibrations.json", "landmarks.json"


class Transformer:
    """Names all neurons of a worm at once, from whichever feature set shows it.

    One network learns from the views of all feature sets in turn, so that a worm without colour
    teaches those that have it, and one network serves them all. Each feature set has an atlas of
    its own, from which networks start and whose scores, of channels without shading, are added to
    theirs. Members are trained without one part of the worms, in no view; what they say about
    that part calibrates probabilities.

    Parameters
    ----------
    params : chromapal.identify.settings.TransformerSettings
        Shape and training.
    seed : int
        Of weights, order and augmentation.
    device : {"auto", "cpu", "cuda", "mps"}
        Where the networks are trained; see `chromapal.training.device.choose`.
    checkpoints : path-like, optional
        Folder for checkpoints. A fit that was killed goes on from there, and ends as if it had
        not been: finished members are taken over, the one that was under way goes on from a step.
        The files are named by content, so that several fits may share a folder; who gives it
        removes it once the results are written.

    Attributes
    ----------
    classes_ : numpy.ndarray of str, shape (K,)
        Names, sorted.
    channels_ : list of str, length C
        All channels of all views, in the order in which the networks expect them.
    held_out_ : dict of str to (list of torch.Tensor, list of numpy.ndarray)
        By feature set: log scores (n, K) of worms by a member that was not trained on them, and
        the numbers of their names, `UNKNOWN` where unlabelled.
    held_out_worms_ : dict of str to list of int
        The numbers of those worms.
    """

    def __init__(
        self,
        params,
        seed: int,
        device: str = "auto",
        checkpoints: str | os.PathLike | None = None,
    ):
        self.params = params
        self.seed = seed
        self.device = device
        self.checkpoints = checkpoints

    def fit(self, views: Mapping[str, View]):
        """Train the members.

        Parameters
        ----------
        views : mapping of str to View
            By feature set: whole worms with their names, unlabelled neurons among them.
        """
        # imported here: Lightning takes seconds, and naming does without
        from chromapal.identify.member import train

        names = np.concatenate([view.name for view in views.values()])
        self.classes_ = np.unique(names[names != ""])
        self.channels_ = list(
            dict.fromkeys(itertools.chain.from_iterable(view.channels for view in views.values()))
        )
        position = torch.cat([view.positions() for view in views.values()])
        self.centre_ = position.mean(0)
        self.unit_ = float((position - self.centre_).square().sum(1).mean().sqrt()) / SIZE_UM or 1.0
        batches = {features: self._batch(view) for features, view in views.items()}
        members = max(1, min(self.params.members, HELD))
        width = len(self.classes_)
        self.atlas_ = {name: Scores.fit(worms, width) for name, worms in batches.items()}
        self.networks_: list[ContextNetwork] = []
        self.device_ = choose(self.device, "fp32", 1)
        numbers = sorted({number for worms in batches.values() for number in worms.numbers})
        self._held: dict[int, int] = {}
        self._held_atlas: dict[tuple[str, int], Scores] = {}
        for member in range(members):
            held = {number for number in numbers if number % HELD == HELD - 1 - member}
            rest = {features: without(worms, held) for features, worms in batches.items()}
            network = train(
                self.network,
                list(rest.values()),
                self.params,
                self.seed + member,
                self.device_.name,
                self.checkpoints,
            )
            self.networks_.append(network)
            self._held |= dict.fromkeys(held, member)
            for features, worms in batches.items():
                if held & set(worms.numbers):
                    self._held_atlas[features, member] = Scores.fit(rest[features], width)
        self.held_out_, self.held_out_worms_ = {}, {}
        for features, view in views.items():
            held_out, worms = self.held_out_logs(features, view), batches[features]
            rows = dict(zip(worms.numbers, worms.rows, strict=True))
            truths = [worms.name[rows[number]].numpy() for number in held_out]
            known = [np.where(truth >= 0, truth, UNKNOWN) for truth in truths]
            self.held_out_[features] = list(held_out.values()), known
            self.held_out_worms_[features] = list(held_out)
        self.summary_ = f"{members} networks of {self.params.steps} steps, {self.device_}"
        return self

    def held_out_logs(self, features: str, view: View) -> dict[int, torch.Tensor]:
        """Return log scores of training worms by a member that was not trained on them.

        Parameters
        ----------
        features : str
            The feature set.
        view : View
            Training worms, by their numbers in `fit`; their neurons may be others. Names are not
            looked at.

        Returns
        -------
        dict of int to torch.Tensor, shape (n, K)
            By the worm's number, member by member; worms that no member was held out of are left
            out.
        """
        worms = self._batch(dataclasses.replace(view, name=None, weight=None))
        known = [
            (self._held[number], index)
            for index, number in enumerate(worms.numbers)
            if number in self._held
        ]
        return {
            worms.numbers[index]: self._log(
                [self.networks_[member]], self._held_atlas[features, member], worms, index
            )
            for member, index in sorted(known)
        }

    def density(self, features: str, view: View, held_out: bool = False) -> dict[int, torch.Tensor]:
        """Return log densities of worms' neurons under the atlas, whatever their names.

        Parameters
        ----------
        features : str
            The feature set.
        view : View
            The worms; names are not looked at.
        held_out : bool
            Whether these are training worms, each asked about in an atlas that has not seen it;
            those that no member was held out of are left out.

        Returns
        -------
        dict of int to torch.Tensor, shape (n,)
            By the worm's number.
        """
        worms = self._batch(dataclasses.replace(view, name=None, weight=None))
        found = {}
        for number, rows, lab in zip(worms.numbers, worms.rows, worms.laboratories, strict=True):
            if held_out and number not in self._held:
                continue
            scores = self.atlas_[features]
            if held_out:
                scores = self._held_atlas[features, self._held[number]]
            found[number] = scores.density(worms.position[rows], worms.channels[rows], lab)
        return found

    def predict_log_proba(
        self, features: str, view: View, anchors: np.ndarray | None = None
    ) -> np.ndarray:
        """Return log probabilities of names, of whole worms.

        Parameters
        ----------
        features : str
            The feature set.
        view : View
            The worms; names are not looked at.
        anchors : numpy.ndarray of str, shape (n,), optional
            Names that a person has given, "" elsewhere. Those that training did not know say
            nothing.

        Returns
        -------
        numpy.ndarray, shape (n, K)
            Log probabilities.
        """
        worms = self._batch(dataclasses.replace(view, name=None, weight=None))
        anchor = torch.full((len(view.values),), -1)
        if anchors is not None:
            known = np.isin(anchors, self.classes_)
            number = np.where(known, np.searchsorted(self.classes_, anchors), -1)
            anchor = torch.from_numpy(number)
        found = torch.zeros(len(view.values), len(self.classes_), dtype=torch.float64)
        for index, rows in enumerate(worms.rows):
            found[rows] = self._log(
                self.networks_, self.atlas_[features], worms, index, anchor[rows]
            )
        return torch.log_softmax(found, 1).numpy()

    def with_local(self, features: str, local: Mapping[str, torch.Tensor]) -> "Transformer":
        """Return a copy that knows how channels of further laboratories differ.

        Parameters
        ----------
        features : str
            The feature set.
        local : mapping of str to torch.Tensor, shape (names of its atlas, channels)
            By laboratory; see `NameDistribution.learn_local`.
        """
        scores = self.atlas_[features]
        channels = scores.atlas.channels
        channels = dataclasses.replace(channels, local={**channels.local, **local})
        atlas = dataclasses.replace(scores.atlas, channels=channels)
        made = copy.copy(self)
        made.atlas_ = {**self.atlas_, features: dataclasses.replace(scores, atlas=atlas)}
        return made

    def network(self) -> ContextNetwork:
        """Make an untrained network."""
        params = self.params
        shape = params.width, params.layers, params.heads, params.dropout
        return ContextNetwork(len(self.classes_), len(self.channels_), *shape)

    def save(self, folder: str | os.PathLike, feature_sets: Sequence[str] | None = None):
        """Write networks (safetensors), atlases and facts (JSON) into a folder.

        Parameters
        ----------
        folder : path-like
            The folder; created if absent.
        feature_sets : sequence of str, optional
            Feature sets that the copy will serve; all where it is not given.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        columns = {}
        for features in self.atlas_ if feature_sets is None else feature_sets:
            scores = self.atlas_[features]
            scores.atlas.save(folder / ATLASES / features)
            columns[features] = scores.columns.tolist()
        for number, network in enumerate(self.networks_):
            weights = {name: value.contiguous() for name, value in network.state_dict().items()}
            with whole(folder / f"network{number}.safetensors") as part:
                save_file(weights, part)
        write_json(
            {
                "names": self.classes_.tolist(),
                "channels": self.channels_,
                "columns": columns,
                "centre": self.centre_.tolist(),
                "unit": self.unit_,
                "networks": len(self.networks_),
            },
            folder / FACTS,
        )

    @classmethod
    def load(cls, folder: str | os.PathLike, params) -> "Transformer":
        """Read what `save` wrote of a transformer with these parameters."""
        folder = Path(folder)
        facts = read_json(folder / FACTS)
        made = cls(params, 0)
        made.classes_ = np.array(facts["names"], dtype=str)
        made.channels_ = facts["channels"]
        made.centre_ = torch.tensor(facts["centre"], dtype=torch.float64)
        made.unit_ = facts["unit"]
        made.atlas_ = {
            features: Scores(
                Atlas.load(folder / ATLASES / features), torch.tensor(columns), len(made.classes_)
            )
            for features, columns in facts["columns"].items()
        }
        made.networks_ = []
        for number in range(facts["networks"]):
            # of the size that its parameters state no memory is taken, only what the file holds
            with torch.device("meta"):
                network = made.network()
            weights = load_file(folder / f"network{number}.safetensors")
            network.load_state_dict(weights, assign=True)
            made.networks_.append(network.eval())
        return made

    def _batch(self, view: View) -> WormBatch:
        return WormBatch.of(view, self.classes_, self.channels_, self.centre_, self.unit_)

    @torch.inference_mode()
    def _log(
        self,
        networks: Sequence[ContextNetwork],
        scores: Scores,
        worms: WormBatch,
        index: int,
        anchor: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return log scores of one worm, (n, K): the networks' mean, and the atlas's.

        Networks and atlas err differently, so that the product of what they say names more
        neurons right than either (Hinton 2002, "Training products of experts"). What it counts
        twice, calibration makes good.
        """
        position, channels, mask, _, _ = worms.padded([index])
        anchor = torch.full(mask.shape, -1) if anchor is None else anchor[None]
        log = scores(position, channels, [worms.laboratories[index]]).float()
        whole, known = worms.spread(channels.float(), len(self.channels_))
        inputs = position.float(), whole, known, log, anchor, mask
        logs = [torch.log_softmax(network(*inputs)[0].double(), -1) for network in networks]
        alone = scores.without_shading(position[0], channels[0], worms.laboratories[index])
        return torch.stack(logs).mean(0) + alone
