from __future__ import annotations

import json
import operator
import time
from functools import partial

import pytest
import torch

from bench.floor import multiply_adds, rate
from bench.memory import peak_mib
from bench.reference import build
from bench.results import Verdict, machine, report
from bench.shapes import random_clip, random_vqgan
from bench.step import CASES, MODELS, PARTS, judge, measure, ours, run
from bench.stopwatch import timed, watched
from doorways.size import Size

TINY = CASES["tiny"]


@pytest.fixture(scope="module")
def painter():
    return ours(TINY, 4)


def test_the_parts_of_a_step_sum_to_the_whole_and_none_of_the_models_is_missed(painter):
    whole = 0.0
    with watched(painter) as watch:
        for _ in range(3):
            whole += timed(painter.take_step)[0]
    assert set(watch.seconds) <= set(PARTS)
    assert sum(watch.seconds.values()) == pytest.approx(whole, rel=0.2, abs=0.005)
    assert all(watch.seconds[part] > 0 for part in (*MODELS, "cutouts", "backward: cutouts", "rest"))


def test_watching_changes_nothing():
    plain, timed = ours(TINY, 4), ours(TINY, 4)
    plain.take_step()
    with watched(timed):
        timed.take_step()
    torch.testing.assert_close(timed.descent.latent, plain.descent.latent, rtol=0, atol=0)
    assert "timed" not in repr(timed.generator.decode), "the clock is taken off again"


def test_time_inside_a_part_is_that_part_s(painter):
    decode = painter.generator.decode
    with watched(painter) as watch, pytest.MonkeyPatch.context() as patch:
        patch.setattr(painter.generator, "decode", watch.around("decode", lambda z: slowly(decode, z)))
        painter.take_step()
    assert watch.seconds["decode"] > 0.05


def slowly(function, *args):
    time.sleep(0.05)
    return function(*args)


def test_the_reference_paints():
    torch.manual_seed(0)
    theirs = build(TINY.generator, TINY.perceptor, ["forest", "sea"], Size(64, 32), 8)
    losses = [theirs.take_step() for _ in range(60)]
    assert sum(losses[-20:]) < sum(losses[:20])
    assert theirs.decode().shape == (1, 3, 32, 64)


def test_both_decode_the_same_latent_to_the_same_picture(painter):
    theirs = build(TINY.generator, TINY.perceptor, ["forest"], Size(64, 32), 4)
    with torch.no_grad():
        theirs.latent.copy_(painter.descent.latent)
        torch.testing.assert_close(theirs.decode(), painter.generator.decode(painter.descent.latent))


def test_the_random_models_are_the_same_every_time():
    for make, name in ((random_vqgan, TINY.generator), (random_clip, TINY.perceptor)):
        for one, other in zip(make(name).parameters(), make(name).parameters(), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_a_case_is_measured():
    found = measure(TINY, cutouts=4, repeats=2, memory=False)
    mine, others = ([turn[side][0] for turn in found["turns"]] for side in ("ours", "reference"))
    ratios = sorted(a / b for a, b in zip(mine, others, strict=True))
    assert ratios[0] <= found["time"] <= ratios[-1]
    assert sum(found["shares"].values()) == pytest.approx(1)
    assert 0 < found["rest"] < 1
    assert "memory" not in found


def test_the_targets_are_judged():
    good = {"time": 0.9, "rest": 0.1, "memory": 0.75, "over the floor": 1.25}
    assert [verdict.holds for verdict in judge(good | {"precision": "fp32"})] == [True] * 4
    for name in good:
        assert (
            sum(not verdict.holds for verdict in judge(good | {"precision": "fp32", name: good[name] + 0.01}))
            == 1
        )


def test_the_table_and_the_record_are_left(tmp_path, capsys):
    assert run(cases=("tiny",), cutouts=4, repeats=1, memory=False, out=tmp_path)
    record = json.loads((tmp_path / "step.json").read_text())
    assert record["machine"]["processor"] == machine()["processor"]
    assert record["cases"][0]["seconds"]["ours"] == record["rows"][0][1]
    assert "neither generator nor perceptor" in capsys.readouterr().out


def test_the_floor_counts_each_product_there_and_back():
    reference = build(TINY.generator, TINY.perceptor, ["forest"], Size(64, 32), 4)
    counted = multiply_adds(reference)
    wide = multiply_adds(build(TINY.generator, TINY.perceptor, ["forest"], Size(128, 32), 4))
    more = multiply_adds(build(TINY.generator, TINY.perceptor, ["forest"], Size(64, 32), 8))
    decode, embed = wide - counted, (more - counted) / 4
    assert decode + 4 * embed == pytest.approx(counted, rel=0.1), "attention alone is not linear"
    last = reference.model.decoder.conv_out
    assert decode > 2 * 64 * 32 * 9 * last.in_channels * last.out_channels
    assert 2 * decode > wide, "twice as wide takes more than twice as much, where there is attention"
    assert 1e8 < rate(torch.float32) < 1e15


def test_one_claim_that_does_not_hold_is_told(tmp_path):
    verdicts = [Verdict("a", "1", holds=True), Verdict("b", "2", holds=False)]
    assert not report("x", "X", ["n"], [[1.0]], verdicts=verdicts, data={}, out=tmp_path)
    assert report("x", "X", ["n"], [[1.0]], verdicts=verdicts[:1], data={}, out=tmp_path)


def test_peak_memory_is_that_of_the_work():
    found = peak_mib(partial, operator.mul, b"x", 200 << 20, times=1)
    assert found["peak"] >= 200
    if not found["whole_process"]:
        assert found["peak"] - found["before"] == pytest.approx(200, rel=0.1)
