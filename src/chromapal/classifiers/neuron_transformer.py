"""Transformer over all neurons of a worm, on top of an atlas."""

from dataclasses import dataclass

from chromapal.identify.settings import TransformerSettings

# It is given whole worms, unlabelled neurons among them, where others are given neurons.
whole_worms = True
gpu = True
rank = 1


@dataclass(frozen=True)
class Params(TransformerSettings):
    """Shape and training of the transformer; see `TransformerSettings`."""


def build(params, seed):
    """Return the untrained transformer."""
    from chromapal.identify.transformer import Transformer

    return Transformer(params, seed)
