from __future__ import annotations

import pytest
import torch

from bench.objectives import PAIRS, WAYS, grain, recipes, verdicts


def measures(*, count: int = 4, **values: float) -> dict[str, list[float]]:
    """The same values for each of `count` paintings."""
    names = ("agreement", "match", "tone", "edges", "grain", "left", "right")
    return {name: [values.get(name, 0.1)] * count for name in names}


GOOD = {
    "plain": measures(match=0.2),
    "semantic symmetry": measures(match=0.19, agreement=0.2),
    "raw semantic symmetry": measures(match=0.2, agreement=0.2),
    "tone symmetry": measures(tone=0.8),
    "edge symmetry": measures(edges=0.5),
    "smoothness": measures(grain=0.05),
}


def test_all_claims_hold_where_each_way_does_what_it_says():
    assert set(GOOD) == set(WAYS)
    assert all(verdict.holds for verdict in verdicts(GOOD))


@pytest.mark.parametrize(
    ("way", "changed", "claim"),
    [
        ("plain", {"match": 0.2, "right": -0.1}, "outer thirds"),
        ("semantic symmetry", {"match": 0.17, "agreement": 0.2}, "nine tenths"),
        ("semantic symmetry", {"match": 0.19, "agreement": 0.0}, "mirrored residuals"),
        ("raw semantic symmetry", {"match": 0.17, "agreement": 0.2}, "raw semantic symmetry keeps"),
        ("raw semantic symmetry", {"match": 0.2, "agreement": 0.0}, "raw semantic symmetry raises"),
        ("tone symmetry", {"tone": 0.05}, "of tone"),
        ("edge symmetry", {"edges": 0.05}, "of outlines"),
        ("smoothness", {"grain": 0.15}, "grain"),
    ],
)
def test_each_claim_can_fail(way, changed, claim):
    failed = [verdict.claim for verdict in verdicts(GOOD | {way: measures(**changed)}) if not verdict.holds]
    assert len(failed) == 1
    assert claim in failed[0]


def test_prompts_that_come_again_are_painted_from_the_next_seed():
    made = recipes("plain", PAIRS[:2] * 2, size="64x32", steps=2)
    assert [recipe.seed for recipe in made] == [0, 0, 1, 1]
    assert len({recipe.prompts for recipe in made}) == 2


def test_grain_is_what_half_the_size_cannot_show():
    fine = torch.arange(8).remainder(2).expand(1, 3, 8, 8).float()
    smooth = torch.linspace(0, 1, 8).expand(1, 3, 8, 8)
    assert grain(fine) == pytest.approx(0.5, abs=0.01)
    assert grain(smooth) < 0.05
