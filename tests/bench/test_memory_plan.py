from __future__ import annotations

import json

import pytest

from bench import memory_plan


@pytest.mark.embedded
def test_it_measures_and_judges(tmp_path, monkeypatch):
    small = {"generator": "embedded", "perceptor": "embedded", "size": "192x96", "precision": "fp32"}
    monkeypatch.setattr(memory_plan, "SETTINGS", (small,))
    monkeypatch.setattr(memory_plan, "LIMITS", ((small, "3GB"),))
    assert memory_plan.run(settings=1, limits=1, out=tmp_path)
    found = json.loads((tmp_path / "memory_plan.json").read_text(encoding="utf-8"))
    assert abs(found["forecasts"][0]["off"]) < 0.15
    assert found["limits"][0]["chosen"]["micro_batch"] is None
    assert found["limits"][0]["difference"] == 0
    assert len(found["verdicts"]) == 3
