"""The policy: who goes on, who stops, and when that is certain."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from doorways.explore.rungs import Candidate, Rungs, allowed, decide

scores = st.lists(st.floats(-1, 1), min_size=1, max_size=12, unique=True)
shares = st.floats(0.01, 1)


def named(values):
    return [Candidate(f"p{rank}", value) for rank, value in enumerate(values)]


@given(scores, shares)
def test_when_all_are_judged_the_best_go_on_and_at_least_one(values, share):
    fates = decide(named(values), share)
    going = {name for name, fate in fates.items() if fate == "go on"}
    assert len(fates) == len(values)
    assert len(going) == allowed(len(values), share) >= 1
    best = sorted(range(len(values)), key=values.__getitem__, reverse=True)[: len(going)]
    assert going == {f"p{rank}" for rank in best}


@given(scores, shares, st.data())
def test_what_is_decided_early_is_what_is_decided_in_the_end(values, share, data):
    whole = named(values)
    final = decide(whole, share)
    known = data.draw(st.sets(st.sampled_from(range(len(values)))))
    early = decide(
        [one if rank in known else one._replace(score=None) for rank, one in enumerate(whole)], share
    )
    assert early.items() <= final.items()
    assert set(early) <= {f"p{rank}" for rank in known}


def test_nobody_waits_for_the_slowest():
    fates = decide([*named([0.9, 0.8, 0.1]), Candidate("late")], 0.5)
    assert fates == {"p0": "go on", "p2": "stop"}


def test_the_pinned_go_on_and_take_nobody_s_place():
    pinned = Candidate("pinned", 0.0, pinned=True)
    assert decide([*named([0.9, 0.5]), pinned], 0.3) == {"p0": "go on", "p1": "stop", "pinned": "go on"}


def test_what_is_out_is_not_waited_for():
    gone = [Candidate("failed", out=True), Candidate("killed", 1.0, out=True)]
    assert decide([*named([0.2, 0.1]), *gone], 0.25) == {"p0": "go on", "p1": "stop"}


def test_equal_scores_are_decided_by_their_order():
    assert decide(named([0.5, 0.5]), 0.5) == {"p0": "go on", "p1": "stop"}


@pytest.mark.parametrize("bad", [math.nan, -math.inf])
def test_a_score_that_is_no_number_is_the_worst(bad):
    for order in permutations([Candidate("bad", bad), Candidate("poor", -100.0)]):
        assert decide(order, 0.5) == {"poor": "go on", "bad": "stop"}


def test_the_last_rung_ends_with_the_last_step():
    rungs = Rungs()
    for steps in (1, 2, 3, 10, 300):
        ends = rungs.ends(steps)
        assert ends[-1] == steps
        assert list(ends) == sorted(set(ends))
    assert rungs.ends(300) == (38, 120, 300)


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
