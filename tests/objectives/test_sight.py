from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from doorways.errors import InputError
from doorways.objectives import (
    Objective,
    Sight,
    edge_symmetry,
    prompt_match,
    register,
    semantic_symmetry,
    smoothness,
    targets,
    tone_symmetry,
)
from doorways.registry import objectives
from doorways.symmetry import parse_symmetry


@pytest.fixture
def sight() -> Sight:
    """Five cutouts, of which the second and the fifth, and the fourth and the first, are pairs."""
    generator = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.rand(*shape, generator=generator)  # noqa: E731
    return Sight(
        picture=draw(1, 3, 8, 16),
        symmetry=parse_symmetry("mirror"),
        embeddings=F.normalize(draw(5, 7) - 0.5, dim=1),
        texts=F.normalize(draw(2, 7) - 0.5, dim=1),
        shares=F.normalize(draw(5, 2), p=1, dim=1),
        loss_weights=draw(5, 2) - 0.2,
        pairs=torch.tensor([[1, 4], [3, 0]]),
        pair_weights=torch.tensor([1.0, 0.5]),
    )


def evaluate(name: str, sight: Sight) -> torch.Tensor:
    return objectives.get(name).evaluate(sight)


def test_targets_are_the_unit_vectors_of_the_field():
    wanted = targets(torch.tensor([[1.0, 0.0], [0.25, 0.75]]), torch.eye(2, 3))
    torch.testing.assert_close(wanted, F.normalize(torch.tensor([[1.0, 0, 0], [0.25, 0.75, 0]]), dim=1))


@pytest.mark.parametrize("shapes", [((4, 2), (3, 5)), ((2,), (2, 5)), ((4, 2), (2,))])
def test_targets_need_one_share_per_cutout_and_prompt(shapes):
    with pytest.raises(InputError, match="one share per cutout and prompt"):
        targets(*(torch.ones(shape) for shape in shapes))


def test_registered_objectives_look_at_the_right_parts_of_a_sight(sight):
    wanted = targets(sight.shares, sight.texts)
    e = sight.embeddings
    expected = {
        "prompt_match": prompt_match(e, sight.texts, sight.loss_weights),
        "semantic_symmetry": semantic_symmetry(
            e[[1, 3]], e[[4, 0]], wanted[[1, 3]], wanted[[4, 0]], sight.pair_weights
        ),
        "tone_symmetry": tone_symmetry(sight.picture, sight.symmetry),
        "edge_symmetry": edge_symmetry(sight.picture, sight.symmetry),
        "smoothness": smoothness(sight.picture),
    }
    assert set(expected) <= set(objectives.names())
    for name, value in expected.items():
        torch.testing.assert_close(evaluate(name, sight), value)
        assert value.shape == ()
        assert value != 0


def test_what_an_objective_needs_is_all_that_it_looks_at(sight):
    other = {"picture": {"embeddings": -sight.embeddings}, "embeddings": {"picture": 1 - sight.picture**2}}
    for name in ("prompt_match", "semantic_symmetry", "tone_symmetry", "edge_symmetry", "smoothness"):
        objective = objectives.get(name)
        assert torch.equal(
            objective.evaluate(replace(sight, **other[objective.needs])), objective.evaluate(sight)
        )


def test_the_running_mean_reaches_semantic_symmetry(sight):
    centred = replace(sight, residual_mean=torch.full((7,), 0.1))
    assert evaluate("semantic_symmetry", centred) != evaluate("semantic_symmetry", sight)


def test_without_pairs_semantic_symmetry_is_zero(sight):
    alone = replace(sight, pairs=torch.zeros(0, 2, dtype=torch.long), pair_weights=torch.zeros(0))
    assert evaluate("semantic_symmetry", alone) == 0


def test_registering_again_changes_nothing_and_another_thing_under_the_name_is_refused():
    smooth = objectives.get("smoothness")
    register()
    assert objectives.get("smoothness") is smooth
    with pytest.raises(InputError, match="registered twice"):
        objectives.register(
            "smoothness", Objective("smoothness", "picture", lambda sight: sight.picture.sum())
        )
