"""The atlas: where each named neuron lies in body axes and what it looks like, from training."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from chromapal.files import read_json, whole, write_json

PSEUDO_COUNTS = 8.0
HELD = 20.0  # pseudo-neurons that hold the map of a laboratory's means to none
LEAST_VARIANCE = 0.25  # um^2: segmentation does not place a centre better than half a um
ROUNDS = 8
LEAST_PRESENCE = 1e-3
OUTLIER_SIGMAS = 3.5
HALF = 0.5
LOCAL = "local"  # what saved deviations of laboratories are called


@dataclass(frozen=True)
class NameDistribution:
    """Mean and covariance of one quantity per name.

    Attributes
    ----------
    mean : torch.Tensor of float64, shape (K, d)
        Mean per name.
    covariance : torch.Tensor of float64, shape (K, d, d)
        Covariance per name (scale matrix where `degrees_of_freedom` is finite), shrunk to the
        pooled one.
    degrees_of_freedom : float
        Degrees of freedom of a Student-t density; infinite = Gaussian.
    local : mapping of str to torch.Tensor, shape (K, d)
        How far the means of a laboratory's own worms lie from `mean`; see `at`.
    """

    mean: torch.Tensor
    covariance: torch.Tensor
    degrees_of_freedom: float = float("inf")
    local: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        values: torch.Tensor,
        name: torch.Tensor,
        names: int,
        degrees_of_freedom: float = float("inf"),
        least: float = 1e-3,
        laboratory: np.ndarray | None = None,
    ) -> "NameDistribution":
        """Learn from named values.

        The covariance of a name with n values is (n S + c P) / (n + c), with S its own, P the
        pooled within-name covariance and c = `PSEUDO_COUNTS`. With finite `degrees_of_freedom`,
        values far out count less: `ROUNDS` steps of expectation-maximisation for the multivariate
        t (Liu and Rubin 1995, "ML estimation of the t distribution using EM and its extensions").

        A laboratory's own mean is shrunk to the common one as covariances are: with n values of a
        name whose mean is m' it lies at m + n (m' - m) / (n + c). Microscopes and worms of one
        laboratory are alike, and the names that it labels lie and look as they do there.

        Parameters
        ----------
        values : torch.Tensor, shape (M, d)
            Values of training neurons.
        name : torch.Tensor of int64, shape (M,)
            Number of each one's name.
        names : int
            How many names there are; each must occur.
        degrees_of_freedom : float
            Degrees of freedom.
        least : float
            Smallest variance along any axis, added to every covariance.
        laboratory : numpy.ndarray of str, shape (M,), optional
            Whose worm each value is of; without it no laboratory has means of its own.
        """
        width = values.shape[1]
        weight = torch.ones(len(values), dtype=values.dtype)
        count = torch.zeros(names, dtype=values.dtype).index_add_(0, name, weight)
        eye = least * torch.eye(width, dtype=values.dtype)
        for _ in range(1 if np.isinf(degrees_of_freedom) else ROUNDS):
            total = torch.zeros(names, dtype=values.dtype).index_add_(0, name, weight)
            mean = torch.zeros(names, width, dtype=values.dtype)
            mean = mean.index_add_(0, name, weight[:, None] * values)
            # a name without a value (its worms lack channels) is like any neuron
            mean = torch.where(
                total[:, None] > 0,
                mean / total.clamp(min=1e-9)[:, None],
                mean.sum(0) / total.sum().clamp(min=1e-9),
            )
            off = values - mean[name]
            outer = weight[:, None, None] * off[:, :, None] * off[:, None, :]
            own = torch.zeros(names, width, width, dtype=values.dtype).index_add_(0, name, outer)
            pooled = own.sum(0) / (count.clamp(min=1) - HALF).sum()
            covariance = (own + PSEUDO_COUNTS * pooled) / (count + PSEUDO_COUNTS)[:, None, None]
            covariance = covariance + eye
            if not np.isinf(degrees_of_freedom):
                far = torch.einsum("md,mde,me->m", off, torch.linalg.inv(covariance)[name], off)
                weight = (degrees_of_freedom + width) / (degrees_of_freedom + far)
        local = {}
        if laboratory is not None:
            for lab in np.unique(laboratory):
                here = torch.from_numpy(laboratory == lab)
                total = torch.zeros_like(count).index_add_(0, name[here], weight[here])
                away = (weight[:, None] * off)[here]
                away = torch.zeros_like(mean).index_add_(0, name[here], away)
                local[str(lab)] = away / (total + PSEUDO_COUNTS)[:, None]
        return cls(mean, covariance, degrees_of_freedom, local)

    def learn_local(self, values: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """Learn how a laboratory's means differ, from its own values, of which no name is known.

        One affine map moves all means, by weighted least squares, held near none by a ridge of
        `HELD` pseudo-neurons; what is left of a name is shrunk to it as in `fit`.

        Parameters
        ----------
        values : torch.Tensor, shape (M, d)
            Values of all its neurons.
        shares : torch.Tensor, shape (M, K)
            Probability of every name, for each of them.

        Returns
        -------
        torch.Tensor, shape (K, d)
            Deviations from `mean`, as in `local`.
        """
        weight = shares * self.pull(values)
        count = weight.sum(0)
        away = weight.T @ values - count[:, None] * self.mean
        centred = self.mean - self.mean.mean(0)
        inputs = torch.cat([centred, torch.ones_like(centred[:, :1])], 1)
        # means that are all alike have no slope
        spread = centred.square().mean(0).clamp(min=1e-6)
        hold = torch.diag(HELD * torch.cat([spread, spread.new_ones(1)]))
        normal = inputs.T @ (count[:, None] * inputs) + hold
        moved = inputs @ torch.linalg.solve(normal, inputs.T @ away)
        return moved + (away - count[:, None] * moved) / (count + PSEUDO_COUNTS)[:, None]

    def pull(self, values: torch.Tensor, extra: float = 0.0) -> torch.Tensor:
        """Return how much values count under each name, (..., n, K): far ones less, by Student's t.

        `extra` is variance added along every axis.
        """
        if np.isinf(self.degrees_of_freedom):
            return values.new_ones(*values.shape[:-1], len(self.mean))
        far = self.distance(values, *self.precision(extra))
        return (self.degrees_of_freedom + values.shape[-1]) / (self.degrees_of_freedom + far)

    def at(self, laboratory: str) -> "NameDistribution":
        """Return the spread with the means of one laboratory; of one never seen, itself."""
        if laboratory not in self.local:
            return self
        return dataclasses.replace(self, mean=self.mean + self.local[laboratory], local={})

    def log_density(self, values: torch.Tensor, extra: float = 0.0) -> torch.Tensor:
        """Return the log density of values under every name.

        Parameters
        ----------
        values : torch.Tensor, shape (..., n, d)
            Values.
        extra : float
            Variance added along every axis.

        Returns
        -------
        torch.Tensor, shape (..., n, K)
            Log densities.
        """
        return self.log_kernel(self.distance(values, *self.precision(extra)), extra)

    def precision(self, extra: float = 0.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return inverse covariances P with `extra` variance, P m and m' P m, for `distance`."""
        eye = torch.eye(self.mean.shape[1], dtype=self.mean.dtype, device=self.mean.device)
        inverse = torch.linalg.inv(self.covariance + extra * eye)
        pulled = torch.einsum("kde,ke->kd", inverse, self.mean)
        return inverse, pulled, (pulled * self.mean).sum(1)

    @staticmethod
    def distance(
        values: torch.Tensor, inverse: torch.Tensor, pulled: torch.Tensor, offset: torch.Tensor
    ) -> torch.Tensor:
        """Return squared Mahalanobis distances to every name by two products, (..., n, K)."""
        squares = (values[..., :, None] * values[..., None, :]).flatten(-2)
        far = squares @ inverse.flatten(1).T - 2 * values @ pulled.T + offset
        return far.clamp(min=0)

    def log_kernel(self, distance: torch.Tensor, extra: float = 0.0) -> torch.Tensor:
        """Turn squared distances into log densities, up to a constant shared by all names."""
        width = self.mean.shape[1]
        eye = torch.eye(width, dtype=self.mean.dtype, device=self.mean.device)
        volume = torch.linalg.slogdet(self.covariance + extra * eye)[1] / 2
        if np.isinf(self.degrees_of_freedom):
            return -distance / 2 - volume
        return (
            -(self.degrees_of_freedom + width) / 2 * torch.log1p(distance / self.degrees_of_freedom)
            - volume
        )

    def to(self, device: str) -> "NameDistribution":
        """Move to a device."""
        return dataclasses.replace(
            self,
            mean=self.mean.to(device),
            covariance=self.covariance.to(device),
            local={lab: away.to(device) for lab, away in self.local.items()},
        )

    def saved(self, name: str) -> dict[str, torch.Tensor]:
        """Return what `read` needs, under keys that begin with a name."""
        parts = {f"{name}_mean": self.mean, f"{name}_covariance": self.covariance}
        return parts | {f"{name}_{LOCAL}/{lab}": away for lab, away in self.local.items()}

    @classmethod
    def read(
        cls, saved: Mapping[str, torch.Tensor], name: str, degrees_of_freedom: float = float("inf")
    ) -> "NameDistribution":
        """Put together what `saved` gave."""
        start = f"{name}_{LOCAL}/"
        local = {key.removeprefix(start): saved[key] for key in saved if key.startswith(start)}
        return cls(saved[f"{name}_mean"], saved[f"{name}_covariance"], degrees_of_freedom, local)


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
