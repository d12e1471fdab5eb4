"""Pretrained weights: downloaded, checked, and adapted to a network's input channels."""

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from chromapal import download
from chromapal.errors import InputError

STAGES = ("layer1", "layer2", "layer3", "layer4")


def start(module: torch.nn.Module, params: object):
    """Load the weights that a method's `Params` name (`weights`, `sha256`, `cache`), if any."""
    if has_weights(params):
        load_torchvision(module, params.weights, params.sha256, params.cache)


def has_weights(params: object) -> bool:
    """Return whether a method's `Params` name pretrained weights."""
    return params.weights not in ("", "none")


def load_torchvision(module: torch.nn.Module, source: str, sha256: str, cache: str | Path):
    """Load torchvision's ResNet weights into an encoder, by name.

    The classifier (`fc`) is skipped, and so are stages that the module does not have. The first
    convolution's three channels are reduced to the module's: each gets the sum over red, green
    and blue divided by the number of channels, so that an image repeated in all of them gives the
    response that the gray image gave. A module with three channels takes them unchanged.

    Parameters
    ----------
    module : torch.nn.Module
        The encoder, with torchvision's parameter names.
    source : str
        A `.pth` or `.safetensors` file, by path or http(s) URL.
    sha256 : str
        Its checksum in hexadecimal digits; empty: not checked.
    cache : path-like
        Folder for downloaded files.

    Raises
    ------
    InputError
        The file does not exist, the download failed, the checksum differs, or the file holds no
        weights, or those of another network.
    """
    path = download.fetch(source, sha256, cache, "a file of network weights")
    state = _read(path)
    absent = {"fc", *(stage for stage in STAGES if not hasattr(module, stage))}
    state = {name: value for name, value in state.items() if name.split(".")[0] not in absent}
    own = module.state_dict()
    if "conv1.weight" in state:
        channels = own["conv1.weight"].shape[1]
        if channels != state["conv1.weight"].shape[1]:
            total = state["conv1.weight"].sum(dim=1, keepdim=True)
            state["conv1.weight"] = total.expand(-1, channels, -1, -1) / channels
    # torchvision's oldest files lack the counts of batches, which are not used here.
    counters = {name for name in own if name.endswith("num_batches_tracked")}
    wrong = sorted((own.keys() - counters) ^ (state.keys() - counters))
    wrong += [name for name in own.keys() & state.keys() if own[name].shape != state[name].shape]
    if wrong:
        raise InputError(
            path,
            f"{len(wrong)} parameters that do not match, such as {wrong[0]}",
            "the weights of torchvision's network of the same depth",
        )
    module.load_state_dict(state, strict=False)


def _read(path: Path) -> dict[str, torch.Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(
            path, f"no readable weights ({first})", "a .pth or .safetensors file"
        ) from None
    if not isinstance(state, dict) or not all(torch.is_tensor(value) for value in state.values()):
        raise InputError(path, "no table of parameters", "a state dict")
    return state
