"""Training worms as they might have been recorded: cropped, thinned, bent, in other light."""

import torch

DROPPED = 0.3  # most neurons a worm loses
CROPPED = 0.3  # how often the worm ends earlier
KEPT_LENGTH = (0.6, 1.0)
LINEAR = 0.03
SHIFT_UM = 1.0
JITTER_UM = 0.4
WAVES = 6
WAVE_LENGTH_UM = (25.0, 80.0)
WAVE_UM = 1.2
CHANNEL_NOISE = 0.15
CHANNEL_SHIFT = 0.15
CHANNEL_GAIN = 0.1


def augment(
    position: torch.Tensor, channels: torch.Tensor, mask: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Vary a batch of worms.

    Parameters
    ----------
    position : torch.Tensor, shape (B, n, 3)
        Neurons in body axes [um].
    channels : torch.Tensor, shape (B, n, c)
        Gray or colour.
    mask : torch.Tensor of bool, shape (B, n)
        Which rows are neurons and no padding.
    generator : torch.Generator
        Source of chance.

    Returns
    -------
    position, channels, mask : torch.Tensor
        The worms as they might have been recorded; lost neurons leave the mask.
    """
    batch, count, _ = position.shape

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=position.dtype)

    def uniform(*shape):
        return torch.rand(shape, generator=generator, dtype=position.dtype)

    lost = uniform(batch, count) < DROPPED * uniform(batch, 1)
    along = position[..., 0].masked_fill(~mask, torch.nan)
    low = along.nan_to_num(nan=torch.inf).amin(1, keepdim=True)
    high = along.nan_to_num(nan=-torch.inf).amax(1, keepdim=True)
    fraction = KEPT_LENGTH[0] + (KEPT_LENGTH[1] - KEPT_LENGTH[0]) * uniform(batch, 1)
    cropped = (position[..., 0] > low + fraction * (high - low)) & (uniform(batch, 1) < CROPPED)
    linear = torch.eye(3, dtype=position.dtype) + LINEAR * normal(batch, 3, 3)
    length = WAVE_LENGTH_UM[0] + (WAVE_LENGTH_UM[1] - WAVE_LENGTH_UM[0]) * uniform(batch, WAVES, 1)
    wave = torch.nn.functional.normalize(normal(batch, WAVES, 3), dim=2) * 6.283 / length
    phase = 6.283 * uniform(batch, 1, WAVES)
    height = normal(batch, WAVES, 3) * WAVE_UM / WAVES**0.5
    bend = torch.sin(position @ wave.transpose(1, 2) + phase) @ height
    moved = position @ linear.transpose(1, 2) + bend + JITTER_UM * normal(*position.shape)
    moved = moved + SHIFT_UM * normal(batch, 1, 3)
    width = channels.shape[2]
    light = channels * (1 + CHANNEL_GAIN * normal(batch, 1, width)) + CHANNEL_SHIFT * normal(
        batch, 1, width
    )
    light = light + CHANNEL_NOISE * normal(*channels.shape)
    kept = mask & ~lost & ~cropped
    # a worm that would lose every neuron keeps them
    kept = torch.where(kept.any(1, keepdim=True), kept, mask)
    return moved, light, kept
