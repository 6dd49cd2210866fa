from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from doorways.errors import InputError
from doorways.objectives import prompt_match


def units(count: int, width: int = 6, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, width, generator=generator, dtype=torch.float64), dim=1)


def test_it_is_half_the_squared_angle_weighted_and_averaged():
    embeddings, texts = units(5), units(3, seed=1)
    weights = torch.rand(5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64) - 0.3
    expected = (weights * (embeddings @ texts.T).acos() ** 2 / 2).sum() / 5
    torch.testing.assert_close(prompt_match(embeddings, texts, weights), expected)


@pytest.mark.parametrize(
    ("angle", "expected"), [(0, 0), (math.pi / 3, math.pi**2 / 18), (math.pi, math.pi**2 / 2)]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_known_angles(angle, expected, dtype):
    embedding = torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=dtype)
    match = prompt_match(embedding, torch.tensor([[1.0, 0.0]], dtype=dtype), torch.ones(1, 1, dtype=dtype))
    assert match.item() == pytest.approx(expected, abs=3e-3 if dtype == torch.float32 else 1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_gradients_stay_finite_at_the_text_and_at_its_antipode(sign):
    texts = units(2).float()
    embeddings = (sign * texts).requires_grad_()
    prompt_match(embeddings, texts, torch.eye(2)).backward()
    assert torch.isfinite(embeddings.grad).all()


def test_gradcheck():
    weights = torch.tensor([[1.0, -0.5], [0.2, 0.8], [0.0, 2.0]], dtype=torch.float64)
    arguments = (units(3).requires_grad_(), units(2, seed=1).requires_grad_(), weights.requires_grad_())
    assert torch.autograd.gradcheck(prompt_match, arguments)


def test_descent_leads_to_what_is_wanted_and_away_from_what_is_not():
    texts = units(2, seed=1)
    free = units(2).requires_grad_()
    optimiser = torch.optim.Adam([free], lr=0.05)
    wanted = torch.tensor([[1.0, 0.0], [0.0, -1.0]], dtype=torch.float64)
    before = F.normalize(free.detach(), dim=1) @ texts.T
    for _ in range(150):
        optimiser.zero_grad()
        prompt_match(F.normalize(free, dim=1), texts, wanted).backward()
        optimiser.step()
    after = F.normalize(free.detach(), dim=1) @ texts.T
    assert after[0, 0] > 0.99
    assert after[1, 1] < min(before[1, 1].item(), -0.9)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3), (3,)])
def test_weights_of_another_shape_are_refused(shape):
    with pytest.raises(InputError, match="one weight per cutout and prompt"):
        prompt_match(units(3), units(2), torch.ones(shape))


def test_vectors_of_two_perceptors_are_refused():
    with pytest.raises(InputError, match="vectors of one perceptor"):
        prompt_match(units(3, width=6), units(2, width=5), torch.ones(3, 2))
