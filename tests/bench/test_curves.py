from __future__ import annotations

import json

import pytest

from bench.curves import LAWS, POINTS, SETTINGS, fitted, run
from doorways.pictures import read_picture


def test_a_law_is_the_nearest_of_its_kind():
    straight = fitted("cutouts", (1, 2, 3), (3.0, 5.0, 7.0))
    assert straight["law"] == pytest.approx([3, 5, 7])
    assert straight["off"] == pytest.approx(0)
    level = fitted("prompts", (1, 2, 3), (1.0, 1.0, 4.0))
    assert level["law"] == [2, 2, 2]
    assert level["off"] == pytest.approx((1.5 / 3) ** 0.5)
    bounded = fitted("width", (1024, 2048, 8192), (1.0, 2.0, 2.0))
    assert bounded["law"] == pytest.approx([1, 2, 2])
    assert LAWS.keys() == POINTS.keys() == SETTINGS.keys()


@pytest.mark.embedded
def test_it_measures_and_draws(tmp_path):
    run(kinds=("cutouts",), most=16, turns=1, memory=False, paintings=(10, 20), out=tmp_path)
    found = json.loads((tmp_path / "curves.json").read_text(encoding="utf-8"))
    assert found["curves"]["cutouts"]["points"] == [8, 16]
    assert all(value > 0 for value in found["curves"]["cutouts"]["seconds"]["measured"])
    assert set(found["library"]) == {"10", "20"}
    assert read_picture(tmp_path / "curves.png").std() > 0.05
