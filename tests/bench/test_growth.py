from __future__ import annotations

import json
import math
import sys
from dataclasses import replace

import pytest

from bench import growth
from bench.triage import Run


def painted(match, small_s, large_s):
    return Run(
        measures=[{"match": 0.0, "contrast": 0.0}, {"match": match, "contrast": 1.0}],
        canvases=["4x4"] * 3 + ["8x8"] * 2,
        step_s={"4x4": small_s, "8x8": large_s},
        judging_s=0.0,
    )


def test_a_step_on_a_canvas_takes_what_it_took_in_the_median_painting():
    runs = [painted(0, 1, 10), painted(0, 2, 30), painted(0, 100, 20)]
    runs.append(replace(runs[0], step_s={"8x8": 25}))
    assert growth.step_s(runs) == {"4x4": 2, "8x8": 22.5}


def test_pictures_are_compared_pair_by_pair():
    mean, error = growth.against([0.3, 0.5], [0.1, 0.4])
    assert mean == pytest.approx(0.15)
    assert error == pytest.approx(0.05)
    assert math.isnan(growth.against([1], [0])[1])


def test_all_of_a_pair_are_ranked_against_each_other_and_pairs_are_not():
    plain, grown = ([painted(match, 1, 1) for match in matches] for matches in ([1, 3, 100], [5, 7, 200]))
    scored = growth.scores({"plain": plain[:2], "grown": grown[:2]}, seeds=2)
    assert sorted([*scored["plain"], *scored["grown"]]) == [*scored["plain"], *scored["grown"]]
    assert growth.scores({"plain": plain, "grown": grown}, seeds=1)["plain"] == [-1, -1, -1]


@pytest.mark.embedded
def test_it_paints_and_judges(tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "CACHE", tmp_path)
    asked = ["growth", "--pairs", "1", "--seeds", "1", "--size", "96x48", "--steps", "20", "--cutouts", "2"]
    monkeypatch.setattr(sys, "argv", [*asked, "--out", str(tmp_path)])
    with pytest.raises(SystemExit):
        growth.main()
    found = json.loads((tmp_path / "growth.json").read_text(encoding="utf-8"))
    assert found["ways"]["plain"]["time"] == 1
    assert set(found["ways"]) == set(growth.WAYS)
    assert len(list((tmp_path / "growth").glob("*.npz"))) == len(growth.WAYS)
