"""A transformer over a worm's neurons: each is named in the light of all others."""

import math

import torch
from torch import nn

WAVELENGTHS_UM = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
# made here, as PyTorch imports its compiler for a quotient on the device `meta`, on which
# `chromapal.identify.transformer.Transformer.load` makes networks
WAVES = 2 * math.pi / torch.tensor(WAVELENGTHS_UM)
BIAS_WIDTH = 16
LEAST = -60.0  # log score below which an atlas's differences say nothing


class Block(nn.Module):
    """Attention over the neurons of a worm, biased by where they lie to each other."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.mixed = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.middle = nn.LayerNorm(width)
        self.feed = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, state: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Map (B, n, width) with a bias of (B, heads, n, n)."""
        batch, count, width = state.shape
        parts = self.mixed(self.before(state)).view(batch, count, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        state = state + self.dropout(self.out(seen.transpose(1, 2).reshape(batch, count, width)))
        return state + self.dropout(self.feed(self.middle(state)))


class ContextNetwork(nn.Module):
    """Scores names of neurons from position, channels and what an atlas says, all neurons at once.

    One network serves worms with different channels: it is told which of them a worm has, and
    which neurons a person has named, of which it takes the atlas to be certain. Equivariant to the
    order of neurons. Logits are the network's plus `trust` times the atlas's log scores, so that an
    untrained network answers as the atlas does.

    Parameters
    ----------
    names, channels : int
        Number K of names, and C of channels that a worm may have.
    width, layers, heads, dropout
        Shape of the transformer.
    """

    def __init__(
        self, names: int, channels: int, width: int = 128, layers: int = 3, heads: int = 4,
        dropout: float = 0.1,
    ):  # fmt: skip
        super().__init__()
        self.register_buffer("waves", WAVES.clone())
        self.position = nn.Linear(3 + 6 * len(WAVELENGTHS_UM), width)
        self.width_of_channels = channels
        self.channels = nn.Linear(2 * channels, width) if channels else None
        self.anchor = nn.Parameter(torch.zeros(width))
        self.atlas = nn.Linear(names, width)
        self.bias = nn.Sequential(
            nn.Linear(7, BIAS_WIDTH), nn.GELU(), nn.Linear(BIAS_WIDTH, heads * layers)
        )
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.last = nn.LayerNorm(width)
        self.out = nn.Linear(width, names)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.trust = nn.Parameter(torch.ones(()))

    def forward(
        self,
        position: torch.Tensor,
        channels: torch.Tensor,
        known: torch.Tensor,
        log: torch.Tensor,
        anchor: torch.Tensor,
        mask: torch.Tensor,
    ) -> torch.Tensor:
        """Score names.

        Parameters
        ----------
        position : torch.Tensor, shape (B, n, 3)
            Body axes [um].
        channels : torch.Tensor, shape (B, n, C)
            Gray or colour; 0 where unknown.
        known : torch.Tensor, shape (B, n, C)
            1 where a channel is known, else 0.
        log : torch.Tensor, shape (B, n, K)
            The atlas's log scores.
        anchor : torch.Tensor of int64, shape (B, n)
            Number of the name that a person has given, else -1.
        mask : torch.Tensor of bool, shape (B, n)
            Which rows are neurons.

        Returns
        -------
        torch.Tensor, shape (B, n, K)
            Logits.
        """
        given = anchor >= 0
        # a name that is given is what the atlas would say if it were certain
        certain = torch.full_like(log, LEAST).scatter(-1, anchor.clamp(min=0)[..., None], 0.0)
        log = torch.where(given[..., None], certain, log)
        phase = (position[..., None] * self.waves).flatten(-2)
        state = self.position(torch.cat([position / 30, phase.sin(), phase.cos()], dim=-1))
        state = state + self.atlas(log.softmax(-1))
        if self.channels is not None:
            state = state + self.channels(torch.cat([channels, known], dim=-1))
        state = state + self.anchor * given[..., None]
        apart = (position[:, :, None] - position[:, None]) / 10
        distance = torch.linalg.vector_norm(apart, dim=-1, keepdim=True)
        near = torch.cat([apart, apart / (0.3 + distance), distance], dim=-1)
        bias = self.bias(near).permute(0, 3, 1, 2)
        bias = bias.masked_fill(~mask[:, None, None, :], -1e4)
        heads = bias.shape[1] // len(self.blocks)
        for index, block in enumerate(self.blocks):
            state = block(state, bias[:, index * heads : (index + 1) * heads])
        return self.out(self.last(state)) + self.trust * log.clamp(min=LEAST)
