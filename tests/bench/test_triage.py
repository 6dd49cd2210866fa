"""The bench of triage: what it measures of runs made up to be known, and of real ones."""

from __future__ import annotations

import pytest

from bench.triage import LOOKS, Run, Subject, cost, ranks, run
from doorways.explore.rungs import Rungs
from tests.recipes import clip, quick

HALF = Rungs(at=(0.2,), keep=(0.5,))


def made_up(early, final):
    measures = [{"match": final if look >= 0.5 else early} for look in LOOKS]
    return Run(measures, ["32x16"] * 4 + ["64x32"] * 4, {"32x16": 1.0, "64x32": 3.0}, 0.5)


def subject(pairs):
    return Subject("fire | ocean", [made_up(*pair) for pair in pairs])


def test_what_was_good_early_is_painted_whole():
    told = subject([(0.1, 0.2), (0.4, 0.9), (0.3, 0.8), (0.2, 0.1)])
    assert told.reached(HALF) == [[0, 1, 2, 3], [1, 2]]
    assert told.keeps_one_of_the_best(HALF)
    assert told.early(0.2) == pytest.approx(0.8)
    assert told.early(1.0) == pytest.approx(1.0)


def test_an_early_judge_that_is_wrong_loses_the_best():
    fooled = subject([(0.4, 0.1), (0.3, 0.2), (0.2, 0.8), (0.1, 0.9)])
    assert not fooled.keeps_one_of_the_best(HALF)
    assert fooled.early(0.2) == pytest.approx(-1)


def test_the_cost_is_that_of_the_steps_that_are_taken():
    told = subject([(0.1, 0.2), (0.4, 0.9), (0.3, 0.8), (0.2, 0.1)])
    whole = 4 * (4 * 1 + 4 * 3)
    rungs = 4 * (2 * 1 + 0.5) + 2 * (2 * 1 + 4 * 3 + 0.5)
    assert cost([told], HALF) == pytest.approx(rungs / whole)


def test_equal_values_share_a_rank():
    assert ranks([1.0, 1.0, 0.0]) == [1.5, 1.5, 0.0]


def test_a_run_is_judged_on_the_way_and_kept(tmp_path):
    recipe = quick(steps=20)
    first = run(recipe, tmp_path, clip(1))
    assert len(first.measures) == len(LOOKS)
    assert len(first.canvases) == 20
    assert all("match" in measures for measures in first.measures)
    assert first.measures[0] != first.measures[-1]
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(written) == 2
    assert run(recipe, tmp_path, clip(1)) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == written


def test_other_eyes_judge_what_is_painted_already(tmp_path, monkeypatch):
    recipe = quick(steps=4)
    first = run(recipe, tmp_path, clip(1))
    monkeypatch.setattr("bench.triage.Painter", None)
    second = run(recipe, tmp_path, clip(2))
    assert second.canvases == first.canvases
    assert second.measures != first.measures


def test_another_judge_judges_again_and_other_looks_are_painted_anew(tmp_path, monkeypatch):
    recipe = quick(steps=4)
    run(recipe, tmp_path, clip(1))
    monkeypatch.setattr("bench.triage.judging", lambda: "otherwise")
    with monkeypatch.context() as painted:
        painted.setattr("bench.triage.Painter", None)
        run(recipe, tmp_path, clip(1))
    assert [len(list(tmp_path.glob(f"*.{kind}"))) for kind in ("npz", "json")] == [1, 2]
    monkeypatch.setattr("bench.triage.LOOKS", (0.5, 1.0))
    assert len(run(recipe, tmp_path, clip(1)).measures) == 2
    assert len(list(tmp_path.glob("*.npz"))) == 2
