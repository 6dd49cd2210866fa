"""What is sent and fetched is what it was, whatever becomes of it meanwhile."""

from __future__ import annotations

import pytest
import torch

from doorways.transfer import Fetched, sent

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")),
]


@pytest.mark.parametrize("device", DEVICES)
def test_what_is_sent_arrives_in_the_kind_that_is_asked_for(device):
    numbers = torch.linspace(-1, 1, 7, dtype=torch.float64)
    there = sent(numbers, torch.device(device), torch.float32)
    assert (there.device.type, there.dtype) == (device, torch.float32)
    assert torch.equal(there.cpu(), numbers.float())
    assert sent(numbers > 0, torch.device(device)).dtype == torch.bool
    assert sent(numbers[:0], torch.device(device)).shape == (0,)


@pytest.mark.parametrize("device", DEVICES)
def test_what_is_fetched_is_as_it_was(device):
    there = torch.ones(3, 2, device=device, requires_grad=True)
    fetched = Fetched(there)
    with torch.no_grad():
        there.zero_()
    assert torch.equal(fetched.read(), torch.ones(3, 2))
    assert not fetched.read().requires_grad
