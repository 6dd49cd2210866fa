from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from doorways.surgery.feather import grow, soften

quick = settings(max_examples=30, deadline=None)


def areas(height=20, width=30):
    return st.tuples(
        st.integers(0, width), st.integers(0, width), st.integers(0, height), st.integers(0, height)
    ).map(lambda edges: _box(height, width, *edges))


def _box(height, width, left, right, top, bottom):
    area = torch.zeros(1, 1, height, width)
    area[..., min(top, bottom) : max(top, bottom), min(left, right) : max(left, right)] = 1
    return area


@quick
@given(areas(), st.floats(0, 30))
def test_a_soft_edge_fades_half_inside_and_half_outside(area, width):
    soft = soften(area, width)
    reach = 2 * round(width / 4)
    assert float(soft.min()) >= 0
    assert float(soft.max()) <= 1
    assert torch.equal(soft[grow(area, reach) == 0], torch.zeros_like(soft)[grow(area, reach) == 0])
    deep = grow(1 - area, reach) == 0
    assert (soft[deep] == 1).all()


def test_an_edge_fades_evenly_and_its_middle_is_a_half():
    area = _box(4, 40, 0, 20, 0, 4)
    line = soften(area, 8)[0, 0, 0]
    assert (line.diff() <= 1e-6).all()
    assert float((line[19] + line[20]) / 2) == 0.5
    assert ((line > 0) & (line < 1)).sum() == 8


def test_the_border_of_the_picture_is_no_edge():
    assert torch.equal(soften(torch.ones(1, 1, 6, 9), 8), torch.ones(1, 1, 6, 9))
    assert (soften(_box(10, 40, 0, 20, 0, 10), 8)[..., :12] == 1).all()


@quick
@given(areas(), st.integers(0, 6))
def test_an_area_grows_by_as_many_pixels_and_keeps_what_it_had(area, reach):
    grown = grow(area, reach)
    ys, xs = area[0, 0].nonzero().T
    for y, x in ((int(y), int(x)) for y, x in grown[0, 0].nonzero()[::7]):
        assert bool(((ys - y).abs().maximum((xs - x).abs()) <= reach).any())
    assert (grown >= area).all()
    if area.any():
        y, x = int(ys[0]), int(xs[0])
        assert (grown[0, 0, max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] == 1).all()
