"""Steps that are queued ahead of what is told: the same painting, the same errors, and nothing that makes the host wait."""

from __future__ import annotations

import itertools
import sys
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from doorways.devices import Device
from doorways.ensemble import Ensemble
from doorways.errors import DoorwaysError
from doorways.events import Finished, Squeezed, Started, Stepped
from doorways.objectives import Objective
from doorways.painter import Painter
from doorways.prompts import parse_prompts
from doorways.registry import objectives
from doorways.transfer import sent
from tests.recipes import quick, vqgan

RECIPES = {
    "plain": {},
    "growth": {"grow_at": (0.25, 0.5), "start_size": "24x12", "generator": vqgan},
    "a running mean": {"semantic_symmetry": 0.5, "remove_mean": True, "noise": 0.2},
    "windows": {
        "generator": vqgan,
        "size": "128x24",
        "start_size": "128x24",
        "window": 80,
        "cutouts": 4,
        "overviews": 1,
    },
    "growth into windows": {
        "generator": vqgan,
        "size": "128x24",
        "start_size": "64x12",
        "window": 80,
        "grow_at": (0.5,),
    },
}


def painter(ahead: int, **settings: object) -> Painter:
    spelt_out = {name: value() if callable(value) else value for name, value in settings.items()}
    made = Painter(quick(**spelt_out))
    made.ahead = ahead
    return made


def told(painter: Painter) -> list[tuple[object, ...]]:
    """Each event less its seconds, and where the painter stands at it."""
    lines = []
    for event in painter:
        what = (event.step, event.loss, dict(event.parts), event.size) if isinstance(event, Stepped) else ()
        tensors, meta = painter.state()
        lines.append((type(event), what, meta, {name: tensor.tolist() for name, tensor in tensors.items()}))
    return lines


@pytest.mark.parametrize("settings", RECIPES.values(), ids=RECIPES)
def test_steps_that_are_queued_ahead_are_told_as_if_they_were_not(settings):
    expected = told(painter(0, **settings))
    assert [event for event, *_ in expected].count(Stepped) == 6
    for ahead in (1, 3):
        assert told(painter(ahead, **settings)) == expected


def test_a_step_is_queued_before_the_one_before_is_told(monkeypatch):
    taken, step_from = [], Painter.step_from

    def count(self, last):
        taken.append(last.step)
        return step_from(self, last)

    monkeypatch.setattr(Painter, "step_from", count)
    for ahead, expected in ((0, [1, 2, 3, 4, 5, 6]), (1, [2, 3, 4, 5, 6, 6])):
        taken.clear()
        found = [len(taken) for event in painter(ahead) if isinstance(event, Stepped)]
        assert found == expected
        assert taken == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_seconds_are_counted_once(ahead, monkeypatch):
    made, ticks = painter(ahead), itertools.count()
    monkeypatch.setattr("time.perf_counter", lambda: next(ticks))
    seconds = [event.seconds for event in made if isinstance(event, Stepped)]
    assert all(taken > 0 for taken in seconds)
    assert sum(seconds) < next(ticks)


def test_a_painting_that_was_left_stands_where_it_was_told_to():
    left = painter(1, remove_mean=True, semantic_symmetry=0.5)
    for event in left:
        if isinstance(event, Stepped) and event.step == 2:
            break
    assert left.step == 2
    assert left.state()[0].keys() == told(painter(0, steps=2))[-1][3].keys()
    rest = told(left)
    assert [what[0] for _, what, *_ in rest if what] == [3, 4, 5, 6]
    assert rest[-2:] == told(painter(0, remove_mean=True, semantic_symmetry=0.5))[-2:]


def spoil(monkeypatch, call: int) -> list[int]:
    """Registers an objective that is no number at one of its calls; the calls."""
    calls: list[int] = []

    def turns(sight):
        calls.append(1)
        return sight.picture.mean() * (float("nan") if len(calls) == call else 0)

    monkeypatch.setitem(objectives.things, "turns", Objective("turns", "picture", turns))
    return calls


