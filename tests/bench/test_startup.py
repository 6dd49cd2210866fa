from __future__ import annotations

import json

import pytest

from bench.startup import run


@pytest.mark.embedded
def test_it_measures_both(tmp_path):
    run(times=1, out=tmp_path)
    found = json.loads((tmp_path / "startup.json").read_text(encoding="utf-8"))
    assert all(0.01 < taken[0] < 100 for taken in found["seconds"].values())
    assert len(found["verdicts"]) == 2
