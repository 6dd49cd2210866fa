"""What windows change where a generator attends."""

from __future__ import annotations

import json

import pytest
import torch

from bench.attention import FORMS, attentions, generator, run


def test_peaked_attention_attends_to_fewer_and_none_to_none():
    even, peaked, none = (generator("random-tiny-vqgan", form) for form in ("even", "peaked", "no attention"))
    for one, other, off in zip(attentions(even), attentions(peaked), attentions(none), strict=True):
        torch.testing.assert_close(other.to_q.weight, 3 * one.to_q.weight)
        x = torch.randn(1, 64, 2, 3)
        assert torch.equal(off(x), x)
        assert not torch.equal(one(x), x)


def test_it_measures_the_difference_from_the_exact_decode(tmp_path):
    run(size="512x16", window=256, name="random-tiny-vqgan", out=tmp_path)
    found = json.loads((tmp_path / "attention.json").read_text(encoding="utf-8"))
    assert [one["form"] for one in found["forms"]] == list(FORMS)
    none, even, peaked = found["forms"]
    assert none["attention"]["added"] == pytest.approx(0, abs=1e-6)
    assert even["attention"]["places"] > 1.5 * peaked["attention"]["places"]
    for one in found["forms"]:
        assert 0 < one["attention"]["beyond"] < 1
        assert 0 < one["mean"] < one["largest"]
        assert one["deviation"] > 0
        assert 0.5 < one["seam of the exact decode"] < 2
    assert none["mean"] < even["mean"] < peaked["mean"]
    assert none["gradient"] < even["gradient"] < peaked["gradient"]
    assert 1 > none["cosine"] > even["cosine"] > peaked["cosine"]
