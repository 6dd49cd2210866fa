"""The descent: Adam as published, an average, and a memory that survives growth."""

from __future__ import annotations

import pytest
import torch

from doorways.descent import BETAS, Descent
from doorways.generators import load_generator
from tests import tiny
from tests.recipes import vqgan


def gradients(count, shape=(1, 2, 3, 4)):
    rng = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=rng) for _ in range(count)]


def kept(latent):
    return latent


def test_what_begins_anew_in_part_keeps_its_way_and_forgets_its_average():
    descent = Descent(torch.zeros(1, 2, 3, 4), learning_rate=0.1, averaging=0.9)
    for gradient in gradients(3):
        descent.step(gradient, kept)
    before, fresh = descent.latent.clone(), torch.ones(1, 2, 3, 4)
    moments = {name: tensor.clone() for name, tensor in descent.tensors().items() if name.startswith("adam")}
    descent.begin_anew(fresh, 0.25)
    assert torch.allclose(descent.latent, 0.75 * before + 0.25 * fresh)
    assert torch.equal(descent.average, descent.latent)
    assert all(torch.equal(descent.tensors()[name], tensor) for name, tensor in moments.items())
    assert descent.steps == 3


def test_it_takes_the_steps_of_adam():
    start, pushes = torch.zeros(1, 2, 3, 4), gradients(4)
    descent = Descent(start, learning_rate=0.1, averaging=0)
    expected, mean, square = start.double(), 0.0, 0.0
    for n, gradient in enumerate(pushes, 1):
        descent.step(gradient, kept)
        mean = BETAS[0] * mean + (1 - BETAS[0]) * gradient.double()
        square = BETAS[1] * square + (1 - BETAS[1]) * gradient.double() ** 2
        unbiased = mean / (1 - BETAS[0] ** n), (square / (1 - BETAS[1] ** n)).sqrt() + 1e-8
        expected = expected - 0.1 * unbiased[0] / unbiased[1]
    assert descent.steps == 4
    assert torch.allclose(descent.latent.double(), expected, atol=1e-6)
    assert torch.equal(start, torch.zeros(1, 2, 3, 4)), "the latent given is left as it was"


def test_they_are_torchs_to_the_last_bit():
    latent, rates = torch.zeros(1, 2, 3, 4), [0.1, 0.1, 0.05, 0.2]
    descent = Descent(latent, learning_rate=0, averaging=0)
    optimiser = torch.optim.Adam([latent], betas=BETAS)
    for rate, gradient in zip(rates, gradients(4), strict=True):
        descent.learning_rate = optimiser.param_groups[0]["lr"] = rate
        latent.grad = gradient
        optimiser.step()
        descent.step(gradient, kept)
    assert torch.equal(descent.latent, latent)
    theirs = {f"adam.{name}": tensor for name, tensor in optimiser.state[latent].items()}
    ours = {name: tensor for name, tensor in descent.tensors().items() if name.startswith("adam.")}
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def test_the_average_is_the_plain_mean_at_first_and_exponential_later():
    descent = Descent(torch.zeros(1, 1, 2, 2), learning_rate=0.1, averaging=0.75)
    latents, averages = [descent.latent.clone()], []
    for gradient in gradients(6, (1, 1, 2, 2)):
        descent.step(gradient, kept)
        latents.append(descent.latent.clone())
        averages.append(descent.average.clone())
    for n in (1, 2, 3):
        assert torch.allclose(averages[n - 1], torch.stack(latents[: n + 1]).mean(0), atol=1e-6)
    for n in (4, 5, 6):
        assert torch.allclose(averages[n - 1], 0.75 * averages[n - 2] + 0.25 * latents[n], atol=1e-6)


def test_it_stays_in_range():
    descent = Descent(torch.zeros(1, 1, 2, 2), learning_rate=1, averaging=0.5)
    descent.step(-torch.ones(1, 1, 2, 2), lambda latent: latent.clamp_(max=0.25))
    assert descent.latent.tolist() == torch.full((1, 1, 2, 2), 0.25).tolist()
    assert descent.average.max() == 0.125


@pytest.mark.parametrize("spec", ["fourier", "vqgan"])
def test_growth_carries_the_moments_of_adam(spec):
    generator = load_generator(vqgan() if spec == "vqgan" else spec)
    descent = Descent(generator.encode(tiny.picture(24, 12)), learning_rate=0.1, averaging=0.9)
    for gradient in gradients(3, descent.latent.shape):
        descent.step(gradient, generator.clamp_)
    before = {name: tensor.clone() for name, tensor in descent.tensors().items()}
    assert set(before) == {"latent", "average", "adam.step", "adam.exp_avg", "adam.exp_avg_sq"}

    enlarged = generator.encode(tiny.picture(48, 24))
    descent.grow(enlarged, lambda tensor: generator.resize(tensor, 48, 24))
    after = descent.tensors()
    assert after["adam.step"] == before["adam.step"] == descent.steps == 3
    for name in ("adam.exp_avg", "adam.exp_avg_sq"):
        assert torch.equal(after[name], generator.resize(before[name], 48, 24))
    for name in ("latent", "average"):
        assert torch.equal(after[name], enlarged)
    assert (after["adam.exp_avg_sq"] >= 0).all()
    assert after["adam.exp_avg"].abs().max() > 0

    grown = descent.latent.clone()
    descent.step(torch.zeros_like(grown), generator.clamp_)
    moving = after["adam.exp_avg"].abs() > 0
    assert (descent.latent - grown)[moving].abs().max() > 0.05, "it goes on in the direction it had"


