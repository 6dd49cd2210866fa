from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from doorways.size import Size
from doorways.surgery.shapes import polygon_area, rectangle_area, stroke_area

quick = settings(max_examples=30, deadline=None)

fractions = st.floats(-0.5, 1.5)
points = st.tuples(fractions, fractions)
sizes = st.builds(Size, st.integers(1, 24), st.integers(1, 16))


def rows(area):
    return area[0, 0].int().tolist()


@quick
@given(points, points, sizes)
def test_a_rectangle_holds_the_pixels_whose_middle_it_holds(one, other, size):
    (left, right), (top, bottom) = sorted((one[0], other[0])), sorted((one[1], other[1]))
    area = rectangle_area(left, top, right, bottom, size)
    across = [left <= (x + 0.5) / size.width < right for x in range(size.width)]
    down = [top <= (y + 0.5) / size.height < bottom for y in range(size.height)]
    differing = area - torch.tensor(down).float()[:, None] * torch.tensor(across).float()
    edges = [edge * size.width for edge in (left, right)] + [edge * size.height for edge in (top, bottom)]
    if all(abs(edge % 1 - 0.5) > 1e-6 for edge in edges):  # else rounding decides
        assert not differing.any()


@quick
@given(st.lists(points, min_size=3, max_size=6), sizes)
def test_the_corners_of_a_polygon_may_be_given_either_way_round_and_from_any_of_them(corners, size):
    area = polygon_area(corners, size)
    turned = polygon_area([*corners[1:], corners[0]], size)
    # Where an edge passes through a pixel's middle, its direction may decide by rounding.
    assert (area - turned).abs().mean() <= 0.2
    assert set(area.unique().tolist()) <= {0.0, 1.0}


def test_a_triangle_has_its_area():
    area = polygon_area([(0.1, 0.1), (0.9, 0.2), (0.4, 0.8)], Size(400, 300))
    # Half the cross product of two sides.
    assert float(area.mean()) == pytest.approx(0.5 * abs(0.8 * 0.7 - 0.1 * 0.3), abs=1e-3)


def test_what_a_polygon_encloses_twice_lies_outside():
    star = [
        (math.sin(4 * math.pi * i / 5) / 2 + 0.5, 0.5 - math.cos(4 * math.pi * i / 5) / 2) for i in range(5)
    ]
    area = polygon_area(star, Size(101, 101))
    assert area[0, 0, 50, 50] == 0
    assert area[0, 0, 20, 50] == 1


def test_a_polygon_beyond_the_picture_is_cut_off():
    assert rows(polygon_area([(-9, -9), (0.5, -9), (0.5, 9), (-9, 9)], Size(4, 2))) == [[1, 1, 0, 0]] * 2
    assert not polygon_area([(1.1, 0), (1.5, 0), (1.5, 1)], Size(4, 4)).any()


@quick
@given(st.lists(points, min_size=1, max_size=4), st.floats(1, 12), sizes)
def test_a_stroke_holds_what_is_near_its_line(trail, width, size):
    area = stroke_area(trail, width, size)[0, 0]
    ends = [(x * size.width, y * size.height) for x, y in trail]
    for y in range(size.height):
        for x in range(size.width):
            distance = min(
                _distance((x + 0.5, y + 0.5), a, b) for a, b in zip(ends, ends[1:] or ends, strict=False)
            )
            if abs(distance - width / 2) > 1e-6:
                assert bool(area[y, x]) == (distance < width / 2)


def test_one_point_is_a_dot():
    assert rows(stroke_area([(0.5, 0.5)], 2.2, Size(5, 3))) == [
        [0, 0, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 0, 0],
    ]


def _distance(point, a, b):
    length = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2
    along = ((point[0] - a[0]) * (b[0] - a[0]) + (point[1] - a[1]) * (b[1] - a[1])) / length if length else 0
    along = min(1, max(0, along))
    return math.dist(point, (a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])))
