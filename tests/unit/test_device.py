"""The choice of device and precision."""

import logging

import pytest
import torch

from chromapal.errors import InputError
from chromapal.training import device
from chromapal.training.device import Device, choose


def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("instructions", "fault", "precision"),
    [
        ("amx_bf16", "", "bf16"),
        ("avx512_bf16", "", "bf16"),
        ("amx_bf16", "a convolution is wrong", "fp32"),
        ("avx512_bf16", "a convolution is wrong", "fp32"),
        ("avx512_f", "", "fp32"),
    ],
)
def test_bf16_on_a_cpu_that_multiplies_it_and_where_it_is_right(
    instructions, fault, precision, monkeypatch, caplog
):
    no_gpu(monkeypatch)
    monkeypatch.setattr(device, "bf16_fault", lambda threads: fault)
    found = {"avx512_bf16": False, "amx_bf16": False, "avx512_f": True} | {instructions: True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found)
    with caplog.at_level(logging.INFO, "chromapal"):
        assert choose("auto", "auto", 1) == Device("cpu", precision, 1)
    assert f"cpu, {precision}" in caplog.text
    assert fault in caplog.text


def test_a_pytorch_that_cannot_tell_gets_fp32(monkeypatch):
    no_gpu(monkeypatch)
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert choose("cpu", "auto", 1).precision == "fp32"


@pytest.mark.parametrize(("fast", "precision"), [(True, "bf16"), (False, "fp32")])
def test_a_gpu_is_taken_where_there_is_one(fast, precision, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: fast)
    assert choose("auto", "auto", 1) == Device("cuda", precision, 1)
    assert choose("cpu", "fp32", 1) == Device("cpu", "fp32", 1)


def test_threads_are_set():
    before = torch.get_num_threads()
    choose("cpu", "fp32", 2)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_what_is_not_there_is_one_line(monkeypatch):
    no_gpu(monkeypatch)
    with pytest.raises(InputError, match=r"training\.device.*'cuda'"):
        choose("cuda")
    with pytest.raises(InputError, match=r"training\.device.*'tpu'"):
        choose("tpu")
    with pytest.raises(InputError, match=r"training\.precision.*'fp8'"):
        choose("cpu", "fp8")
