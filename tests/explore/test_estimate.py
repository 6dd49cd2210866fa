"""What a sweep costs: real steps of tiny models, and sums that can be checked by hand."""

from __future__ import annotations

import pytest

from doorways.errors import InputError
from doorways.explore.estimate import EVENT_BYTES, MOST_SHAPES, Pace, Stopwatch, estimate, measure
from doorways.explore.rungs import Rungs
from doorways.explore.sweep import Planned
from doorways.explore.together import Together
from doorways.growth import Growth
from doorways.size import Size
from tests.recipes import quick

SMALL, LARGE = Size(32, 16), Size(64, 32)


def growing(**changes):
    return quick(size=LARGE, start_size=SMALL, grow_at=(0.5,), steps=10, **changes)


def pace(recipe=None):
    return Pace(1, {SMALL: 1.0, LARGE: 4.0}, 0.5, 0.25, {SMALL: 100, LARGE: 400}, {SMALL: 10, LARGE: 40})


def planned(count, subject="a", **changes):
    return [Planned(subject, "", growing(seed=seed, **changes)) for seed in range(count)]


def test_the_whole_product_is_the_sum_of_its_steps():
    found = estimate(planned(3), None, pace)
    each = 0.5 + 5 * 1 + 5 * 4 + 0.25
    assert (found.paintings, found.seconds) == (3, pytest.approx(3 * each))
    assert found.disk_bytes == 3 * (400 + 40 + 10 * EVENT_BYTES)


def test_rungs_cost_what_those_that_take_them_cost():
    found = estimate(planned(4), Rungs(at=(0.2,), keep=(0.25,)), pace)
    first, rest = 0.75 + 2 * 1, 0.75 + 3 * 1 + 5 * 4
    assert found.seconds == pytest.approx(4 * first + rest)
    assert found.disk_bytes == 3 * (110 + 2 * EVENT_BYTES) + 440 + 10 * EVENT_BYTES


def test_every_subject_keeps_one_of_its_own():
    both = [*planned(2, "a"), *planned(2, "b")]
    rungs = Rungs(at=(0.2,), keep=(0.01,))
    assert estimate(both, rungs, pace).seconds == pytest.approx(2 * estimate(planned(2), rungs, pace).seconds)


def test_workers_share_the_time():
    assert estimate(planned(4), None, pace, workers=2).seconds == estimate(planned(4), None, pace).seconds / 2


def test_side_by_side_steps_are_faster_and_nothing_else():
    found = estimate(planned(1), None, pace, side=Together(2, 0.5))
    assert found.seconds == pytest.approx(0.5 + (5 * 1 + 5 * 4) / 2 + 0.25)
    assert found.together == 2


def test_each_kind_of_painting_is_measured_once():
    measured = []
    watch = Stopwatch(lambda recipe: measured.append(recipe) or pace())
    for seed in range(3):
        watch(growing(seed=seed, cutouts=8, prompts=f"world {seed} | ocean"))
    watch(growing(cutouts=16))
    assert [recipe.cutouts for recipe in measured] == [8, 16]


def test_paintings_that_grow_through_other_canvases_are_of_other_kinds():
    step_s = dict.fromkeys((Size(width, width // 2) for width in range(2, 65, 2)), 1.0)
    watch = Stopwatch(
        lambda recipe: Pace(1, dict.fromkeys(Growth.plan(recipe, 1).sizes, 1.0), 0, 0, step_s, step_s)
    )
    recipes = [quick(size=LARGE, start_size=SMALL, grow_at=leaps, steps=10) for leaps in ((0.5,), (0.3, 0.6))]
    found = estimate([Planned("a", "", recipe) for recipe in recipes], None, watch)
    assert found.seconds == 20


def test_of_many_kinds_the_rest_is_worked_out():
    measured = []
    watch = Stopwatch(lambda recipe: measured.append(recipe) or pace())
    for cutouts in range(4, 4 + MOST_SHAPES):
        watch(growing(cutouts=cutouts))
    large = watch(quick(size="128x64", start_size="64x32", grow_at=(0.5,), cutouts=4))
    assert len(measured) == MOST_SHAPES
    assert large.step_s[Size(128, 64)] == pytest.approx(4 * 4.0, rel=0.2)
    assert large.picture_bytes == {Size(64, 32): 400, Size(128, 64): 1600}


def test_real_steps_are_taken_on_every_canvas():
    recipe, judged = growing(generator="fourier"), []
    found = measure(recipe, judge=lambda recipe, picture: judged.append(tuple(picture.shape)))
    assert list(found.step_s) == [SMALL, LARGE]
    assert all(seconds > 0 for seconds in found.step_s.values())
    assert found.seconds(recipe, 0, 10) == pytest.approx(5 * found.step_s[SMALL] + 5 * found.step_s[LARGE])
    assert 0 < found.picture_bytes[SMALL] < found.picture_bytes[LARGE]
    assert found.state_bytes[LARGE] > 0
    assert set(judged) == {(1, 3, 32, 64)}


def test_a_painting_of_a_single_step_is_measured_too():
    found = measure(quick(steps=1))
    assert found.seconds(quick(steps=1), 0, 1) > 0


def test_what_cannot_be_painted_is_said_at_once():
    with pytest.raises(InputError):
        measure(quick(generator="no-such-model"))
