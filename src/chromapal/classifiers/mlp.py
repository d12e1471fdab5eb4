"""A network of one hidden layer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    """What can be changed about the network.

    Attributes
    ----------
    hidden : int
        Units of the hidden layer.
    iterations : int
        Most passes through the training neurons.
    batch : int
        Neurons per step; all of them where there are fewer.
    learning_rate : float
        Adam's first step size.
    """

    hidden: int = 128
    iterations: int = 60
    batch: int = 512
    learning_rate: float = 1e-2


def build(params, seed):
    """Return the unfitted pipeline."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(),
        MLPClassifier(
            hidden_layer_sizes=(params.hidden,),
            batch_size=params.batch,
            learning_rate_init=params.learning_rate,
            max_iter=params.iterations,
            random_state=seed,
        ),
    )
