"""What colour a neuron has, given what it may be called: identify, then colour."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from chromapal.columns import COLOUR
from chromapal.identify.name_distribution import NameDistribution
from chromapal.identify.worms import numbered


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
            Gray on the study's scale; NaN where it is unknown, which leaves the name alone.

        Returns
        -------
        mean : torch.Tensor, shape (n, K, 3)
            Expected red, green, blue.
        variance : torch.Tensor, shape (n, K, 3)
            Their variance; smaller where gray is known, whatever it is.
        """
        mean, spread = self.joint.mean, self.joint.covariance
        slope = spread[:, 1:, 0] / spread[:, :1, 0]
        away = (gray[:, None, None] - mean[None, :, :1]).nan_to_num(nan=0.0)
        explained = slope * spread[:, 0, 1:] * (~gray.isnan())[:, None, None]
        variance = spread.diagonal(dim1=1, dim2=2)[:, 1:] - explained
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


def learn_colours(neurons: pd.DataFrame, names: np.ndarray) -> NameColours:
    """Learn colours per name from training neurons that have one of the names."""
    table = numbered(neurons)
    known = table["name"].isin(names) & table[["gray", *COLOUR]].notna().all(axis=1)
    values = torch.tensor(table.loc[known, ["gray", *COLOUR]].to_numpy(dtype=np.float64))
    number = torch.from_numpy(np.searchsorted(names, table.loc[known, "name"].to_numpy(dtype=str)))
    lab = table.loc[known, "lab"].to_numpy(dtype=str)
    return NameColours(NameDistribution.fit(values, number, len(names), laboratory=lab))
