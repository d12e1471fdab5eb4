"""What is typical of training worms that are named as new ones: how sure, and by which gray.

A new microscope's gray channel may show other cells brightly than NeuroPAL's does (other promoters,
calcium indicators). Names by position alone tell: they say which neurons should be bright.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from chromapal.columns import PROBABILITY, SCOPE
from chromapal.identify.assign import answer
from chromapal.identify.colour import NameColours, learn_colours
from chromapal.identify.identifier import Identified
from chromapal.identify.queue import landmarks
from chromapal.worms.table import WORM

POSITION, AGREEMENT = "position", "gray_agreement"
PERCENTILE = 5.0  # of training worms; gray that goes less with names does not transfer
# Percentile of training worms: a worm of less sure names may be misshapen. One that was laid down
# wrongly is often no less sure than most; each that is searched again takes three seconds more.
SEARCHED = 50.0
LEAST_NEURON = 1e-6  # probability of being a neuron that shares are divided by, at least
# what a worm is named by where its gray does not transfer
WITHOUT_GRAY = {"position+gray": POSITION, "position+white+rgb": "position+rgb"}


def mean_probability(probabilities: torch.Tensor) -> float:
    """Return the mean probability of the assigned names of a worm.

    Parameters
    ----------
    probabilities : torch.Tensor, shape (n, K)
        Calibrated probabilities of names.
    """
    return float(answer(probabilities).probability[:, 0].mean())


def gray_agreement(gray: np.ndarray, probabilities: torch.Tensor, colours: NameColours) -> float:
    """Correlate a worm's gray with the gray that training worms have where it is named by position.

    Parameters
    ----------
    gray : numpy.ndarray, shape (n,)
        Gray on the study's scale.
    probabilities : torch.Tensor, shape (n, K)
        Calibrated probabilities of names, by position alone.
    colours : NameColours
        The mean gray of each name.

    Returns
    -------
    float
        Pearson's correlation, neurons weighted by the probability of their name, -1 to 1; NaN where
        gray or what is expected does not vary.
    """
    named = answer(probabilities)
    mean = colours.joint.mean[:, 0].numpy()
    known = named.best[:, 0] >= 0
    weight, expected = named.probability[known, 0], mean[named.best[known, 0]]
    covariance = np.cov(gray[known], expected, aweights=weight) if known.sum() > 1 else np.zeros(4)
    gray_variance, shared, _, expected_variance = np.ravel(covariance)
    if not gray_variance * expected_variance > 0:
        return float("nan")
    return float(shared / np.sqrt(gray_variance * expected_variance))


def learn(identifier, neurons: pd.DataFrame) -> dict:
    """Describe how training worms are named by networks that they were held out of.

    Parameters
    ----------
    identifier : chromapal.identify.identifier.Identifier
        After `fit` with these neurons.
    neurons : pandas.DataFrame
        The training worms, normalised: `gray` is NaN throughout a worm that has none.

    Returns
    -------
    dict
        mean_probability : dict of str to float
            By feature set: the lowest mean probability of a worm's names.
        search_below : dict of str to float
            By feature set: the `SEARCHED` percentile of the same.
        gray_agreement : float or None
            `PERCENTILE` of the worms' `gray_agreement`, each by what the others teach; None if no
            worm says anything about it.
        landmarks : dict of str to list of str
            By feature set; see `chromapal.identify.queue.landmarks`.
    """
    transformer = identifier.transformer
    probabilities = {
        features: [identifier.calibrations[features].probabilities(log) for log in logs]
        for features, (logs, _) in transformer.held_out_.items()
    }
    agreement = []
    number = neurons.groupby(WORM, sort=False).ngroup().to_numpy()
    held = zip(
        transformer.held_out_worms_.get(POSITION, []), probabilities.get(POSITION, []), strict=True
    )
    for worm, found in held:
        gray = neurons["gray"].to_numpy(dtype=np.float64)[number == worm]
        if np.isfinite(gray).all():
            others = learn_colours(neurons[number != worm], transformer.classes_)
            agreement.append(gray_agreement(gray, found, others))
    varied = [value for value in agreement if np.isfinite(value)]
    means = {
        features: [mean_probability(worm) for worm in found]
        for features, found in probabilities.items()
        if found
    }
    return {
        "mean_probability": {features: min(values) for features, values in means.items()},
        "search_below": {
            features: float(np.percentile(values, SEARCHED)) for features, values in means.items()
        },
        AGREEMENT: float(np.percentile(varied, PERCENTILE)) if varied else None,
        "landmarks": {
            features: landmarks(found, transformer.held_out_[features][1], transformer.classes_)
            for features, found in probabilities.items()
        },
    }


def identify(
    identifier, neurons: pd.DataFrame, typical: Mapping, either_axes: bool = True
) -> tuple[Identified, np.ndarray]:
    """Name worms, and again, as misshapen ones, those whose names are unsure.

    A worm that lies flat under its cover glass, or whose file has a wrong spacing along one axis,
    is easily laid into the body frame the wrong way round. Where names are less sure than those of
    half of the training worms, the pose is searched once more, with the worm stretched, and what
    was found is kept where names are surer.

    Parameters
    ----------
    identifier : chromapal.identify.identifier.Identifier
        Of the model.
    neurons : pandas.DataFrame
        As `identifier.identify` takes them; `misshapen` where that is known already.
    typical : mapping
        What `learn` returned.
    either_axes : bool
        See `identifier.identify`.

    Returns
    -------
    found : Identified
        What it says of them.
    misshapen : numpy.ndarray of bool, shape (n,)
        Neurons of worms that were named as misshapen ones.
    """
    found, known = identifier.identify(neurons, either_axes), neurons["misshapen"].to_numpy()
    before = _mean_probabilities(found, neurons)
    least = neurons["features"].map(typical["search_below"]).to_numpy(dtype=float)
    tried = ~known & (before < least)
    if not tried.any():
        return found, known
    again = identifier.identify(neurons.assign(misshapen=known | tried), either_axes)
    surer = tried & (_mean_probabilities(again, neurons) > before)
    if (surer == tried).all():
        return again, known | tried
    if surer.any():
        found = identifier.identify(neurons.assign(misshapen=known | surer), either_axes)
    return found, known | surer


def _mean_probabilities(found: Identified, neurons: pd.DataFrame) -> np.ndarray:
    """Return the `mean_probability` of each neuron's worm, (n,), if each centre is a neuron."""
    # training worms were not asked what is spurious
    neuron = torch.from_numpy(1 - found.spurious).clamp(min=LEAST_NEURON)
    shares, means = found.probabilities / neuron[:, None], np.zeros(len(neurons))
    for worm in neurons.groupby(WORM, sort=False).indices.values():
        means[worm] = mean_probability(shares[worm])
    return means


