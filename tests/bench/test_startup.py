from __future__ import annotations

import json

import pytest

from bench.startup import painting_s, run, steps_s


@pytest.mark.embedded
def test_it_measures_both_starts(tmp_path):
    run(times=1, whole=False, out=tmp_path)
    found = json.loads((tmp_path / "startup.json").read_text(encoding="utf-8"))
    assert all(0.01 < taken[0] < 100 for taken in found["seconds"].values())
    assert len(found["verdicts"]) == 2


@pytest.mark.embedded
def test_a_whole_painting_is_timed():
    assert 0.01 < painting_s("--steps", "1", "--size", "64x32") < 100


@pytest.mark.embedded
def test_each_step_is_timed():
    taken = steps_s(2)
    assert len(taken) == 2
    assert all(0.001 < seconds < 100 for seconds in taken)
