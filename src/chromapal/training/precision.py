"""Keeps bf16 training correct where PyTorch's bf16 convolutions are wrong."""

import itertools
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

# What the networks here are made of, as (inputs, outputs, kernel, stride), and the maps and
# batches they meet: a fault that depends on the number of channels rarely spares all of these.
LAYERS = ((2, 64, 7, 2), (16, 32, 3, 2), (64, 64, 3, 1), (64, 128, 3, 2), (64, 128, 1, 2))
MAPS = ((1, 1), (2, 2), (3, 2), (4, 4), (8, 5))
BATCHES = (4, 16)
REPEATS = 2
TOLERANCE = 0.03  # of the norm in fp32; rounding to bf16 costs a tenth of that


class ThinMapsInFp32(TorchFunctionMode):
    """Computes strided convolutions in fp32 if their result is a single row or column.

    With bf16 and a result of one column, PyTorch 2.13's (oneDNN's) convolutions of stride and
    kernel above 1 read beyond their input on CPUs: weight gradients of a 1 x 1 map differ from
    one call to the next or are infinite, and a column of several cells is already wrong on the
    way forward. All other shapes are right, and fp32 always is.

    The shape alone decides, not a measurement: memory beyond the input can happen to hold the
    same values twice, and a network's result would then depend on chance. A row is treated like
    a column, at negligible cost, because nothing guarantees that it is safe.
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):
        """Call a PyTorch function, in fp32 if it is such a convolution."""
        kwargs = kwargs or {}
        if function is torch.conv2d and _thin(*args, **kwargs):
            return _in_fp32(*args, **kwargs)
        return function(*args, **kwargs)


def guarded(precision: str) -> AbstractContextManager:
    """Return the context in which a network has to be trained.

    Parameters
    ----------
    precision : {"bf16", "fp32"}
        With fp32 nothing changes.
    """
    return ThinMapsInFp32() if precision == "bf16" else nullcontext()


@cache
def bf16_fault(threads: int) -> str:
    """Measure whether networks can be trained in bf16 on this CPU; takes a fraction of a second.

    Convolutions under autocast, guarded as they are in training, must be finite, the same when
    repeated, and close to those in fp32: the result, and the gradients of input and weights. GPUs
    are not measured: they run other code, and their results need not repeat.

    Parameters
    ----------
    threads : int
        How many PyTorch uses; results repeat only with the same number.

    Returns
    -------
    str
        What is wrong with the first faulty convolution; empty if all are correct.
    """
    for layer, size, batch in itertools.product(LAYERS, MAPS, BATCHES):
        fault = _fault(*layer, (batch, layer[0], *size))
        if fault:
            inputs, outputs, kernel, stride = layer
            return (
                f"a {kernel} x {kernel} convolution of {batch} maps of {size[0]} x {size[1]}, "
                f"{inputs} to {outputs} channels, stride {stride}, {fault}"
            )
    return ""


def _fault(inputs: int, outputs: int, kernel: int, stride: int, shape: tuple[int, ...]) -> str:
    # A separate generator, so that this check does not change a study's random numbers.
    generator = torch.Generator().manual_seed(0)
    x, weight = (
        torch.randn(size, generator=generator).contiguous(memory_format=torch.channels_last)
        for size in (shape, (outputs, inputs, kernel, kernel))
    )
    right = _convolve(x, weight, stride, bf16=False)
    first, *others = (_convolve(x, weight, stride, bf16=True) for _ in range(REPEATS))
    if not all(tensor.isfinite().all() for tensors in (first, *others) for tensor in tensors):
        return "is not finite"
    if not all(all(map(torch.equal, first, repeated)) for repeated in others):
        return "is not the same twice"
    if any(
        (one - two).norm() > TOLERANCE * two.norm() for one, two in zip(first, right, strict=True)
    ):
        return "is wrong"
    return ""


def _convolve(x: torch.Tensor, weight: torch.Tensor, stride: int, bf16: bool):
    """Return a convolution, and the gradients of half the sum of its squares."""
    x, weight = (value.clone().requires_grad_() for value in (x, weight))
    with guarded("bf16"), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        result = F.conv2d(x, weight, None, stride, weight.shape[-1] // 2).float()
    # Freed memory then holds NaN, which reveals reads of memory that was never written.
    torch.full_like(weight, torch.nan)
    return result.detach(), *torch.autograd.grad(result.square().sum() / 2, (x, weight))


def _thin(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> bool:
    """Return whether stride and kernel are above 1 and the result is one row or column."""
    kernel, stride, dilation = weight.shape[-2:], _pair(stride), _pair(dilation)
    if max(kernel) == 1 or max(stride) == 1:
        return False
    padding = (0, 0) if padding == "valid" else _pair(padding)
    sides = zip(input.shape[-2:], kernel, stride, padding, dilation, strict=True)
    return any(
        side + 2 * beyond - gap * (size - 1) - 1 < step for side, size, step, beyond, gap in sides
    )


def _pair(value: int | Sequence[int]) -> tuple[int, ...]:
    values = (value,) if isinstance(value, int) else tuple(value)
    return values if len(values) == 2 else 2 * values


def _in_fp32(input, weight, bias=None, *arguments, **options) -> torch.Tensor:
    bias = None if bias is None else bias.float()
    with torch.autocast(input.device.type, enabled=False):
        return torch.conv2d(input.float(), weight.float(), bias, *arguments, **options)
