"""Paintings of a sweep side by side: as many as are fastest, none of them worse off, and none at all on a CPU."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from doorways.devices import Device
from doorways.errors import InputError
from doorways.events import Stepped
from doorways.explore import together, working
from doorways.explore.crew import hire
from doorways.explore.hand import kill
from doorways.explore.kind import is_painted_alone
from doorways.explore.place import Here
from doorways.explore.standings import was_killed
from doorways.explore.together import Together, fastest, measured, must_not_be_on_cpu, step_s
from doorways.explore.working import claim, work
from doorways.perceptors.image_text import ImageText
from doorways.recipe import Recipe
from tests.recipes import painted_alone, quick


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch):
    monkeypatch.setattr(working, "LOOK_S", 0.0)
    monkeypatch.setattr(working, "IDLE_S", 0.05)


def is_as_alone(library, entry):
    picture = np.asarray(Image.open(library.files(entry.id).picture)).astype(int)
    return np.abs(picture - painted_alone(Recipe.build(**entry.recipe))).max() <= 1


def test_a_sweep_is_painted_side_by_side_in_rungs(library, enlisted, monkeypatch):
    sweep, pieces = enlisted(seeds=4), []
    embed = ImageText.embed_pictures
    monkeypatch.setattr(
        ImageText, "embed_pictures", lambda self, given: pieces.append(len(given)) or embed(self, given)
    )
    assert work(library, sweep.id, place=Here(together=4)) == 4 + 2 + 1
    entries = library.list(sweep=sweep.id)
    assert sorted((entry.state, entry.step) for entry in entries) == [
        ("finished", 8), ("stopped", 2), ("stopped", 2), ("stopped", 4),
    ]  # fmt: skip
    assert {16, 8, 4} <= set(pieces), "four cutouts of four, two, one"
    assert {entry.machine["together"] for entry in entries} == {4}
    (whole,) = (entry for entry in entries if entry.state == "finished")
    assert is_as_alone(library, whole)
    assert "seconds" in library.files(whole.id).events.read_text("utf-8")


def test_those_of_another_kind_or_rung_are_left_for_another_turn(library, enlisted):
    sweep = enlisted(seeds=3)
    first, second, _ = library.list(sweep=sweep.id)
    library.add(first.recipe | {"cutouts": 6}, sweep=sweep.id)
    pinned = library.add(first.recipe | {"seed": 7}, sweep=sweep.id)
    library.add(first.recipe | {"seed": 8})
    library.release(second.id, "waiting", rung=1)
    library.pin(pinned.id)
    claimed = claim(library, sweep, "me", most=4)
    assert [entry.recipe["seed"] for entry in claimed] == [7, 0, 2]
    assert {(entry.worker, entry.state) for entry in claimed} == {("me", "running")}
    assert [entry.id for entry in claim(library, sweep, "me", most=4)] == [second.id]
    assert len(claim(library, sweep, "me", most=1)) == 1
    assert claim(library, sweep, "me", most=4) == []


def test_windows_and_what_is_to_fit_or_to_be_compiled_are_painted_alone():
    assert not is_painted_alone(quick().settings())
    for changes in ({"window": 32}, {"memory": "2GB"}, {"compile": True}):
        assert is_painted_alone(quick(**changes).settings())


def test_who_is_killed_by_hand_is_left_and_the_others_paint_on(library, enlisted):
    sweep = enlisted(seeds=3, triage="false")
    first = library.list(sweep=sweep.id)[0]
    work(
        library,
        sweep.id,
        place=Here(together=3),
        on_event=lambda entry, event: entry.id == first.id and kill(library, first.id),
    )
    assert was_killed(library.get(first.id))
    finished = library.list(sweep=sweep.id, state="finished")
    assert len(finished) == 2
    assert all(is_as_alone(library, entry) for entry in finished)


def test_who_cannot_be_opened_fails_and_the_others_paint_on(library, enlisted):
    sweep = enlisted(seeds=3, triage="false")
    first = library.list(sweep=sweep.id)[0]
    library.files(first.id).checkpoint.write_bytes(b"no checkpoint")
    work(library, sweep.id, place=Here(together=3))
    assert library.counts(sweep.id) == {"failed": 1, "finished": 2}
    assert "failed: " in library.get(first.id).note


def test_who_is_told_to_stop_leaves_them_all_and_the_next_goes_on(library, enlisted):
    sweep = enlisted(seeds=3, triage="false")
    steps = []

    def seen(entry, event):
        if isinstance(event, Stepped):
            steps.append((entry.id, event.step))

    here = Here(together=3)
    assert work(library, sweep.id, place=here, stopping=lambda: len(steps) >= 9, on_event=seen) == 0
    assert [(entry.state, entry.step) for entry in library.list(sweep=sweep.id)] == [
        ("waiting", 4), ("waiting", 4), ("waiting", 3),
    ]  # fmt: skip
    work(library, sweep.id, on_event=seen)
    assert len(steps) == len(set(steps)) == 3 * 8, "no step is told twice"
    assert all(is_as_alone(library, entry) for entry in library.list(sweep=sweep.id))
    assert all(entry.machine["together"] == 3 for entry in library.list(sweep=sweep.id))


def test_what_no_recipe_of_ours_does_ends_the_worker_once_the_others_are_painted(library, enlisted):
    sweep = enlisted(seeds=3, triage="false")
    first = library.list(sweep=sweep.id)[0]

    def fail(entry, event):
        if entry.id == first.id and getattr(event, "step", 0) == 3:
            raise ZeroDivisionError("there it is")

    with pytest.raises(ZeroDivisionError):
        work(library, sweep.id, place=Here(together=3), on_event=fail)
    assert library.counts(sweep.id) == {"failed": 1, "finished": 2}


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_worker_s_paintings_are_all_taken_over(library, enlisted):
    sweep = enlisted(seeds=3, triage="false", steps=30)
    program = (
        "import os, signal, sys\nfrom doorways.explore import working as w\nfrom doorways.library import Library\n"
        "from doorways.explore.place import Here\n"
        "def die(entry, event):\n    if getattr(event, 'step', 0) == 27: os.kill(os.getpid(), signal.SIGKILL)\n"
        "w.work(Library.open(sys.argv[1]), sys.argv[2], place=Here(together=3), on_event=die)"
    )
    ended = subprocess.run([sys.executable, "-c", program, library.folder, sweep.id], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert library.counts(sweep.id) == {"running": 3}
    began = []
    work(library, sweep.id, on_event=lambda entry, event: began.append(getattr(event, "step", 99)))
    assert library.counts(sweep.id) == {"finished": 3}
    assert min(began) == 26, "they go on from their checkpoints"
    assert all(is_as_alone(library, entry) for entry in library.list(sweep=sweep.id))


def test_a_crew_is_told_how_many(library, enlisted):
    sweep = enlisted(seeds=2, triage="false")
    (process,) = hire(library, sweep, 1, together=2)
    assert process.wait(timeout=240) == 0
    assert [entry.machine["together"] for entry in library.list(sweep=sweep.id)] == [2, 2]


def test_models_stay_loaded_for_the_next_of_their_kind(library, enlisted, monkeypatch):
    sweep, opened = enlisted(seeds=4, triage="false"), []
    from doorways.ensemble import Ensemble

    load = Ensemble.open.__func__
    monkeypatch.setattr(
        Ensemble, "open", classmethod(lambda cls, *given: opened.append(1) or load(cls, *given))
    )
    assert work(library, sweep.id, place=Here(together=2)) == 4
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("seconds", "count", "ratio", "tried"),
    [
        ((1.0, 0.5, 0.25, 0.2), 8, 0.2, 4),
        ((1.0, 0.8, 0.9, 0.1), 2, 0.8, 3),
        ((1.0, 1.1, 0.2, 0.1), 1, 1.0, 2),
        ((1.0, 0.8, float("inf"), 0.1), 2, 0.8, 3),
    ],
)
def test_more_are_tried_as_long_as_it_gets_faster(seconds, count, ratio, tried):
    asked = []
    times = dict(zip(together.COUNTS, seconds, strict=True))
    assert fastest(lambda some: asked.append(some) or times[some]) == Together(count, ratio)
    assert len(asked) == tried


def test_real_steps_are_timed_and_memory_that_runs_out_is_found(monkeypatch):
    monkeypatch.setattr(together, "SAMPLE_STEPS", 2)
    recipe = quick(grow_at=(0.5,), start_size="24x12")
    assert 0 < step_s(recipe, 1) < 60
    assert 0 < step_s(recipe, 2) < 60
    embed = ImageText.embed_pictures

    def embed_few(self, pieces):
        if len(pieces) > recipe.cutouts:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return embed(self, pieces)

    monkeypatch.setattr(ImageText, "embed_pictures", embed_few)
    assert step_s(recipe, 2) == float("inf")


def test_on_cuda_it_is_measured_unless_it_is_said(monkeypatch):
    cuda = Device(torch.device("cuda"), torch.bfloat16)
    monkeypatch.setattr("doorways.devices.choose_device", lambda *_: cuda)
    monkeypatch.setattr(together, "step_s", lambda recipe, count: {1: 1.0, 2: 0.75, 4: 0.5, 8: 2.0}[count])
    assert measured(quick()) == Together(4, 0.5)
    assert measured(quick(), 8) == Together(8, 2.0)
    assert measured(quick(), 1) == measured(quick(memory="8GB")) == Together(1, 1.0)
    must_not_be_on_cpu(4, [quick().settings()])


def test_on_a_cpu_nothing_is_measured_and_more_than_one_is_refused():
    recipe = quick(device="cpu")
    assert measured(recipe) == Together(1, 1.0)
    must_not_be_on_cpu(1, [recipe.settings()])
    with pytest.raises(
        InputError, match=r"^together 4: on a CPU .* one at a time, so that they repeat bit for bit;"
    ):
        must_not_be_on_cpu(4, [recipe.settings()])
