from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from doorways.errors import InputError
from doorways.objectives import pair_weights, semantic_symmetry
from doorways.symmetry import parse_symmetry


def vectors(count: int, seed: int, width: int = 5) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def whole(count: int) -> torch.Tensor:
    return torch.ones(count, dtype=torch.float64)


def test_it_is_one_less_the_cosine_of_what_is_left_of_each_piece():
    e, e2, target, target2 = (vectors(4, seed) for seed in range(4))
    expected = (1 - F.cosine_similarity(e - target, e2 - target2)).mean()
    torch.testing.assert_close(
        semantic_symmetry(e, e2, target, target2, whole(4)), expected, rtol=0, atol=1e-7
    )


def test_the_same_thing_in_two_worlds_costs_nothing_and_its_opposite_two():
    target, target2, thing = vectors(3, 0), vectors(3, 1), vectors(3, 2)
    assert semantic_symmetry(target + thing, target2 + 3 * thing, target, target2, whole(3)).item() < 1e-6
    opposite = semantic_symmetry(target + thing, target2 - thing, target, target2, whole(3))
    assert opposite.item() == pytest.approx(2, abs=1e-6)


def test_subtracting_the_mean_reveals_what_a_constant_drowns():
    target, target2, gap = vectors(8, 0), vectors(8, 1), 100 * vectors(1, 2)
    left, right = vectors(8, 3), vectors(8, 4)
    seen = (target + gap + left, target2 + gap + right, target, target2, whole(8))
    assert semantic_symmetry(*seen) < 0.01
    revealed = semantic_symmetry(*seen, mean=gap[0])
    torch.testing.assert_close(revealed, (1 - F.cosine_similarity(left, right)).mean(), rtol=0, atol=1e-6)


def test_pairs_count_by_their_weight():
    pieces = [vectors(3, seed) for seed in range(4)]
    each = torch.stack(
        [semantic_symmetry(*(piece[i : i + 1] for piece in pieces), whole(1)) for i in range(3)]
    )
    weights = torch.tensor([1.0, 0.25, 0.0], dtype=torch.float64)
    torch.testing.assert_close(semantic_symmetry(*pieces, weights), (weights * each).sum() / 1.25)


def test_a_lone_pair_near_the_axis_stays_faint():
    pieces = [vectors(1, seed) for seed in range(4)]
    torch.testing.assert_close(
        semantic_symmetry(*pieces, 0.1 * whole(1)), 0.1 * semantic_symmetry(*pieces, whole(1))
    )


def test_no_pairs_cost_nothing_and_give_no_gradient():
    none = torch.zeros(0, 5, requires_grad=True)
    loss = semantic_symmetry(none, none, none, none, torch.zeros(0))
    loss.backward()
    assert loss.item() == 0


def test_gradients_stay_finite_where_nothing_is_left_of_a_piece():
    target = vectors(2, 0)
    piece = target.clone().requires_grad_()
    semantic_symmetry(piece, vectors(2, 1), target, vectors(2, 2), whole(2)).backward()
    assert torch.isfinite(piece.grad).all()


def test_gradcheck():
    pieces = [vectors(3, seed).requires_grad_() for seed in range(4)]
    weights = torch.tensor([1.0, 0.5, 0.3], dtype=torch.float64)
    mean = vectors(1, 5)[0].requires_grad_()
    assert torch.autograd.gradcheck(
        lambda *args: semantic_symmetry(*args[:4], weights, mean=args[4]), (*pieces, mean)
    )


def test_descent_makes_the_sides_alike_each_in_its_world():
    target, target2 = vectors(4, 0), vectors(4, 1)
    left, right = vectors(4, 2).requires_grad_(), vectors(4, 3).requires_grad_()
    optimiser = torch.optim.Adam([left, right], lr=0.05)
    for _ in range(100):
        optimiser.zero_grad()
        loss = semantic_symmetry(left, right, target, target2, whole(4))
        loss.backward()
        optimiser.step()
    assert F.cosine_similarity(left - target, right - target2).min() > 0.98


def test_pairs_fade_towards_the_axis():
    centres = torch.tensor([[0.2, 0.5], [0.8, 0.5], [1.0, 0.5]])
    distance = parse_symmetry("mirror").fixed_distance(centres, aspect=2.0)
    assert pair_weights(distance, torch.full((3,), 0.8)).tolist() == pytest.approx([1, 0.5, 0])


@pytest.mark.parametrize("weights", [(2,), (3, 1)])
def test_weights_of_another_shape_are_refused(weights):
    with pytest.raises(InputError, match="one row for each pair"):
        semantic_symmetry(*(vectors(3, seed) for seed in range(4)), torch.ones(weights))


def test_pieces_of_different_counts_are_refused():
    with pytest.raises(InputError, match=r"\[2, 5\], \[3, 5\]"):
        semantic_symmetry(vectors(3, 0), vectors(2, 1), vectors(3, 2), vectors(3, 3), whole(3))