@pytest.mark.parametrize("settings", [RECIPES["plain"], RECIPES["a running mean"], RECIPES["windows"]])
def test_a_step_that_is_not_finite_leaves_all_as_it_was_before(settings, monkeypatch):
    calls = spoil(monkeypatch, 4)
    late, good = (painter(ahead, objectives={"turns": 1}, **settings) for ahead in (1, 0))
    calls.clear()  # those of the rehearsals
    events = iter(late)
    assert [getattr(next(events), "step", 0) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(DoorwaysError, match=r"at step 4 the loss \(now nan\).*picture after step 3 is kept"):
        next(events)
    assert len(calls) == 5, "the one after was queued already"
    calls.extend([1] * 4)
    for _ in range(3):
        good.take_step()
    assert late.step == 3
    tensors, meta = late.state()
    expected, expected_meta = good.state()
    assert meta == expected_meta
    assert tensors.keys() == expected.keys()
    assert all(torch.equal(tensors[name], expected[name]) for name in expected)
    assert torch.equal(late.picture(), good.picture())
    assert [type(event) for event in late] == [Started, *[Stepped] * 3, Finished], "it can be tried again"


def test_a_first_step_that_is_not_finite_leaves_the_beginning(monkeypatch):
    calls = spoil(monkeypatch, 1)
    late = painter(1, objectives={"turns": 1})
    began = late.descent.latent.clone()
    calls.clear()
    with pytest.raises(DoorwaysError, match=r"at step 1 .* nothing is painted yet"):
        list(late)
    assert torch.equal(late.descent.latent, began)
    assert late.state()[0].keys() == painter(0).state()[0].keys(), "no moments yet"


@pytest.mark.parametrize("failing", [[3], [3, 3], [3, 3, 3]])
def test_where_memory_runs_out_what_is_queued_is_told_first(failing, monkeypatch):
    step_from, left = Painter.step_from, list(failing)

    def step_from_less(self, last):
        if last.step + 1 in left:
            left.remove(last.step + 1)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step_from(self, last)

    monkeypatch.setattr(Painter, "step_from", step_from_less)
    events = list(painter(1))
    steps = [event.step for event in events if isinstance(event, Stepped)]
    squeezed = [(event.step, event.note) for event in events if isinstance(event, Squeezed)]
    assert steps == [1, 2, 3, 4, 5, 6]
    assert squeezed == [(2, "micro_batch 3"), (2, "micro_batch 2")][: len(failing) - 1], (
        "the first finds a step queued"
    )


class Alone(TorchDispatchMode):
    """Finds what would make the host wait for a GPU: reading from it, tensors of both in one operation, plain copies."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    @classmethod
    def _should_skip_dynamo(cls):
        return False  # no frames of torch's compiler between who copies and here

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        devices = {leaf.device.type for leaf in given if leaf.ndim or leaf.device.type == "meta"}
        assert len(devices) <= 1, f"{func} mixes {devices}"
        if devices == {"cpu"} and kwargs.get("device") == torch.device("meta"):
            assert sys._getframe(1).f_code is sent.__code__, "a copy that waits"
        self.operations += devices == {"meta"}
        return func(*args, **kwargs)


@pytest.mark.parametrize(
    "settings",
    [
        {"blur": 0.1, "tone_symmetry": 1, "edge_symmetry": 1, "smoothness": 1},
        {"semantic_symmetry": 1, "remove_mean": True},
        {"size": "128x24", "start_size": "128x24", "window": 80, "overviews": 1},
    ],
)
def test_a_step_asks_the_device_nothing(settings, monkeypatch):
    monkeypatch.setattr("torch.autocast", lambda *_, **__: nullcontext())  # knows no meta device
    recipe = quick(generator=vqgan(), noise=0, **settings)
    meta, prompts = torch.device("meta"), parse_prompts(recipe.prompts)
    ensemble = Ensemble.open(recipe, prompts)
    ensemble.generator.to(meta)
    eyes = tuple(
        replace(
            eye,
            perceptor=eye.perceptor.to(meta),
            prompts=eye.prompts.to(meta),
            residual_mean=eye.residual_mean.to(meta),
        )
        for eye in ensemble.eyes
    )
    far = Painter(recipe, ensemble=Ensemble(Device(meta, torch.float32), ensemble.generator, eyes))
    far.ahead = 1
    standing = far.step_from(far.standing).standing  # which makes and keeps what does not change
    with Alone() as alone:
        for _ in range(5):
            standing = far.step_from(standing).standing
    assert standing.step == 6
    assert alone.operations > 100
