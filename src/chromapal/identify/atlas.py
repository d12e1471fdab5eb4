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

PSEUDO_COUNTS = 8.0
LEAST_VARIANCE = 0.25  # um^2: segmentation does not place a centre better than half a um
ROUNDS = 8
LEAST_PRESENCE = 1e-3
OUTLIER_SIGMAS = 3.5
HALF = 0.5


@dataclass(frozen=True)
class Spread:
    """Mean and covariance of one quantity per name.

    Attributes
    ----------
    mean : torch.Tensor of float64, shape (K, d)
        Mean per name.
    covariance : torch.Tensor of float64, shape (K, d, d)
        Covariance per name (scale matrix where `freedom` is finite), shrunk to the pooled one.
    freedom : float
        Degrees of freedom of a Student-t density; infinite = Gaussian.
    """

    mean: torch.Tensor
    covariance: torch.Tensor
    freedom: float = float("inf")

    @classmethod
    def fit(
        cls,
        values: torch.Tensor,
        name: torch.Tensor,
        names: int,
        freedom: float = float("inf"),
        least: float = 1e-3,
    ) -> "Spread":
        """Learn from named values.

        The covariance of a name with n values is (n S + c P) / (n + c), with S its own, P the
        pooled within-name covariance and c = `PSEUDO_COUNTS`. With finite `freedom`, values far
        out count less: `ROUNDS` steps of expectation-maximisation for the multivariate t (Liu and
        Rubin 1995, "ML estimation of the t distribution using EM and its extensions").

        Parameters
        ----------
        values : torch.Tensor, shape (M, d)
            Values of training neurons.
        name : torch.Tensor of int64, shape (M,)
            Number of each one's name.
        names : int
            How many names there are; each must occur.
        freedom : float
            Degrees of freedom.
        least : float
            Smallest variance along any axis, added to every covariance.
        """
        width = values.shape[1]
        weight = torch.ones(len(values), dtype=values.dtype)
        count = torch.zeros(names, dtype=values.dtype).index_add_(0, name, weight)
        eye = least * torch.eye(width, dtype=values.dtype)
        for _ in range(1 if np.isinf(freedom) else ROUNDS):
            total = torch.zeros(names, dtype=values.dtype).index_add_(0, name, weight)
            mean = torch.zeros(names, width, dtype=values.dtype)
            mean = mean.index_add_(0, name, weight[:, None] * values)
            # a name without a value (its animals lack the cue) is like any neuron
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
            if not np.isinf(freedom):
                far = torch.einsum("md,mde,me->m", off, torch.linalg.inv(covariance)[name], off)
                weight = (freedom + width) / (freedom + far)
        return cls(mean, covariance, freedom)

    def log_density(self, values: torch.Tensor, extra: float = 0.0) -> torch.Tensor:
        """Give the log density of values under every name.

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
        """Give the inverse covariances with `extra` variance P, P m and m' P m, for `distance`."""
        eye = torch.eye(self.mean.shape[1], dtype=self.mean.dtype, device=self.mean.device)
        inverse = torch.linalg.inv(self.covariance + extra * eye)
        pulled = torch.einsum("kde,ke->kd", inverse, self.mean)
        return inverse, pulled, (pulled * self.mean).sum(1)

    @staticmethod
    def distance(
        values: torch.Tensor, inverse: torch.Tensor, pulled: torch.Tensor, offset: torch.Tensor
    ) -> torch.Tensor:
        """Give squared Mahalanobis distances to every name as two matrix products, (..., n, K)."""
        squares = (values[..., :, None] * values[..., None, :]).flatten(-2)
        far = squares @ inverse.flatten(1).T - 2 * values @ pulled.T + offset
        return far.clamp(min=0)

    def log_kernel(self, distance: torch.Tensor, extra: float = 0.0) -> torch.Tensor:
        """Turn squared distances into log densities, up to a constant shared by all names."""
        width = self.mean.shape[1]
        eye = torch.eye(width, dtype=self.mean.dtype, device=self.mean.device)
        volume = torch.linalg.slogdet(self.covariance + extra * eye)[1] / 2
        if np.isinf(self.freedom):
            return -distance / 2 - volume
        return -(self.freedom + width) / 2 * torch.log1p(distance / self.freedom) - volume

    def to(self, device: str) -> "Spread":
        """Move to a device."""
        return dataclasses.replace(
            self, mean=self.mean.to(device), covariance=self.covariance.to(device)
        )


