"""Shading: how a worm's brightness and colour change along its own three axes.

Light is lost with depth, and stains and illumination are seldom even. A worm's channels are
compared with what the atlas expects of its probable names, and what changes linearly with
position is taken out.
"""

import torch

from chromapal.identify.assign import Calibration
from chromapal.identify.atlas import Atlas
from chromapal.identify.name_distribution import weighted_ridge

ROUNDS = 3
HELD = 10.0  # pseudo-neurons that hold shading to none


def without_shading(position: torch.Tensor, channels: torch.Tensor, atlas: Atlas) -> torch.Tensor:
    """Take the shading out of one worm's channels; names are not looked at.

    Expectation-maximisation, `ROUNDS` times: the atlas names the neurons, and per channel an
    offset and a slope along each axis are fitted to what its means leave, by least squares in
    which a neuron counts for every name as much as it probably has it, and `HELD` pseudo-neurons
    speak for none.

    Parameters
    ----------
    position : torch.Tensor, shape (n, 3)
        Neurons in body axes, in the atlas's units.
    channels : torch.Tensor, shape (n, c)
        Gray or colour.
    atlas : Atlas
        With the means of the worm's laboratory, where those are known.

    Returns
    -------
    torch.Tensor, shape (n, c)
        Channels as they would be without shading.
    """
    if not channels.shape[1]:
        return channels
    inputs = torch.cat([torch.ones_like(position[:, :1]), position - position.mean(0)], 1)
    found = channels
    for _ in range(ROUNDS):
        shares = Calibration().probabilities(atlas.log_density(position, found))
        weight = shares * atlas.channels.pull(found)
        count = weight.sum(1)
        away = weight @ atlas.channels.mean - count[:, None] * channels
        found = channels + inputs @ weighted_ridge(inputs, count, away, HELD)
    return found
