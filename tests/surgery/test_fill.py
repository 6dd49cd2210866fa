from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from doorways.errors import InputError
from doorways.surgery.fill import fill
from tests import tiny

quick = settings(max_examples=30, deadline=None)

WIDE, TALL = 31, 22


@st.composite
def holes(draw):
    hole = torch.zeros(1, 1, TALL, WIDE)
    left, top = draw(st.integers(0, WIDE - 1)), draw(st.integers(0, TALL - 1))
    hole[..., top : draw(st.integers(top, TALL)), left : draw(st.integers(left, WIDE))] = draw(
        st.sampled_from([1.0, 0.3])
    )
    return hole if (hole == 0).any() else torch.zeros_like(hole)


@quick
@given(holes(), st.integers(0, 99))
def test_what_is_outside_stays_and_nothing_inside_shows(hole, seed):
    picture = tiny.picture(WIDE, TALL, seed=seed)
    filled = fill(picture, hole)
    outside = (hole == 0).expand_as(picture)
    assert torch.equal(filled[outside], picture[outside])
    assert torch.equal(filled, fill(torch.where(outside, picture, torch.rand_like(picture)), hole))


@quick
@given(holes(), st.integers(0, 99))
def test_the_fill_lies_between_what_is_around(hole, seed):
    picture = tiny.picture(WIDE, TALL, seed=seed)
    filled = fill(picture, hole)
    outside = (hole == 0).expand_as(picture)
    for channel in range(3):
        around = picture[:, channel][outside[:, channel]]
        assert float(filled[:, channel].min()) >= float(around.min()) - 1e-5
        assert float(filled[:, channel].max()) <= float(around.max()) + 1e-5


def test_a_slope_is_continued_through_the_hole():
    slope = torch.linspace(0.2, 0.8, 64).expand(1, 3, 48, 64).clone()
    hole = torch.zeros(1, 1, 48, 64)
    hole[..., 16:32, 20:44] = 1
    filled = fill(slope, hole)
    assert (filled - slope).abs().max() < 0.06
    assert (
        torch.corrcoef(torch.stack([filled[hole.expand_as(slope) > 0], slope[hole.expand_as(slope) > 0]]))[
            0, 1
        ]
        > 0.98
    )


def test_a_hole_without_edge_is_refused():
    with pytest.raises(InputError, match="nothing is left around it"):
        fill(torch.rand(1, 3, 4, 4), torch.full((1, 1, 4, 4), 0.1))
