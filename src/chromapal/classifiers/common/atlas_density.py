"""What the atlas classifiers share: a density of position and channels per name."""

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin

from chromapal.identify.atlas import LEAST_VARIANCE
from chromapal.identify.name_distribution import NameDistribution


class AtlasDensity(ClassifierMixin, BaseEstimator):
    """Names a neuron by the density that its position and channels have under each name.

    Position (the first `positions` features) and channels are independent given the name.
    Covariances
    are shrunk to the pooled one, and means of laboratories to the common one; see
    `chromapal.identify.name_distribution.NameDistribution`.

    Parameters
    ----------
    degrees_of_freedom : float
        Degrees of freedom of a Student-t density; infinite = Gaussian.
    positions : int
        How many of the features are positions.
    """

    def __init__(self, degrees_of_freedom: float = float("inf"), positions: int = 3):
        self.degrees_of_freedom = degrees_of_freedom
        self.positions = positions

    def fit(self, values, names, laboratory=None):
        """Learn from named neurons, (n, features) and (n,), and whose worms they are of, (n,)."""
        numbers = torch.tensor(np.asarray(values, dtype=np.float64))
        self.classes_, which = np.unique(np.asarray(names, dtype=str), return_inverse=True)
        label = torch.from_numpy(which.astype(np.int64))
        # units of the study's own: positions are micrometres or probabilities of a worm's length
        self.unit_ = float(numbers[:, : self.positions].std()) or 1.0
        count = torch.bincount(label, minlength=len(self.classes_)).double()
        self.presence_ = (count / count.max()).log()
        known = len(self.classes_)
        parts = self._parts(numbers)
        self.spreads_ = [
            NameDistribution.fit(part, label, known, self.degrees_of_freedom, least, laboratory)
            for part, least in zip(parts, (LEAST_VARIANCE / 20**2, 1e-3), strict=True)
        ]
        return self

    def _parts(self, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return numbers[:, : self.positions] / self.unit_, numbers[:, self.positions :]

    def predict_log_proba(self, values, laboratory=None):
        """Return log probabilities, (n, names), by the means of the neurons' laboratories."""
        parts = self._parts(torch.tensor(np.asarray(values, dtype=np.float64)))
        lab = np.full(len(values), "") if laboratory is None else np.asarray(laboratory, dtype=str)
        log = self.presence_.expand(len(values), -1).clone()
        for one in np.unique(lab):
            here = torch.from_numpy(lab == one)
            for spread, part in zip(self.spreads_, parts, strict=True):
                if part.shape[1]:
                    log[here] += spread.at(one).log_density(part[here])
        return torch.log_softmax(log, dim=1).numpy()

    def predict_proba(self, values, laboratory=None):
        """Return probabilities, (n, names)."""
        return np.exp(self.predict_log_proba(values, laboratory))

    def predict(self, values, laboratory=None):
        """Return the likeliest name of each neuron."""
        return self.classes_[self.predict_log_proba(values, laboratory).argmax(axis=1)]
