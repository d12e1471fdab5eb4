"""Settings of the transformer, shared by all methods that name neurons with it; no PyTorch."""

from dataclasses import dataclass

INPUTS = 6  # what tells spurious centres; see `chromapal.identify.spurious.inputs`


@dataclass(frozen=True)
class TransformerSettings:
    """What can be changed about the transformer.

    Attributes
    ----------
    width : int
        Features of a neuron inside the network.
    layers : int
        Layers of attention.
    heads : int
        Heads of attention per layer.
    dropout : float
        Share of features left out at random while training.
    members : int
        Networks, each trained without one part of the training worms, whose scores are
        averaged; the parts left out calibrate their probabilities.
    steps : int
        Steps of training, of each member.
    batch : int
        Worms per step.
    learning_rate : float
        Largest step size; it rises for a tenth of the steps and then falls (one cycle).
    weight_decay : float
        Decay of weights per unit of learning rate (AdamW).
    """

    width: int = 128
    layers: int = 3
    heads: int = 4
    dropout: float = 0.1
    members: int = 2
    steps: int = 500
    batch: int = 8
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
