"""The generator's training begins with another's weights, and goes on where it stopped."""

from __future__ import annotations

import pytest
import torch
from diffusers import VQModel

from doorways.errors import InputError
from doorways.generators import vqgan
from training import generator, resumable
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
    return lambda steps=4, **settings: generator.Training(steps, **settings)


def test_it_begins_where_the_other_one_ended(training, tmp_path):
    begun = training(begin=EMBEDDED / "generator")
    begun.export(tmp_path)
    shipped, copy = vqgan.load(EMBEDDED / "generator"), vqgan.load(tmp_path)
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(copy.codes, shipped.codes)
    assert torch.equal(copy.decode(copy.encode(picture)), shipped.decode(shipped.encode(picture)))


def test_one_of_another_shape_is_no_beginning(training, tmp_path):
    VQModel(**generator.SHAPE | {"block_out_channels": (8, 8, 8, 8)}).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="holds a model of another shape"):
        training(begin=tmp_path)


def test_a_run_that_was_stopped_takes_the_same_steps_through_all_its_parts(training, tmp_path):
    straight, untaught = training(8), [one.clone() for one in training(8).critic.parameters()]
    for _ in range(7):
        straight.advance()
    taught = list(straight.critic.parameters())
    assert not any(torch.equal(one, before) for one, before in zip(taught, untaught, strict=True))
    torch.save(straight.state(), tmp_path / "state.pt")
    stopped = training(8)
    stopped.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert straight.advance() == stopped.advance()
    assert straight.step == stopped.step == 8
    for of in ("model", "critic"):
        for mine, other in zip(
            getattr(stopped, of).parameters(), getattr(straight, of).parameters(), strict=True
        ):
            assert torch.equal(mine, other)
    for key, mine in stopped.average.items():
        assert torch.equal(mine, straight.average[key])


def test_nothing_is_learned_without_eyes_that_are_done(training, monkeypatch, tmp_path):
    monkeypatch.setattr(resumable, "WORK", tmp_path)
    with pytest.raises(InputError, match="steps of perceptor are done; make train-perceptor first"):
        generator.train(4, tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()
