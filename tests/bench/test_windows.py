from __future__ import annotations

import json

import pytest
import torch

from bench.windows import jump, run


def test_a_jump_is_told_from_the_borders_of_other_cells():
    picture = (
        torch.arange(32.0).div(4).floor().expand(1, 3, 2, 32).clone()
    )  # cells of 4 pixels, a step up at each
    assert jump(picture, [8, 16], 4) == pytest.approx(1)
    picture[..., 16:] += 2
    assert jump(picture, [16], 4) == pytest.approx(3)
    assert jump(picture, [0], 4) > 5, "the left edge differs from the right one"


@pytest.mark.embedded
def test_it_measures_and_judges(tmp_path):
    given = {"height": 64, "window": 1024, "widths": (1, 2), "cutouts": 4, "turns": 1, "steps": 1, "seeds": 2}
    run(**given, memory=False, out=tmp_path)
    found = json.loads((tmp_path / "windows.json").read_text(encoding="utf-8"))
    assert [line["size"] for line in found["cost"]] == ["1024x64", "2048x64"] * 2
    assert [line["pairs"] for line in found["cost"]] == [False, False, True, True]
    assert found["cost"][0]["time"] == found["cost"][0]["mean processor time"] == 1
    assert all(line["seconds"] > 0 for line in found["cost"])
    assert 0 < found["difference"]["mean"] < found["difference"]["largest"]
    assert [len(seams) for seams in found["edges"].values()] == [2, 2, 2]
    assert len(found["verdicts"]) == 5
