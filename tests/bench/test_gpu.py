"""The GPU's bench measures what it says with tiny models anywhere, and says what it needs."""

from __future__ import annotations

import pytest
import torch

from bench import gpu


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_what_it_needs(tmp_path):
    with pytest.raises(SystemExit, match="needs a GPU that CUDA knows, and torch finds none here"):
        gpu.run(out=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("together", [0, 1, 2])
def test_steps_are_counted_as_they_arrive(together, monkeypatch):
    monkeypatch.setattr(gpu, "GENERATOR", "random-tiny-vqgan")
    small = {"size": "64x32", "start_size": "64x32", "cutouts": 4, "device": "cpu", "precision": "fp32"}
    wanted = gpu.recipe(("random-tiny-clip",), 3, **small)
    rate = gpu.steps_a_second_of_each(wanted, together, 1) if together else gpu.steps_a_second(wanted, 1)
    assert 0.01 < rate < 10_000
