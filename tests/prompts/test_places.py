from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorways.errors import InputError
from doorways.prompts import check_room, parse_prompts
from doorways.prompts.places import LEAST_ROOM, default_places, share_sites


@settings(deadline=None)
@given(st.integers(2, 9), st.floats(0.2, 20), st.floats(0.05, 1.5))
def test_default_places_run_evenly_between_the_margins(count, aspect, largest):
    across = [place.x for place in default_places(count, aspect=aspect, largest=largest)]
    margin = min(largest / (2 * aspect), 0.25)
    assert across[0] == pytest.approx(margin)
    assert across[-1] == pytest.approx(1 - margin)
    gaps = [right - left for left, right in pairwise(across)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps))


def test_the_leftmost_large_cutout_is_all_left_prompt():
    left = default_places(2, aspect=3.0, largest=1.0)[0]
    assert left.x * 3.0 == pytest.approx(0.5)  # the centre of a cutout of size 1 pressed against the edge


def test_a_prompt_without_a_place_takes_the_default_of_its_rank_among_those_that_share():
    prompts = parse_prompts("bad :-1 | a | mist @all | b @0.4 @0.6 | c")
    sites = [(site.prompt, site.place.x) for site in share_sites(prompts, aspect=2.0, largest=1.0)]
    assert sites == [(1, 0.25), (3, 0.4), (3, 0.6), (4, 0.75)]


def worlds(count: int) -> str:
    return "|".join("abcdefghijklmnopqrstuvwxyz"[:count])


@pytest.mark.parametrize(("aspect", "room"), [(0.5, 2), (1, 3), (2, 5), (3, 9), (4, 13)])
def test_a_canvas_has_room_for_so_many_prompts_and_no_more(aspect, room):
    check_room(parse_prompts(worlds(room)), aspect=aspect, largest=1.0)
    with pytest.raises(InputError) as refused:
        check_room(parse_prompts(worlds(room + 1)), aspect=aspect, largest=1.0)
    assert f"{room + 1} prompts" in str(refused.value)
    assert f"room for {room} side by side" in str(refused.value)


@settings(deadline=None)
@given(st.integers(2, 26), st.floats(0.1, 1.0), st.floats(0.05, 1))
def test_the_canvas_that_the_refusal_asks_for_is_wide_enough(count, aspect, largest):
    prompts = parse_prompts(worlds(count))
    try:
        check_room(prompts, aspect=aspect, largest=largest)
    except InputError as error:
        needed = float(str(error).partition("at least ")[2].split()[0])
        check_room(prompts, aspect=needed + 0.01, largest=largest)
        with pytest.raises(InputError):
            check_room(prompts, aspect=(needed - 0.01) * 0.99, largest=largest)
    else:
        across = [place.x * aspect for place in default_places(count, aspect=aspect, largest=largest)]
        assert across[1] - across[0] >= LEAST_ROOM * largest * (1 - 1e-6)


def test_places_that_were_all_given_may_stand_as_close_as_they_like():
    share_sites(parse_prompts("a @0.5 | b @0.51 | c @0.52 | d @0.53"), aspect=0.5, largest=1.0)
    with pytest.raises(InputError, match=r"4 prompts on a canvas 0\.50 times as wide as high"):
        share_sites(parse_prompts("a @0.5 | b @0.51 | c @0.52 | d"), aspect=0.5, largest=1.0)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_canvas_or_cutout_without_a_size_is_refused(value):
    with pytest.raises(InputError, match="aspect"):
        check_room(parse_prompts("a"), aspect=value, largest=1.0)
    with pytest.raises(InputError, match="largest cutout"):
        check_room(parse_prompts("a"), aspect=1.0, largest=value)


def test_without_a_prompt_that_shares_there_is_no_field():
    with pytest.raises(InputError, match="no prompt shares the canvas"):
        check_room([], aspect=1.0, largest=1.0)
