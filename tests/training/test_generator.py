"""The generator's training begins with another's weights, and goes on where it stopped."""

from __future__ import annotations

import pytest
import torch

from doorways.generators import vqgan
from training import generator
from training.scenes import Scenes
from training.ship import EMBEDDED

pytestmark = pytest.mark.embedded


@pytest.fixture
def training(monkeypatch, world):
    monkeypatch.setattr(
        generator, "Scenes", lambda split, source_px: Scenes("trained", source_px=source_px, folder=world)
    )
    eyes = generator.load_eyes(EMBEDDED / "perceptor")
    monkeypatch.setattr(generator, "load_eyes", lambda: eyes)
    return lambda **settings: generator.Training(4, **settings)


def test_it_begins_where_the_other_one_ended(training, tmp_path):
    begun = training(begin=EMBEDDED / "generator")
    begun.export(tmp_path)
    shipped, copy = vqgan.load(EMBEDDED / "generator"), vqgan.load(tmp_path)
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(copy.codes, shipped.codes)
    assert torch.equal(copy.decode(copy.encode(picture)), shipped.decode(shipped.encode(picture)))


def test_a_run_that_was_stopped_takes_the_same_steps_through_all_its_parts(training, tmp_path):
    straight = training()
    for _ in range(2):
        straight.advance()
    torch.save(straight.state(), tmp_path / "state.pt")
    stopped = training()
    stopped.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    for step in (3, 4):
        assert straight.advance() == stopped.advance()
        assert straight.step == stopped.step == step
    for mine, other in zip(stopped.model.parameters(), straight.model.parameters(), strict=True):
        assert torch.equal(mine, other)