def test_growth_before_the_first_step_has_nothing_to_carry():
    generator = load_generator("fourier")
    descent = Descent(generator.encode(tiny.picture(24, 12)), learning_rate=0.1, averaging=0.9)
    descent.grow(generator.encode(tiny.picture(48, 24)), lambda tensor: generator.resize(tensor, 48, 24))
    assert set(descent.tensors()) == {"latent", "average"}
    assert descent.latent.shape == (1, 3, 2, 24, 25)


def test_it_goes_on_from_its_own_tensors_as_if_nothing_had_been():
    pushes = gradients(6)
    descent = Descent(torch.zeros(1, 2, 3, 4), learning_rate=0.1, averaging=0.9)
    for gradient in pushes[:3]:
        descent.step(gradient, kept)
    tensors = {name: tensor.clone() for name, tensor in descent.tensors().items()}
    other = Descent(torch.ones(1, 2, 3, 4), learning_rate=0.1, averaging=0.9)
    other.load(tensors | {"rng": torch.zeros(3)}, steps=3)
    for gradient in pushes[3:]:
        descent.step(gradient, kept)
        other.step(gradient, kept)
    assert all(torch.equal(tensor, other.tensors()[name]) for name, tensor in descent.tensors().items())
    assert other.steps == 6
    assert tensors["adam.step"] == 3, "what was given is copied"


# Some columns of a wide latent


def test_when_every_column_is_moved_it_takes_the_steps_of_adam():
    whole, some = (Descent(torch.zeros(1, 2, 3, 4), learning_rate=0.1, averaging=0.75) for _ in range(2))
    order = torch.tensor([2, 0, 3, 1])
    for gradient in gradients(6):
        whole.step(gradient, kept)
        some.step(gradient[..., order], kept, order)
    assert some.visits.tolist() == [6] * 4
    for name, tensor in whole.tensors().items():
        torch.testing.assert_close(some.tensors()[name], tensor, atol=1e-6, rtol=1e-5)


def test_each_column_takes_its_own_steps_and_the_rest_stands_still():
    pushes = gradients(6)
    visits = [(0, 1), (1,), (1, 3), (0, 3), (1,), (3, 1)]
    descent = Descent(torch.zeros(1, 2, 3, 4), learning_rate=0.1, averaging=0.5)
    for gradient, columns in zip(pushes, visits, strict=True):
        descent.step(
            gradient[..., list(columns)], lambda latent: latent.clamp_(-0.3, 0.3), torch.tensor(columns)
        )
    assert descent.steps == 6
    assert descent.visits.tolist() == [2, 5, 0, 3]
    for column in range(4):
        alone = Descent(torch.zeros(1, 2, 3, 1), learning_rate=0.1, averaging=0.5)
        for gradient, columns in zip(pushes, visits, strict=True):
            if column in columns:
                alone.step(gradient[..., [column]], lambda latent: latent.clamp_(-0.3, 0.3))
        for name in ("latent", "average"):
            ours = descent.tensors()[name][..., [column]]
            torch.testing.assert_close(ours, alone.tensors()[name], atol=1e-6, rtol=1e-5)
    assert (descent.latent[..., 2] == 0).all()


def test_from_the_whole_to_some_columns_the_memory_goes_on():
    pushes = gradients(5)
    mixed, whole = (Descent(torch.zeros(1, 2, 3, 4), learning_rate=0.1, averaging=0.75) for _ in range(2))
    for rank, gradient in enumerate(pushes):
        whole.step(gradient, kept)
        mixed.step(gradient, kept, torch.arange(4) if rank > 2 else None)
    torch.testing.assert_close(mixed.latent, whole.latent, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(mixed.average, whole.average, atol=1e-6, rtol=1e-5)


def test_the_visits_of_columns_are_kept_and_grow_with_the_canvas():
    descent = Descent(torch.zeros(1, 2, 3, 4), learning_rate=0.1, averaging=0.5)
    for gradient in gradients(3):
        descent.step(gradient[..., :2], kept, torch.arange(2))
    other = Descent(torch.ones(1, 2, 3, 4), learning_rate=0.1, averaging=0.5)
    other.load(descent.tensors(), steps=3)
    for gradient in gradients(2):
        for one in (descent, other):
            one.step(gradient[..., 1:], kept, torch.tensor([1, 2, 3]))
    assert all(torch.equal(tensor, other.tensors()[name]) for name, tensor in descent.tensors().items())
    assert descent.visits.tolist() == [3, 5, 2, 2]
    descent.grow(torch.zeros(1, 2, 3, 8), lambda tensor: tensor.repeat_interleave(2, -1))
    assert descent.visits.tolist() == [3, 3, 5, 5, 2, 2, 2, 2]
