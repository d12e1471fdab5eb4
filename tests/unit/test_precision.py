"""bf16 on CPUs: thin maps are computed in fp32, and what else is wrong is found out."""

import itertools
from contextlib import contextmanager

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from chromapal.errors import InputError
from chromapal.training import device, precision
from chromapal.training.precision import bf16_fault, guarded


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


@contextmanager
def bf16(guard: bool = True):
    with guarded("bf16" if guard else "fp32"), torch.autocast("cpu", torch.bfloat16):
        yield


@pytest.fixture
def measured_anew():
    bf16_fault.cache_clear()
    yield
    bf16_fault.cache_clear()


def learnt(layer: nn.Conv2d, shape: tuple[int, ...]) -> list[torch.Tensor]:
    """Return a layer's answer, and the gradients of all that it has."""
    layer.zero_grad(set_to_none=True)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)).requires_grad_()
    answer = layer(x.contiguous(memory_format=torch.channels_last))
    answer.float().square().sum().backward()
    return [answer.detach(), x.grad, *(parameter.grad for parameter in layer.parameters())]


def same(one: list[torch.Tensor], two: list[torch.Tensor]) -> bool:
    return all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (4, 1), (3, 2), (1, 4)])
@pytest.mark.parametrize("kernel", [3, 7])
@pytest.mark.parametrize("batch", [1, 16])
def test_one_row_or_column_is_learnt_exactly_as_in_fp32(batch, kernel, size):
    layer = nn.Conv2d(64, 32, kernel, 2, kernel // 2).to(memory_format=torch.channels_last)
    expected = learnt(layer, (batch, 64, *size))
    for _ in range(3):
        with bf16():
            assert same(learnt(layer, (batch, 64, *size)), expected)


@pytest.mark.parametrize(
    ("size", "kernel", "stride"),
    [
        ((3, 3), 3, 2),
        ((1, 1), 3, 1),
        ((4, 1), 3, 1),
        ((1, 1), 1, 2),
        ((2, 1), 1, 2),
        ((9, 3), 7, 2),
    ],
)
def test_other_layers_stay_in_bf16(size, kernel, stride):
    layer = nn.Conv2d(64, 32, kernel, stride, kernel // 2).to(memory_format=torch.channels_last)
    shape = (4, 64, *size)
    with bf16(guard=False):
        expected = learnt(layer, shape)
    with bf16():
        found = learnt(layer, shape)
    assert found[0].dtype == torch.bfloat16
    assert same(found, expected)
    exact = learnt(layer, shape)
    assert not torch.equal(found[0].float(), exact[0])
    for one, two in zip(found, exact, strict=True):
        torch.testing.assert_close(one.float(), two, rtol=0.02, atol=0.02 * float(two.abs().max()))


def test_thin_is_what_gives_one_row_or_column():
    counts = {True: 0, False: 0}
    for rows, columns, kernel, stride, padding, dilation in itertools.product(
        (1, 3, 6), (1, 4), (1, 3, (1, 3)), (1, 2, (1, 2)), (0, 1, (1, 2)), (1, 2)
    ):
        layer = nn.Conv2d(1, 1, kernel, stride, padding, dilation)
        x = torch.zeros(1, 1, rows, columns)
        try:
            answer = layer(x)
        except RuntimeError:  # the kernel is larger than the map
            continue
        with bf16():
            in_bf16 = layer(x).dtype == torch.bfloat16
        strided = max(layer.stride) > 1 and max(layer.kernel_size) > 1
        thin = strided and 1 in answer.shape[2:]
        assert in_bf16 == (not thin), (layer, x.shape)
        counts[thin] += 1
    assert min(counts.values()) > 40


def test_functions_and_words_for_padding_are_guarded_too():
    x, weight = torch.randn(2, 4, 3, 3), torch.randn(5, 4, 3, 3)
    with bf16():
        assert F.conv2d(x, weight, stride=2, padding="valid").dtype == torch.float32
        assert F.conv2d(input=x, weight=weight, stride=[2]).dtype == torch.float32
        assert F.conv2d(x[0], weight, stride=2).dtype == torch.float32
        assert F.conv2d(x, weight, padding="same").dtype == torch.bfloat16
        assert F.conv2d(x, weight).dtype == torch.bfloat16


def test_in_fp32_nothing_is_changed():
    layer = nn.Conv2d(2, 4, 3, 2, 1)
    expected = learnt(layer, (2, 2, 1, 1))
    for name in ("fp32", "bf16"):
        with guarded(name):
            assert same(learnt(layer, (2, 2, 1, 1)), expected)


def test_a_cpu_is_measured_once_and_random_numbers_stay(monkeypatch, measured_anew):
    before = torch.get_rng_state()
    found = bf16_fault(1)
    assert torch.equal(torch.get_rng_state(), before)

    def asked(*told):
        raise AssertionError

    monkeypatch.setattr(precision, "_fault", asked)
    assert bf16_fault(1) == found


def planted(monkeypatch, spoil, least: int):
    """Spoil the weight gradients of bf16 convolutions of maps of so many rows and more."""
    original = F.conv2d

    def conv2d(x, weight, *told):
        if torch.is_autocast_enabled("cpu") and x.shape[2] >= least:
            weight.register_hook(spoil)
        return original(x, weight, *told)

    monkeypatch.setattr(F, "conv2d", conv2d)


def never_the_same():
    count = itertools.count(1)
    return lambda gradient: gradient * (1 + next(count) / 1024)


SPOILT = {
    "is not finite": lambda: lambda gradient: gradient.index_fill(0, torch.tensor(3), torch.nan),
    "is not the same twice": never_the_same,
    "is wrong": lambda: lambda gradient: 1.1 * gradient,
}


@pytest.mark.parametrize("least", [2, 8])
@pytest.mark.parametrize("fault", SPOILT)
def test_gradients_that_cannot_be_relied_on_are_refused_in_one_line(
    fault, least, monkeypatch, caplog, measured_anew
):
    planted(monkeypatch, SPOILT[fault](), least)
    monkeypatch.setattr(device, "fast_bf16", lambda name: True)
    told = f"{least} x {'2' if least == 2 else '5'}, 2 to 64 channels, stride 2, {fault}"
    assert device.choose("cpu", "auto", 1).precision == "fp32"
    (warning,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert told in warning and "\n" not in warning
    with pytest.raises(InputError, match=r"training\.precision.*'bf16'") as caught:
        device.choose("cpu", "bf16", 1)
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).endswith("expected auto or fp32")
    assert device.choose("cpu", "fp32", 1).precision == "fp32"


def test_fp32_is_not_measured(monkeypatch):
    def asked(threads):
        raise AssertionError

    monkeypatch.setattr(device, "bf16_fault", asked)
    monkeypatch.setattr(device, "fast_bf16", lambda name: False)
    for name in ("fp32", "auto"):
        assert device.choose("cpu", name, 1).precision == "fp32"
