"""The squares that a judge looks at: fixed, inside, paired and not overlapping."""

from __future__ import annotations

import pytest
import torch

from doorways.judge.squares import HEIGHTS, SIDE, SIZES, Square, along, crop, embed, pairs
from doorways.symmetry import parse_symmetry
from tests.judge import scenes

SYMMETRIES = ("mirror", "flip", "half-turn", "shift:2", "shift:3")


def inside(square, aspect):
    half = square.side / 2 - 1e-5
    return half <= square.x <= aspect - half and half <= square.y <= 1 - half


@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0, 3.0, 5.3])
def test_sliding_squares_reach_from_edge_to_edge(aspect):
    squares = along(aspect)
    side = min(SIDE, aspect)
    assert {one.side for one in squares} == {side}
    assert len(squares) % HEIGHTS == 0
    assert all(inside(one, aspect) for one in squares)
    assert squares[0].x == pytest.approx(side / 2)
    assert squares[-1].x == pytest.approx(aspect - side / 2)
    steps = {round(b.x - a.x, 4) for a, b in zip(squares[::HEIGHTS], squares[HEIGHTS::HEIGHTS], strict=False)}
    assert all(0.04 < step < 0.07 for step in steps)


def test_a_wide_canvas_has_as_many_places_as_the_bench_counts_doors_at():
    assert len(along(3.0)) == 41 * HEIGHTS


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("aspect", [1.0, 2.0, 3.0])
def test_pairs_lie_inside_do_not_overlap_and_are_paired_by_the_symmetry(name, aspect):
    symmetry = parse_symmetry(name)
    here, there = pairs(aspect, symmetry)
    assert len(here) == len(there)
    for one, other in zip(here, there, strict=True):
        assert inside(one, aspect)
        assert inside(other, aspect)
        assert one.side == other.side
        assert max(abs(one.x - other.x), abs(one.y - other.y)) >= one.side - 1e-5
        moved = symmetry.move(torch.tensor([[other.x, other.y]]), aspect)[0]
        assert torch.allclose(moved, torch.tensor([one.x, one.y]), atol=1e-5)


@pytest.mark.parametrize("name", SYMMETRIES)
def test_a_panorama_has_pairs_under_every_symmetry(name):
    here, _ = pairs(2.0, parse_symmetry(name))
    assert len(here) >= 3


def test_the_mirror_pairs_squares_of_all_sizes_and_none_on_a_narrow_canvas():
    here, _ = pairs(2.0)
    assert {one.side for one in here} == set(SIZES)
    assert pairs(0.9) == ((), ())


def test_a_crop_is_what_stands_there():
    picture = scenes.beside(
        scenes.plain(scenes.RED, 64), scenes.plain(scenes.GREEN, 64), scenes.plain(scenes.BLUE, 64)
    )
    for x, colour in ((0.5, scenes.RED), (1.5, scenes.GREEN), (2.5, scenes.BLUE)):
        piece = crop(picture, Square(x, 0.5, 1.0), 8)
        assert piece.shape == (1, 3, 8, 8)
        assert torch.allclose(piece.mean((0, 2, 3)), torch.tensor(colour), atol=1e-5)


def test_batches_do_not_change_what_is_seen():
    picture, squares = scenes.waves(2), along(3.0)
    whole, parts = (embed(scenes.EYES, picture, squares, batch=batch) for batch in (1000, 7))
    assert torch.equal(whole, parts)
    assert whole.shape == (len(squares), 3)
    assert embed(scenes.EYES, picture, ()).shape == (0, 3)
