"""The base of all neural colorizers, which differ only in their network."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from chromapal.errors import InputError
from chromapal.files import whole
from chromapal.prepare.samples import Samples
from chromapal.training import layout
from chromapal.training.device import choose
from chromapal.training.reading import neuron_errors, read_colours, to_device

WEIGHTS = "weights.safetensors"
# A neuron at the border of a slab is seen without its neighbours beyond: slabs are laid as often as
# this, each time shifted, and the colours averaged.
SHIFTS = 4


class Standardised(torch.nn.Module):
    """A network whose inputs and colours are standardised by the training neurons.

    The scales of colour and gray depend on the study and differ by orders of magnitude (a 12-bit
    count over 65535 is at most 0.06); without this, the first hundred steps would go into
    finding the mean colour. Means and standard deviations are those of training neurons, and
    are saved with the weights. An empty cell stays 0. Position in body axes has its scale already.
    """

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network
        self.register_buffer("input_scale", torch.ones(network.channels))
        self.register_buffer("colour_mean", torch.zeros(3))
        self.register_buffer("colour_scale", torch.ones(3))

    def measure(self, train: Samples):
        """Measure the scales on training neurons."""
        inputs = np.stack([train.gray, train.weight], axis=1).astype(np.float64)
        colours = train.target.astype(np.float64)
        scale = np.ones(len(self.input_scale))
        scale[: inputs.shape[1]] = np.sqrt(np.square(inputs).mean(axis=0))
        self._set("input_scale", scale)
        self._set("colour_scale", colours.std(axis=0))
        self.colour_mean.copy_(torch.from_numpy(colours.mean(axis=0)))

    def forward(self, grid: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """Map (B, channels, G, G) and (B, 1) to (B, 3) or (B, 3, G, G)."""
        output = self.network(grid / self.input_scale[:, None, None], z).float()
        shape = (3, *[1] * (output.ndim - 2))
        return self.colour_mean.view(shape) + self.colour_scale.view(shape) * output

    def _set(self, name: str, scale: np.ndarray):
        getattr(self, name).copy_(torch.from_numpy(np.where(scale > 0, scale, 1.0)))


class NeuralColorizer:
    """A colorizer with a network; implements `chromapal.colorizers.common.contract.Colorizer`.

    Colorizers of images override three methods: see `chromapal.training.pictorial`.

    Parameters
    ----------
    name : str
        The method's file name.
    params : dataclass instance
        Has at least the fields of `chromapal.training.task.Recipe`.
    dense : bool
        Whether the network predicts a map of colours, for `worm` samples.
    make : callable
        Makes the network: (B, channels, G, G) and (B, 1) to (B, 3, G, G) where dense, else to
        (B, 3). It states its `channels`.
    start : callable, optional
        Loads initial weights into a new network.
    """

    errors = staticmethod(neuron_errors)

    def __init__(
        self,
        name: str,
        params: object,
        dense: bool,
        make: Callable[[], torch.nn.Module],
        start: Callable[[torch.nn.Module], None] | None = None,
    ):
        self.name, self.params, self.dense = name, params, dense
        self.make, self.start = make, start
        self.network: torch.nn.Module | None = None
        self.trained_on: dict[str, str] = {}

    def fit(
        self,
        train: Samples,
        validation: Samples,
        seed: int,
        device: str = "auto",
        threads: int = 1,
        checkpoint: Path | None = None,
        precision: str = "auto",
    ) -> pd.DataFrame:
        """Train the network; see `chromapal.colorizers.common.contract.Colorizer.fit`."""
        # Imported here: Lightning takes seconds to import and prediction does not need it.
        from chromapal.training import loop
        from chromapal.training.task import Recipe

        fields = [field.name for field in dataclasses.fields(Recipe)]
        recipe = Recipe(**{name: getattr(self.params, name) for name in fields})
        chosen = choose(device, precision, threads)
        self.trained_on = chosen.trained_on

        def make():
            network = self.make()
            if self.start is not None:
                self.start(network)
            network = self.wrap(network)
            network.measure(train)
            return network

        self.network, history = self.learn(
            loop.train, make, recipe, train, validation, seed, chosen, checkpoint
        )
        return history

    def wrap(self, network: torch.nn.Module) -> torch.nn.Module:
        """Return the module that is trained and saved, which contains a method's network."""
        return Standardised(network)

    def learn(self, train_network: Callable, *arguments) -> tuple[torch.nn.Module, pd.DataFrame]:
        """Call the loop's `train` with its arguments; some methods do so more than once."""
        from chromapal.training.task import Objective

        return train_network(*arguments, Objective(self.errors, dataclasses.asdict(self.params)))

    def predict(self, samples: Samples, device: str = "cpu", threads: int = 1) -> np.ndarray:
        """Predict colours; see `chromapal.colorizers.common.contract.Colorizer.predict`.

        Always in fp32, so that a neuron's colour does not depend on the other neurons of its
        batch. Of `worm` samples, the mean over slabs that begin at `SHIFTS` heights.
        """
        chosen = choose(device, "fp32", threads)
        network = self.network.to(chosen.name).eval()
        shifts = SHIFTS if samples.kind == "worm" else 1
        colours = np.zeros((len(samples.gray), 3), np.float32)
        with torch.inference_mode():
            for below_um in np.arange(shifts) * samples.slab_um / shifts:
                for batch in samples.epoch(self.params.batch, below_um=below_um):
                    moved = to_device(batch, chosen.name)
                    predicted = read_colours(network(moved.grid, moved.z), moved)
                    colours[batch.neuron.numpy()] += predicted.cpu().numpy() / np.float32(shifts)
        return colours

    def save(self, folder: Path):
        """Write `weights.safetensors` and `params.json`."""
        layout.write(folder, self.name, self.params, self.dense, **self.trained_on)
        state = self.network.state_dict()
        with whole(Path(folder) / WEIGHTS) as temporary:
            save_file({name: value.cpu().contiguous() for name, value in state.items()}, temporary)

    def load(self, folder: Path) -> "NeuralColorizer":
        """Load a saved model.

        Raises
        ------
        InputError
            The model is of another method or has other parameters, or its weights do not match.
        """
        layout.read(folder, self.name, self.params, self.dense)
        self.trained_on = layout.trained_on(folder)
        path = Path(folder) / WEIGHTS
        network = self.wrap(self.make()).to(memory_format=torch.channels_last)
        try:
            network.load_state_dict(load_file(path))
        except (FileNotFoundError, SafetensorError, RuntimeError) as error:
            first = str(error).strip().splitlines()[0]
            raise InputError(path, f"unusable weights ({first})", "weights of this model") from None
        self.network = network.eval()
        return self
