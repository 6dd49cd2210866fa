from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorways.errors import InputError
from doorways.size import LARGEST_SIDE_PX, Size

SIDES = st.integers(1, LARGEST_SIDE_PX)


@given(SIDES, SIDES)
def test_the_text_of_a_size_is_read_back(width, height):
    size = Size(width, height)
    assert Size.parse(str(size)) == size == Size.parse([width, height])
    assert size.aspect * height == pytest.approx(width)


@pytest.mark.parametrize("text", ["768X384", " 768 x 384 ", "768×384"])
def test_ways_to_write_it(text):
    assert Size.parse(text) == Size(768, 384)


@pytest.mark.parametrize(
    "value", ["", "768", "768x", "x", "768x384x3", "-1x4", "1.5x2", (1, 2, 3), [True, 2], None, 7]
)
def test_what_is_no_size_is_an_error_that_shows_one(value):
    with pytest.raises(InputError, match="is not a size; write width x height in pixels, such as 768x384"):
        Size.parse(value)


@pytest.mark.parametrize("value", ["0x4", "4x65537", "999999999x1"])
def test_sides_have_limits(value):
    with pytest.raises(InputError, match=f"{value}: each side must lie between 1 and 65536 pixels"):
        Size.parse(value)