@dataclass(frozen=True)
class Atlas:
    """What training animals say about every name.

    Attributes
    ----------
    names : tuple of str, length K
        Sorted names.
    place : Spread
        Position in body axes: posterior, dorsal, left [um].
    cue : Spread
        Gray or colour on the study's scale; of width 0 where position is all there is.
    presence : torch.Tensor of float64, shape (K,)
        Share of training animals in which the name was given.
    """

    names: tuple[str, ...]
    place: Spread
    cue: Spread
    presence: torch.Tensor

    @classmethod
    def fit(
        cls,
        places: Sequence[torch.Tensor],
        cues: Sequence[torch.Tensor],
        labels: Sequence[np.ndarray],
        freedom: float = float("inf"),
    ) -> "Atlas":
        """Summarise aligned, named training animals.

        Parameters
        ----------
        places, cues : sequence of torch.Tensor, shapes (n, 3) and (n, c)
            Per animal: neurons in body axes, and their gray or colour.
        labels : sequence of numpy.ndarray of str, shape (n,)
            Their names, "" where unlabelled.
        freedom : float
            Degrees of freedom of position and cue.
        """
        named = [label != "" for label in labels]
        text = np.concatenate([label[mask] for label, mask in zip(labels, named, strict=True)])
        names, number = np.unique(text.astype(str), return_inverse=True)
        number = torch.from_numpy(number.astype(np.int64))
        place, cue = (
            torch.cat(
                [part[torch.from_numpy(mask)] for part, mask in zip(parts, named, strict=True)]
            )
            for parts in (places, cues)
        )
        known = ~cue.isnan().any(1)
        seen = [np.isin(names, label) for label in labels if (label != "").any()]
        presence = torch.from_numpy(np.mean(seen, axis=0)).to(place.dtype)
        return cls(
            tuple(names.tolist()),
            Spread.fit(place, number, len(names), freedom, LEAST_VARIANCE),
            Spread.fit(cue[known], number[known], len(names), freedom),
            presence,
        )

    def prior(self) -> torch.Tensor:
        """Give the log presence of every name, shape (K,), never quite nothing."""
        return self.presence.clamp(min=LEAST_PRESENCE).log()

    def cue_log(self, cue: torch.Tensor) -> torch.Tensor:
        """Say how much more likely each name makes each neuron's cue than any neuron would.

        Parameters
        ----------
        cue : torch.Tensor, shape (..., n, c)
            Gray or colour; NaN in animals that lack it, which then counts for nothing.

        Returns
        -------
        torch.Tensor, shape (..., n, K)
            Log ratios; 0 without a cue.
        """
        if not cue.shape[-1] or cue.isnan().any():
            return cue.new_zeros(*cue.shape[:-1], len(self.names))
        # of any neuron: the mixture over names, so that a cue that tells nothing counts for nothing
        log = self.cue.log_density(cue)
        share = (self.presence / self.presence.sum()).log()
        return log - torch.logsumexp(log + share, dim=-1, keepdim=True)

    def nobody(self, extra: float = 0.0) -> torch.Tensor:
        """Give the log density of being none of the names: `OUTLIER_SIGMAS` from a typical one."""
        eye = torch.eye(3, dtype=self.presence.dtype, device=self.presence.device)
        volume = torch.linalg.slogdet(self.place.covariance + extra * eye)[1].median() / 2
        return -volume - OUTLIER_SIGMAS**2 / 2

    def to(self, device: str) -> "Atlas":
        """Move to a device."""
        return dataclasses.replace(
            self,
            place=self.place.to(device),
            cue=self.cue.to(device),
            presence=self.presence.to(device),
        )

    def save(self, folder: str | os.PathLike):
        """Write `atlas.safetensors` and `atlas.json` into a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with whole(folder / "atlas.safetensors") as part:
            save_file(
                {
                    "place_mean": self.place.mean,
                    "place_covariance": self.place.covariance,
                    "cue_mean": self.cue.mean,
                    "cue_covariance": self.cue.covariance,
                    "presence": self.presence,
                },
                part,
            )
        freedom = None if np.isinf(self.place.freedom) else self.place.freedom
        write_json({"names": list(self.names), "freedom": freedom}, folder / "atlas.json")

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "Atlas":
        """Read what `save` wrote."""
        saved = load_file(Path(folder) / "atlas.safetensors")
        facts = read_json(Path(folder) / "atlas.json")
        freedom = float("inf") if facts["freedom"] is None else facts["freedom"]
        return cls(
            tuple(facts["names"]),
            Spread(saved["place_mean"], saved["place_covariance"], freedom),
            Spread(saved["cue_mean"], saved["cue_covariance"], freedom),
            saved["presence"],
        )
