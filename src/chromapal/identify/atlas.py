"""The atlas: where each named neuron lies in body axes and what it looks like, from training."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from chromapal.files import read_json, whole, write_json
from chromapal.identify.name_distribution import NameDistribution

LEAST_VARIANCE = 0.25  # um^2: segmentation does not place a centre better than half a um
LEAST_PRESENCE = 1e-3
OUTLIER_SIGMAS = 3.5


@dataclass(frozen=True)
class Atlas:
    """What training worms say about every name.

    Attributes
    ----------
    names : tuple of str, length K
        Sorted names.
    position : NameDistribution
        Position in body axes: posterior, dorsal, left [um].
    channels : NameDistribution
        Gray or colour on the study's scale; of width 0 where position is all there is.
    presence : torch.Tensor of float64, shape (K,)
        Share of training worms in which the name was given.
    """

    names: tuple[str, ...]
    position: NameDistribution
    channels: NameDistribution
    presence: torch.Tensor

    @classmethod
    def fit(
        cls,
        positions: Sequence[torch.Tensor],
        channels: Sequence[torch.Tensor],
        labels: Sequence[np.ndarray],
        degrees_of_freedom: float = float("inf"),
        laboratories: Sequence[str] | None = None,
    ) -> "Atlas":
        """Summarise aligned, named training worms.

        Parameters
        ----------
        positions, channels : sequence of torch.Tensor, shapes (n, 3) and (n, c)
            Per worm: neurons in body axes, and their gray or colour.
        labels : sequence of numpy.ndarray of str, shape (n,)
            Their names, "" where unlabelled.
        degrees_of_freedom : float
            Degrees of freedom of position and channels.
        laboratories : sequence of str, optional
            Whose worms they are, where laboratories get means of their own; see
            `NameDistribution.fit`.
        """
        named = [label != "" for label in labels]
        text = np.concatenate([label[mask] for label, mask in zip(labels, named, strict=True)])
        names, number = np.unique(text.astype(str), return_inverse=True)
        number = torch.from_numpy(number.astype(np.int64))
        position, channels = (
            torch.cat(
                [part[torch.from_numpy(mask)] for part, mask in zip(parts, named, strict=True)]
            )
            for parts in (positions, channels)
        )
        known = ~channels.isnan().any(1)
        lab = None
        if laboratories is not None:
            lab = np.repeat(np.array(laboratories, dtype=str), [mask.sum() for mask in named])
        seen = [np.isin(names, label) for label in labels if (label != "").any()]
        presence = torch.from_numpy(np.mean(seen, axis=0)).to(position.dtype)
        return cls(
            tuple(names.tolist()),
            NameDistribution.fit(
                position, number, len(names), degrees_of_freedom, LEAST_VARIANCE, lab
            ),
            NameDistribution.fit(
                channels[known],
                number[known],
                len(names),
                degrees_of_freedom,
                laboratory=None if lab is None else lab[known.numpy()],
            ),
            presence,
        )

    def at(self, laboratory: str) -> "Atlas":
        """Return the atlas with the means of one laboratory; see `NameDistribution.at`."""
        return dataclasses.replace(
            self, position=self.position.at(laboratory), channels=self.channels.at(laboratory)
        )

    def prior(self) -> torch.Tensor:
        """Return the log presence of every name, shape (K,), never quite nothing."""
        return self.presence.clamp(min=LEAST_PRESENCE).log()

    def log_density(self, position: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
        """Return log densities of neurons under each name, with its presence.

        Parameters
        ----------
        position, channels : torch.Tensor, shapes (..., n, 3) and (..., n, c)
            Neurons in body axes, and their gray or colour.

        Returns
        -------
        torch.Tensor, shape (..., n, K)
            Log densities, up to a constant shared by all names.
        """
        log = self.position.log_density(position) + self.prior()
        return log + self.channels.log_density(channels) if channels.shape[-1] else log

    def channel_log_ratio(self, channels: torch.Tensor) -> torch.Tensor:
        """Say how much more likely each name makes each neuron's channels than any neuron would.

        Parameters
        ----------
        channels : torch.Tensor, shape (..., n, c)
            Gray or colour; NaN in worms that lack it, which then counts for nothing.

        Returns
        -------
        torch.Tensor, shape (..., n, K)
            Log ratios; 0 without channels.
        """
        if not channels.shape[-1] or channels.isnan().any():
            return channels.new_zeros(*channels.shape[:-1], len(self.names))
        # any neuron: the mixture over names, so that channels that tell nothing count for nothing
        log = self.channels.log_density(channels)
        frequency = (self.presence / self.presence.sum()).log()
        return log - torch.logsumexp(log + frequency, dim=-1, keepdim=True)

    def nobody(self, extra: float = 0.0) -> torch.Tensor:
        """Return the log density of being no name: `OUTLIER_SIGMAS` from a typical one."""
        eye = torch.eye(3, dtype=self.presence.dtype, device=self.presence.device)
        volume = torch.linalg.slogdet(self.position.covariance + extra * eye)[1].median() / 2
        return -volume - OUTLIER_SIGMAS**2 / 2

    def to(self, device: str) -> "Atlas":
        """Move to a device."""
        return dataclasses.replace(
            self,
            position=self.position.to(device),
            channels=self.channels.to(device),
            presence=self.presence.to(device),
        )

    def save(self, folder: str | os.PathLike):
        """Write `atlas.safetensors` and `atlas.json` into a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with whole(folder / "atlas.safetensors") as part:
            save_file(
                {
                    **self.position.saved("position"),
                    **self.channels.saved("channels"),
                    "presence": self.presence,
                },
                part,
            )
        degrees_of_freedom = (
            None if np.isinf(self.position.degrees_of_freedom) else self.position.degrees_of_freedom
        )
        write_json(
            {"names": list(self.names), "degrees_of_freedom": degrees_of_freedom},
            folder / "atlas.json",
        )

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "Atlas":
        """Read what `save` wrote."""
        saved = load_file(Path(folder) / "atlas.safetensors")
        facts = read_json(Path(folder) / "atlas.json")
        stated = facts["degrees_of_freedom"]
        degrees_of_freedom = float("inf") if stated is None else stated
        return cls(
            tuple(facts["names"]),
            NameDistribution.read(saved, "position", degrees_of_freedom),
            NameDistribution.read(saved, "channels", degrees_of_freedom),
            saved["presence"],
        )
