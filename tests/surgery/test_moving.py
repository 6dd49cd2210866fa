"""Move, copy and mirror: what arrives is what was there."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from doorways.errors import InputError
from doorways.size import Size
from doorways.surgery.copy import Copy, copy
from doorways.surgery.fill import fill
from doorways.surgery.lay import lay, shift
from doorways.surgery.mirror import Mirror, mirror
from doorways.surgery.move import Move, move
from doorways.surgery.shapes import rectangle_area
from doorways.symmetry import parse_symmetry
from tests import tiny

quick = settings(max_examples=30, deadline=None)

SIZE = Size(40, 24)
PICTURE = torch.rand(1, 3, 24, 40, generator=torch.Generator().manual_seed(3))
PIECE = rectangle_area(0.25, 0.25, 0.5, 0.75, SIZE)
ways = st.floats(-0.7, 0.7)


@quick
@given(st.integers(-50, 50), st.integers(-50, 50))
def test_a_shift_takes_each_pixel_as_far(right, down):
    moved = shift(PICTURE, right, down)
    for y in range(0, 24, 5):
        for x in range(0, 40, 7):
            inside = 0 <= x - right < 40 and 0 <= y - down < 24
            expected = PICTURE[..., y - down, x - right] if inside else torch.zeros(1, 3)
            assert torch.equal(moved[..., y, x], expected)


@quick
@given(st.floats(0, 1))
def test_what_is_laid_over_is_a_mixture(share):
    other = tiny.picture(40, 24)
    area = torch.full((1, 1, 24, 40), share)
    assert torch.allclose(lay(PICTURE, other, area), (1 - share) * PICTURE + share * other, atol=1e-6)
    assert torch.equal(lay(PICTURE, other, torch.zeros_like(area)), PICTURE)
    assert torch.equal(lay(PICTURE, other, torch.ones_like(area)), other)


@quick
@given(ways, ways)
def test_a_copy_arrives_whole_and_the_rest_stays(right, down):
    arrival = shift(PIECE, round(right * 40), round(down * 24))
    if not arrival.any():
        with pytest.raises(InputError, match="out of the picture"):
            copy(PICTURE, PIECE, (right, down))
        return
    copied = copy(PICTURE, PIECE, (right, down))
    assert torch.equal(
        copied, torch.where(arrival > 0, shift(PICTURE, round(right * 40), round(down * 24)), PICTURE)
    )


@quick
@given(ways, ways)
def test_a_move_is_a_copy_onto_what_its_absence_leaves(right, down):
    arrival = shift(PIECE, round(right * 40), round(down * 24))
    if not arrival.any():
        return
    moved = move(PICTURE, PIECE, (right, down))
    left_behind = (PIECE - arrival).clamp(min=0).expand_as(PICTURE) > 0
    arrived = arrival.expand_as(PICTURE) > 0
    assert torch.equal(moved[left_behind], fill(PICTURE, PIECE)[left_behind])
    assert torch.equal(moved[arrived], copy(PICTURE, PIECE, (right, down))[arrived])
    untouched = ~(left_behind | arrived) & (PIECE == 0)
    assert torch.equal(moved[untouched], PICTURE[untouched])


@pytest.mark.parametrize(
    ("symmetry", "half"),
    [("mirror", (0, 0, 0.5, 1)), ("flip", (0, 0, 1, 0.5)), ("half-turn", (0, 0, 0.5, 1))],
)
def test_a_mirrored_half_makes_a_symmetric_picture(symmetry, half):
    image = parse_symmetry(symmetry)
    area = rectangle_area(*half, SIZE)
    mirrored = mirror(PICTURE, area, image)
    assert torch.equal(image.apply(mirrored), mirrored)
    assert torch.equal(mirrored * area, PICTURE * area)
    operation = Mirror(rectangle=half, feather=0.0, symmetry=symmetry)
    assert torch.equal(operation.operate(PICTURE), mirrored)


def test_the_operations_do_what_the_functions_do_on_their_region():
    region = {"rectangle": (0.25, 0.25, 0.5, 0.75), "by": (0.3, 0.1)}
    for kind, function in ((Copy, copy), (Move, move)):
        assert torch.equal(kind(**region, feather=0.0).operate(PICTURE), function(PICTURE, PIECE, (0.3, 0.1)))
        soft = kind(**region, feather=0.3).operate(PICTURE)
        assert not torch.equal(soft, function(PICTURE, PIECE, (0.3, 0.1)))
        assert torch.equal(soft[..., 13:16, 26:28], function(PICTURE, PIECE, (0.3, 0.1))[..., 13:16, 26:28])
