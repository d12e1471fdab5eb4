"""Mean and covariance of one quantity per name, learnt from named neurons, by laboratory too."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

PSEUDO_COUNTS = 8.0
HELD = 20.0  # pseudo-neurons that hold the map of a laboratory's means to none
ROUNDS = 8
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
        moved = inputs @ weighted_ridge(inputs, count, away, HELD)
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


def weighted_ridge(
    inputs: torch.Tensor, weight: torch.Tensor, away: torch.Tensor, held: float
) -> torch.Tensor:
    """Fit a linear map by weighted least squares, held to none by pseudo-observations.

    A ridge whose penalty grows with the mean square of an input, so that its unit does not matter
    (Hoerl and Kennard 1970, "Ridge regression").

    Parameters
    ----------
    inputs : torch.Tensor, shape (M, p)
        What is mapped.
    weight : torch.Tensor, shape (M,)
        How much each row counts.
    away : torch.Tensor, shape (M, d)
        Weighted sums of what each row should be mapped to.
    held : float
        How many observations of none there are.

    Returns
    -------
    torch.Tensor, shape (p, d)
        The map.
    """
    # inputs that are all alike have no slope
    spread = inputs.square().mean(0).clamp(min=1e-6)
    normal = inputs.T @ (weight[:, None] * inputs) + held * torch.diag(spread)
    return torch.linalg.solve(normal, inputs.T @ away)