def with_agreement(
    identifier, colours: NameColours, neurons: pd.DataFrame, typical: Mapping, replace: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure whether worms' gray transfers, and name by other channels those whose does not.

    Parameters
    ----------
    identifier : chromapal.identify.identifier.Identifier
        Of the model. Without positions alone among its feature sets nothing can be measured.
    colours : NameColours
        Of the model.
    neurons : pandas.DataFrame
        Neurons of whole worms on the study's scales, with `features` and `misshapen`.
    typical : mapping
        What `learn` returned.
    replace : bool
        Whether worms whose gray does not transfer are named without it.

    Returns
    -------
    neurons : pandas.DataFrame
        With the `features` to name each worm by, and whether it is `misshapen`.
    agreement : pandas.DataFrame
        lab, worm, gray_agreement of the worms that were to be named with gray.
    """
    asked = np.flatnonzero(neurons["features"].isin(WITHOUT_GRAY))
    lowest = typical[AGREEMENT]
    if lowest is None or not len(asked) or POSITION not in identifier.feature_sets:
        return neurons, pd.DataFrame(columns=[*WORM, AGREEMENT]).astype({AGREEMENT: float})
    rows = neurons.iloc[asked].reset_index(drop=True)
    found, misshapen = identify(identifier, rows.assign(features=POSITION), typical, False)
    gray = rows["gray"].to_numpy(dtype=np.float64)
    features, agreement = neurons["features"].to_numpy(copy=True), []
    for worm, own in rows.groupby(WORM, sort=False).indices.items():
        value = gray_agreement(gray[own], found.probabilities[own], colours)
        agreement.append((*worm, value))
        if replace and not value >= lowest:
            features[asked[own]] = WITHOUT_GRAY[features[asked[own[0]]]]
    measured = pd.DataFrame(agreement, columns=[*WORM, AGREEMENT])
    shapes = neurons["misshapen"].to_numpy(copy=True)
    shapes[asked] = misshapen
    return neurons.assign(features=features, misshapen=shapes), measured


def differences(named: pd.DataFrame, worms: pd.DataFrame, typical: Mapping) -> list[dict]:
    """List worms whose gray does not go with their positions, and worms of unsure names.

    Parameters
    ----------
    named : pandas.DataFrame
        Named neurons: lab, worm, answer, spurious_probability, and the first of
        `chromapal.columns.PROBABILITY`.
    worms : pandas.DataFrame
        lab, worm, `features` they were named by and gray_agreement.
    typical : mapping
        What `learn` returned.

    Returns
    -------
    list of dict
        `chromapal.columns.SCOPE`, one for each difference.
    """
    if worms.empty:
        return []
    found = []
    # training worms were not asked what is spurious: the probability if each centre is a neuron
    named = named[named["answer"].ne("")]
    neurons = 1 - named["spurious_probability"]
    means = (named[PROBABILITY[0]] / neurons).groupby([named[key] for key in WORM]).mean()
    for worm in worms.itertuples():
        key = worm.lab, worm.worm
        agreement, lowest = worm.gray_agreement, typical[AGREEMENT]
        # NaN where it was not asked, or where gray does not vary
        if lowest is not None and agreement < lowest:
            by = "" if worm.features in WITHOUT_GRAY else ", and is left out"
            text = f"goes {agreement:.2f} with names by position{by}"
            found.append((*key, "gray", text, f"at least {lowest:.2f}"))
        least = typical["mean_probability"].get(worm.features)
        if least is not None and means.get(key, 0.0) < least:
            text = f"of mean probability {means.get(key, 0.0):.2f}"
            found.append((*key, "names", text, f"at least {least:.2f}"))
    return [dict(zip(SCOPE, difference, strict=True)) for difference in found]
