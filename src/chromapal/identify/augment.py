"""Training animals as they might have been recorded: cropped, thinned, bent, in other light."""

import torch

DROPPED = 0.3  # most neurons an animal loses
CROPPED = 0.3  # how often the animal ends earlier
KEPT_LENGTH = (0.6, 1.0)
LINEAR = 0.03
SHIFT_UM = 1.0
JITTER_UM = 0.4
WAVES = 6
WAVE_LENGTH_UM = (25.0, 80.0)
WAVE_UM = 1.2
CUE_NOISE = 0.15
CUE_SHIFT = 0.15
CUE_GAIN = 0.1


def augment(
    place: torch.Tensor, cue: torch.Tensor, mask: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Vary a batch of animals.

    Parameters
    ----------
    place : torch.Tensor, shape (B, n, 3)
        Neurons in body axes [um].
    cue : torch.Tensor, shape (B, n, c)
        Gray or colour.
    mask : torch.Tensor of bool, shape (B, n)
        Which rows are neurons and no padding.
    generator : torch.Generator
        Source of chance.

    Returns
    -------
    place, cue, mask : torch.Tensor
        The animals as they might have been recorded; lost neurons leave the mask.
    """
    batch, count, _ = place.shape

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=place.dtype)

    def uniform(*shape):
        return torch.rand(shape, generator=generator, dtype=place.dtype)

    lost = uniform(batch, count) < DROPPED * uniform(batch, 1)
    along = place[..., 0].masked_fill(~mask, torch.nan)
    low = along.nan_to_num(nan=torch.inf).amin(1, keepdim=True)
    high = along.nan_to_num(nan=-torch.inf).amax(1, keepdim=True)
    share = KEPT_LENGTH[0] + (KEPT_LENGTH[1] - KEPT_LENGTH[0]) * uniform(batch, 1)
    cropped = (place[..., 0] > low + share * (high - low)) & (uniform(batch, 1) < CROPPED)
    linear = torch.eye(3, dtype=place.dtype) + LINEAR * normal(batch, 3, 3)
    length = WAVE_LENGTH_UM[0] + (WAVE_LENGTH_UM[1] - WAVE_LENGTH_UM[0]) * uniform(batch, WAVES, 1)
    wave = torch.nn.functional.normalize(normal(batch, WAVES, 3), dim=2) * 6.283 / length
    phase = 6.283 * uniform(batch, 1, WAVES)
    height = normal(batch, WAVES, 3) * WAVE_UM / WAVES**0.5
    bend = torch.sin(place @ wave.transpose(1, 2) + phase) @ height
    moved = place @ linear.transpose(1, 2) + bend + JITTER_UM * normal(*place.shape)
    moved = moved + SHIFT_UM * normal(batch, 1, 3)
    width = cue.shape[2]
    light = cue * (1 + CUE_GAIN * normal(batch, 1, width)) + CUE_SHIFT * normal(batch, 1, width)
    light = light + CUE_NOISE * normal(*cue.shape)
    kept = mask & ~lost & ~cropped
    # an animal that would lose every neuron keeps them
    kept = torch.where(kept.any(1, keepdim=True), kept, mask)
    return moved, light, kept
