"""Starting weights from elsewhere: downloaded, checked, and fitted to two input channels."""

import hashlib
import pickle
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.files import whole

CHUNK = 1 << 20


def load_torchvision(module: torch.nn.Module, source: str, sha256: str, cache: str | Path):
    """Load torchvision's ResNet weights into an encoder, by name.

    The classifier (`fc`) is left out. The first convolution's three channels are reduced to the
    module's by giving each the sum over red, green and blue divided by the number of channels:
    an image given in all of them is answered as the gray image was.

    Parameters
    ----------
    module : torch.nn.Module
        The encoder, with torchvision's parameter names.
    source : str
        A `.pth` or `.safetensors` file, by path or http(s) URL.
    sha256 : str
        Its checksum in hexadecimal digits; empty: not checked.
    cache : path-like
        Folder that keeps what was downloaded.

    Raises
    ------
    InputError
        No such file, a failed download, another checksum, no weights in it, or weights of
        another network.
    """
    path = fetch(source, sha256, cache)
    state = _read(path)
    state = {name: value for name, value in state.items() if not name.startswith("fc.")}
    own = module.state_dict()
    if "conv1.weight" in state:
        channels = own["conv1.weight"].shape[1]
        total = state["conv1.weight"].sum(dim=1, keepdim=True)
        state["conv1.weight"] = total.expand(-1, channels, -1, -1) / channels
    # torchvision's oldest files do not count batches; nothing here uses that number.
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


def fetch(source: str, sha256: str, cache: str | Path) -> Path:
    """Give the path of a file, downloading it once where it is a URL.

    Raises
    ------
    InputError
        No such file, a failed download or another checksum.
    """
    if not source.startswith(("http://", "https://")):
        path = Path(source).expanduser()
        if not path.is_file():
            raise InputError(path, "no file", "a file of network weights")
        _check(path, sha256, source)
        return path
    # Under the address's own digest: two addresses may end in the same file name.
    name = f"{hashlib.sha256(source.encode()).hexdigest()[:8]}-{source.rsplit('/', 1)[-1]}"
    path = Path(cache).expanduser() / name
    if not path.is_file():
        with whole(path) as part:
            _download(source, part)
            _check(part, sha256, source)
    _check(path, sha256, path)
    return path


def _download(url: str, path: Path):
    try:
        with urllib.request.urlopen(url, timeout=60) as response, path.open("wb") as file:
            size = int(response.headers.get("Content-Length", 0))
            for chunk in progress(_chunks(response), -(-size // CHUNK), f"downloading {url}"):
                file.write(chunk)
            received = file.tell()
    except (urllib.error.URLError, OSError) as error:
        raise InputError(url, f"a failed download ({error})", "a reachable file") from None
    if size and received != size:
        raise InputError(url, f"{received} of {size} bytes", "the whole file", "try again")


def _chunks(response) -> Iterator[bytes]:
    while chunk := response.read(CHUNK):
        yield chunk


def _check(path: Path, sha256: str, where: object):
    if not sha256:
        return
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != sha256.lower():
        raise InputError(where, f"sha256 {digest.hexdigest()}", f"sha256 {sha256}")


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
