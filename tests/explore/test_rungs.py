"""The policy: who goes on, who stops, and when that is certain."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from doorways.explore.rungs import Rungs, Standing, allowed, triage

scores = st.lists(st.floats(-1, 1), min_size=1, max_size=12, unique=True)
shares = st.floats(0.01, 1)


def one_rung(share):
    return Rungs(at=(0.2,), keep=(share,))


def named(values):
    return [Standing(f"p{rank}", scores=(value,)) for rank, value in enumerate(values)]


@given(scores, shares)
def test_when_all_are_judged_the_best_go_on_and_at_least_one(values, share):
    fates = triage(named(values), one_rung(share))
    going = {name for name, fate in fates.items() if fate == "go on"}
    assert len(fates) == len(values)
    assert len(going) == allowed(len(values), share) >= 1
    best = sorted(range(len(values)), key=values.__getitem__, reverse=True)[: len(going)]
    assert going == {f"p{rank}" for rank in best}


orders = st.integers(1, 9).flatmap(lambda count: st.tuples(*[st.permutations(range(count))] * 2))


@given(orders, st.randoms())
def test_whatever_comes_first_the_same_ones_are_painted_whole(order, random):
    values = list(zip(*order, strict=True))
    rungs = Rungs(at=(0.1, 0.4), keep=(0.5, 0.5))
    standings = {f"p{rank}": Standing(f"p{rank}") for rank in range(len(values))}
    going = dict(zip(standings, values, strict=True))
    ready = list(standings)
    while ready:
        name = ready.pop(random.randrange(len(ready)))
        one = standings[name]
        if one.rung < 2:
            standings[name] = one._replace(scores=(*one.scores, going[name][one.rung]))
        for other, fate in triage(standings.values(), rungs).items():
            if fate == "go on":
                standings[other] = standings[other]._replace(rung=standings[other].rung + 1)
                ready.append(other)
    whole = {name for name, one in standings.items() if one.rung == 2}
    first = sorted(going, key=lambda name: -going[name][0])[: rungs.counts(len(values))[1]]
    assert whole == set(sorted(first, key=lambda name: -going[name][1])[: rungs.counts(len(values))[2]])


def test_scores_compare_only_together():
    assert triage([*named([0.9, 0.8, 0.1]), Standing("late")], one_rung(0.5)) == {}


def test_a_rung_waits_for_those_that_may_still_come_to_it():
    rungs = Rungs(at=(0.1, 0.4), keep=(0.5, 0.5))
    pinned = Standing("pinned", 1, (0.9, 0.1), pinned=True)
    others = [Standing("second", 0, (0.5,)), Standing("third"), Standing("d", 0, (0.1,))]
    assert triage([pinned, *others], rungs) == {"pinned": "go on"}
    first = pinned._replace(pinned=False)
    others[1] = Standing("third", 0, (0.2,))
    assert triage([first, *others], rungs) == {"second": "go on", "third": "stop", "d": "stop"}
    assert triage([first, Standing("second", 1, (0.5, 0.0)), *others[1:]], rungs)["pinned"] == "go on"


def test_the_pinned_go_on_and_take_nobody_s_place():
    pinned = Standing("pinned", scores=(0.0,), pinned=True)
    assert triage([*named([0.9, 0.5]), pinned], one_rung(0.3)) == {
        "p0": "go on",
        "p1": "stop",
        "pinned": "go on",
    }


def test_what_the_artist_has_promoted_takes_a_place_only_if_it_is_among_the_best():
    unjudged, poor = Standing("unjudged", 1, (None,)), Standing("poor", 1, (-1.0,))
    assert triage([*named([0.9, 0.5]), unjudged, poor], one_rung(0.25)) == {"p0": "go on", "p1": "stop"}
    good = Standing("good", 1, (1.0,))
    assert triage([*named([0.9, 0.5]), good], one_rung(0.3)) == {"p0": "stop", "p1": "stop"}


def test_who_fails_gives_its_place_to_the_next_and_who_is_killed_does_not():
    first, second = Standing("first", 1, (0.9, 0.9)), Standing("second", 0, (0.5,))
    assert triage([first, second], one_rung(0.5)) == {"second": "stop"}
    assert triage([first._replace(gone="failed"), second], one_rung(0.5)) == {"second": "go on"}
    assert triage([first._replace(gone="killed"), second], one_rung(0.5)) == {"second": "stop"}


def test_what_comes_later_gives_more_of_them_a_place():
    stopped = named([0.9, 0.5])
    assert triage(stopped, one_rung(0.5)) == {"p0": "go on", "p1": "stop"}
    later = [Standing("q0", scores=(0.1,)), Standing("q1", scores=(0.2,))]
    assert triage([*stopped, *later], one_rung(0.5))["p1"] == "go on"


def test_what_is_gone_is_not_waited_for():
    gone = [Standing("failed", gone="failed"), Standing("killed", gone="killed")]
    assert triage([*named([0.2, 0.1]), *gone], one_rung(0.25)) == {"p0": "go on", "p1": "stop"}


def test_equal_scores_are_decided_by_their_order():
    assert triage(named([0.5, 0.5]), one_rung(0.5)) == {"p0": "go on", "p1": "stop"}


@pytest.mark.parametrize("bad", [math.nan, -math.inf])
def test_a_score_that_is_no_number_is_the_worst(bad):
    for order in permutations([Standing("bad", scores=(bad,)), Standing("poor", scores=(-100.0,))]):
        assert triage(order, one_rung(0.5)) == {"poor": "go on", "bad": "stop"}


def test_the_last_rung_ends_with_the_last_step():
    rungs = Rungs()
    for steps in (1, 2, 3, 10, 300):
        ends = rungs.ends(steps)
        assert ends[-1] == steps
        assert list(ends) == sorted(set(ends))
    assert rungs.ends(300) == (60, 180, 300)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"at": (0.5, 0.2)}, "each larger than the one before"),
        ({"at": (0.0, 0.2)}, "between 0 and 1"),
        ({"at": (0.2,), "keep": (0.0,)}, "more than 0 and at most 1"),
        ({"at": (0.2, 0.4), "keep": (0.5,)}, "one share in keep for each"),
        ({"cut": 1}, "Unexpected"),
    ],
)
def test_rungs_that_make_no_sense_are_refused(given, rule):
    with pytest.raises(ValidationError, match=rule):
        Rungs(**given)
