"""The device on which a network is trained, and its numeric precision."""

import logging
from dataclasses import dataclass

import torch

from chromapal.columns import TRAINED_ON
from chromapal.errors import InputError
from chromapal.training.precision import bf16_fault

LOGGER = logging.getLogger("chromapal")
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "bf16", "fp32")
# Instructions that multiply bf16, as PyTorch calls them; without one of them bf16 is converted to
# fp32 and back, which is slower than fp32. Steps of the networks here are 1.4 to 2.4 times as fast
# as in plain fp32 with AVX512_BF16 alone (`benchmarks/image_training.py`).
CPU_BF16 = ("amx_bf16", "avx512_bf16")


@dataclass(frozen=True)
class Device:
    """A device, its precision and its number of threads."""

    name: str
    precision: str
    threads: int

    @property
    def trained_on(self) -> dict[str, str]:
        """Device and precision, as tables and models record them."""
        return dict(zip(TRAINED_ON, (self.name, self.precision), strict=True))

    def __str__(self):
        """Describe the device for the log."""
        threads = f", {self.threads} threads" if self.name == "cpu" else ""
        return f"{self.name}, {self.precision}{threads}"


def choose(
    device: str = "auto", precision: str = "auto", threads: int = 1, told: bool = True
) -> Device:
    """Choose a device and a precision, log the choice, and set PyTorch's number of threads.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "mps"}
        `auto` is a CUDA GPU if there is one, else the CPU.
    precision : {"auto", "bf16", "fp32"}
        `auto` is bf16 autocast if the hardware multiplies bf16 matrices faster than fp32:
        CUDA with bf16 support, or a CPU with AMX tiles or AVX512_BF16. A CPU's bf16 is
        first measured (`chromapal.training.precision`), whatever its name; a CPU that computes it
        wrongly gets fp32.
    threads : int
        Threads on the CPU. Results repeat bit for bit only with the same number.
    told : bool
        Whether the choice is logged: not by what predicts image after image.

    Raises
    ------
    InputError
        The value is none of those above, the device does not exist, or bf16 was requested on a
        CPU that computes it wrongly.
    """
    _check("training.device", device, DEVICES)
    _check("training.precision", precision, PRECISIONS)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present[device]:
        available = ", ".join(name for name, is_present in present.items() if is_present)
        raise InputError(
            "config key 'training.device'", f"{device!r}", f"one of: auto, {available}"
        )
    torch.set_num_threads(threads)
    if precision == "bf16" or (precision == "auto" and fast_bf16(device)):
        fault = bf16_fault(threads) if device == "cpu" else ""
        if fault and precision == "bf16":
            raise InputError(
                "config key 'training.precision'", f"'bf16' on a CPU where {fault}", "auto or fp32"
            )
        if fault:
            LOGGER.warning("no bf16 on this CPU: %s", fault)
        precision = "fp32" if fault else "bf16"
    elif precision == "auto":
        precision = "fp32"
    chosen = Device(device, precision, threads)
    if told:
        LOGGER.info("device: %s", chosen)
    return chosen


def fast_bf16(device: str) -> bool:
    """Return whether bf16 matrix products are faster than fp32 on a device."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "cpu":
        capabilities = getattr(torch.cpu, "get_capabilities", dict)()
        return any(capabilities.get(instructions) for instructions in CPU_BF16)
    return False


def _check(key: str, value: str, allowed: tuple[str, ...]):
    if value not in allowed:
        raise InputError(f"config key '{key}'", repr(value), f"one of {', '.join(allowed)}")
