"""What is recorded of the machine, and what is said when its memory has run out."""

from __future__ import annotations

import json

import pytest
import torch

from doorways.devices import choose_device
from doorways.errors import DoorwaysError, InputError
from doorways.machine import describe_machine, out_of_memory
from tests.recipes import quick


def test_the_machine_is_told_in_json():
    told = describe_machine(choose_device("cpu", "bf16"))
    assert json.loads(json.dumps(told)) == told
    assert set(told["versions"]) == {"python", "doorways", "torch", "diffusers", "transformers"}
    assert (told["device"], told["precision"], told["threads"]) == ("cpu", "bf16", torch.get_num_threads())


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory: 12 TB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
    ],
)
def test_every_way_to_run_out_of_memory_is_one_sentence(error):
    with (
        pytest.raises(DoorwaysError, match="too little memory for 6 cutouts on 48x24; ask for") as caught,
        out_of_memory(quick()),
    ):
        raise error
    assert not isinstance(caught.value, InputError), "it is not the artist's mistake"
    assert caught.value.__cause__ is error


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match=r"^shapes differ$"), out_of_memory(quick()):
        raise RuntimeError("shapes differ")


def test_a_real_allocation_that_fails_is_understood():
    with pytest.raises(DoorwaysError, match="too little memory"), out_of_memory(quick()):
        torch.empty(1 << 50, dtype=torch.uint8).fill_(1)
