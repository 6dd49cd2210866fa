"""Devices: chosen for the artist, overridable, and said."""

from __future__ import annotations

import pytest
import torch

from doorways import InputError
from doorways.devices import choose_device


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> object:
    """Makes torch say which devices this machine has."""

    def have(cuda: int = 0, capability: int = 8, mps: bool = False, instructions: str = "") -> None:
        for name in ("avx512_bf16", "amx_tile"):
            monkeypatch.setattr(torch.cpu, f"_is_{name}_supported", lambda name=name: name == instructions)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (capability, 0))
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Card")
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return have


@pytest.mark.parametrize(
    ("machine", "device", "precision"),
    [
        ({}, "cpu", "fp32"),
        ({"instructions": "avx512_bf16"}, "cpu", "bf16"),
        ({"instructions": "amx_tile"}, "cpu", "bf16"),
        ({"mps": True}, "cpu", "fp32"),
        ({"cuda": 1, "mps": True}, "cuda", "bf16"),
        ({"cuda": 1, "capability": 7}, "cuda", "fp32"),
    ],
    ids=str,
)
def test_the_best_device_that_is_there_is_chosen_and_said(cards, machine, device, precision) -> None:
    cards(**machine)
    chosen = choose_device()
    assert (chosen.device.type, chosen.precision) == (device, precision)
    assert f"in {precision} (chosen automatically; --device changes it)" in chosen.note


def test_what_is_asked_for_is_taken(cards) -> None:
    cards(cuda=2, capability=7)
    assert choose_device("cpu").device.type == "cpu"
    cards(mps=True)
    assert "Apple's GPU (mps) in fp32 (as asked)" in choose_device("mps").note
    cards(cuda=2, capability=7)
    assert choose_device("cuda:1", "fp16").device == torch.device("cuda:1")
    assert choose_device("cuda", "fp16").dtype == torch.float16
    assert "Card (cuda:1) in fp16 (as asked)" in choose_device("cuda:1", "fp16").note
    assert choose_device("cpu", "bf16").dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("machine", "asked", "says"),
    [
        ({}, ("cuda", "auto"), "'cuda' is not here; use auto or one of cpu; .*TORCH=cuda"),
        ({"cuda": 1}, ("cuda:1", "auto"), "one of cpu, cuda, cuda:0$"),
        ({"mps": True}, ("tpu", "auto"), "one of cpu, mps$"),
        ({}, ("auto", "fp64"), "'fp64': must be auto, fp32, bf16, fp16"),
        ({}, ("cpu", "fp16"), "use fp32 or bf16"),
        ({"cuda": 1, "capability": 7}, ("auto", "bf16"), "Card .*use fp32 or fp16"),
    ],
    ids=str,
)
def test_what_is_not_there_is_refused_with_what_is(cards, machine, asked, says) -> None:
    cards(**machine)
    with pytest.raises(InputError, match=says):
        choose_device(*asked)
