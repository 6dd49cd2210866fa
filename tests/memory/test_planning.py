"""The plan: the least thrift that fits, in its order, and what is said of it."""

from __future__ import annotations

import ctypes
import re

import psutil
import pytest
import torch

from doorways.amount import parse_bytes
from doorways.errors import InputError, OutOfMemoryError
from doorways.events import Squeezed, Stepped
from doorways.memory import budget
from doorways.memory.forecast import bound
from doorways.memory.planning import thriftier
from doorways.painter import Painter
from doorways.recipe import Recipe
from tests.recipes import painted_alone, quick, vqgan

CPU = torch.device("cpu")
HELD = 500_000_000
"""What the process is taken to hold before a step."""


@pytest.fixture
def held(monkeypatch):
    """Everything but the step takes a fixed amount, and much is free."""
    monkeypatch.setattr("doorways.memory.planning.used", lambda device: HELD)
    monkeypatch.setattr("doorways.memory.planning.within_reach", lambda device: 10**12)
    monkeypatch.setitem(__import__("doorways.memory.forecast", fromlist=["_"]).ALLOCATOR, "cpu", (1.0, 0.0))
    monkeypatch.setattr("doorways.memory.planning.AMPLE", 1.0)


def limited(extra: float, **settings) -> Painter:
    """A painter that may take `extra` megabytes beside what is held."""
    given = {"size": "384x48", "start_size": "384x48", "cutouts": 128, "window": 384}
    given |= {"generator": vqgan(), "perceptor": "embedded"}
    return Painter(quick(**given | settings, memory=f"{HELD / 1e6 + extra}MB"))


def chosen(painter: Painter) -> tuple[object, ...]:
    return tuple(
        getattr(painter.recipe, name) for name in ("micro_batch", "recompute", "window", "precision")
    )


def test_thrift_comes_in_its_order(held):
    seen = []
    for extra in (1000, 60, 17, 15, 12.5, 11.3):
        try:
            seen.append(chosen(limited(extra)))
        except InputError:
            break
    assert seen[0] == (None, None, 384, "fp32")
    assert any(batch is not None and not again for batch, again, _, _ in seen), "first smaller micro-batches"
    assert any(again and window == 384 for _, again, window, _ in seen), "then recomputation"
    assert any(again and window < 384 for _, again, window, _ in seen), "then windows"
    order = [(bool(again), -window, precision == "bf16") for _, again, window, precision in seen]
    assert order == sorted(order), "nothing that comes later before what comes first"


def test_the_picture_differs_by_rounding_alone():
    plain = painted_alone(quick(generator=vqgan(), size="96x48", steps=4))
    thrifty = painted_alone(quick(generator=vqgan(), size="96x48", steps=4, micro_batch=2, recompute=True))
    assert abs(plain.astype(int) - thrifty.astype(int)).max() <= 2


def test_what_was_chosen_is_in_the_recipe_and_is_said(held):
    painter = limited(60)
    assert painter.recipe.memory is None
    assert painter.recipe.micro_batch is not None
    assert any("pieces at a time: a step takes about" in note for note in painter.notes())
    again = Painter(painter.recipe)
    assert chosen(again) == chosen(painter)
    resumed = Painter.resume(*painter.state())
    assert chosen(resumed) == chosen(painter)


def test_trials_have_room_for_the_prompts_where_the_canvas_has():
    recipe = quick(prompts="forest | ocean | fire | snow", size="180x120", generator=vqgan(), cutouts=2)
    assert Painter(recipe).size == (180, 120)


def test_where_memory_suffices_nothing_is_said(held):
    painter = limited(1000)
    assert painter.notes() == (painter.place.note,)


def test_too_little_is_an_error_that_says_how_much_it_takes(held):
    with pytest.raises(
        InputError, match=r"memory 501MB: a step on 384x48 with 64 cutouts takes about \d+ MB at"
    ):
        Painter(quick(generator="fourier", size="384x48", cutouts=64, memory="501MB"))


def test_more_is_set_aside_than_is_forecast(held, monkeypatch):
    def least():
        with pytest.raises(InputError) as error:
            Painter(quick(generator="fourier", size="384x48", cutouts=64, memory="501MB"))
        return int(re.search(r"takes about (\d+) MB at the least", str(error.value))[1])

    as_forecast = least()
    monkeypatch.setattr("doorways.memory.planning.AMPLE", 2.0)
    assert least() == pytest.approx(500 + 2 * (as_forecast - 500), abs=2)


def test_what_is_free_is_no_reason_to_refuse(held, monkeypatch):
    monkeypatch.setattr("doorways.memory.planning.within_reach", lambda device: HELD)
    monkeypatch.setattr("doorways.devices._has_bf16", lambda device: False)
    painter = Painter(quick(generator=vqgan(), size="384x48", start_size="384x48", precision="auto"))
    assert chosen(painter) == (1, True, 2048, "fp32"), "by rounding alone"
    assert any(note.endswith("free, which may not suffice") for note in painter.notes())


def test_what_must_not_be_recomputed_is_not(held, monkeypatch):
    monkeypatch.setattr("doorways.memory.planning.within_reach", lambda device: HELD)
    assert Painter(quick(generator=vqgan(), recompute=False)).recipe.recompute is False


def test_bf16_comes_last_and_not_where_fp32_was_asked_for(held, monkeypatch):
    monkeypatch.setattr("doorways.devices._has_bf16", lambda device: False)
    settings = {"size": "192x192", "start_size": "192x192", "window": 192, "generator": vqgan()}
    settings |= {"perceptor": ["embedded", "embedded-judge"], "cutouts": 64}
    least = re.compile(r"takes about (\d+) MB at the least")
    found = {}
    for precision in ("fp32", "auto"):
        with pytest.raises(InputError) as error:
            Painter(quick(**settings, precision=precision, memory="1MB"))
        found[precision] = int(least.search(str(error.value))[1])
    assert found["auto"] < found["fp32"]
    painter = Painter(quick(**settings, precision="auto", memory=f"{found['auto'] + 1}MB"))
    assert chosen(painter)[1:] == (True, 192, "bf16")
    begun = painter.state()
    first = painter.take_step()
    assert Painter.resume(*begun).take_step() == first, "prompts are embedded in what is computed in"
    assert Painter(painter.recipe).take_step() == first


# In the middle of a run


def fails(monkeypatch, times: int, error: Exception) -> None:
    """The way back of the third step fails so many times, when all else of it has been done."""
    slope = Painter.must_be_finite
    left = [times]

    def must_be_finite(self, taken):
        if self.step == 2 and left[0]:
            left[0] -= 1
            raise error
        slope(self, taken)

    monkeypatch.setattr(Painter, "must_be_finite", must_be_finite)


def test_where_memory_runs_out_the_step_is_taken_again_with_less(monkeypatch):
    recipe = quick(cutouts=6, semantic_symmetry=0.3, remove_mean=True)
    expected = painted_alone(recipe)
    fails(monkeypatch, 2, torch.OutOfMemoryError("CUDA out of memory"))
    painter = Painter(recipe)
    events = list(painter)
    squeezed = [event for event in events if isinstance(event, Squeezed)]
    assert [(event.step, event.note) for event in squeezed] == [(2, "micro_batch 3"), (2, "micro_batch 2")]
    assert squeezed[-1].recipe == painter.recipe
    assert [eye.seen for eye in painter.eyes] == [6]
    assert sum(isinstance(event, Stepped) for event in events) == 6
    assert painter.recipe.micro_batch == 2
    assert all(eye.micro_batch == 2 for eye in painter.eyes)
    picture = (painter.picture()[0].movedim(0, 2) * 255).round().numpy()
    assert abs(picture - expected).max() <= 2


def test_where_nothing_is_left_to_save_it_says_so(monkeypatch):
    fails(monkeypatch, 100, MemoryError())
    with pytest.raises(OutOfMemoryError, match="too little memory"):
        list(Painter(quick(cutouts=6)))


def test_what_can_be_saved_in_the_middle():
    generator = Painter(quick(generator=vqgan())).generator
    recipe = quick(generator=vqgan(), cutouts=6)
    assert thriftier(recipe, generator) == {"micro_batch": 3}
    assert thriftier(recipe.override(micro_batch=1), generator) == {"recompute": True}
    assert thriftier(recipe.override(micro_batch=1, recompute=True), generator) is None


# Budgets


glibc = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library is not glibc")


@glibc
def test_what_was_freed_is_not_held():
    blocks = [torch.ones(25_000) for _ in range(2000)]
    full = budget.used(CPU)
    last = blocks.pop()
    blocks.clear()
    assert budget.used(CPU) < full - 150_000_000
    del last


@glibc
def test_what_was_tried_leaves_nothing_behind():
    kept = []

    def rehearse(recipe, meter):
        blocks = [torch.ones(25_000) for _ in range(2000)]
        kept.append(blocks.pop())
        meter.peaks["look"] = sum(block.nbytes for block in blocks)

    painter = Painter(quick())
    before = budget.used(CPU)
    assert bound(painter.recipe, painter.generator, rehearse, CPU) > 200_000_000
    assert psutil.Process().memory_info().rss < before + 50_000_000


@pytest.mark.parametrize(
    ("line", "folder", "names"),
    [
        ("0::/jobs/mine", "jobs", ("memory.max", "memory.current", "inactive_file")),
        (
            "4:memory:/jobs",
            "memory/jobs",
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ),
        (
            "4:cpu,memory:/",
            "memory",
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ),
    ],
)
def test_containers_have_limits_of_their_own(tmp_path, monkeypatch, line, folder, names):
    group = tmp_path / folder
    group.mkdir(parents=True)
    (tmp_path / "cgroup").write_text(f"5:devices:/\n{line}\n")
    monkeypatch.setattr(budget, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(budget, "MOUNTED", tmp_path)
    monkeypatch.setattr(budget, "used", lambda device: 1000)
    limit, current, droppable = names
    (group / limit).write_text("max\n")
    (group / current).write_text("1000\n")
    assert budget.within_reach(torch.device("cpu")) > 10_000_000, "no limit: what the machine has"
    (group / limit).write_text("51000\n")
    assert budget.within_reach(torch.device("cpu")) == 51_000
    (group / "memory.stat").write_text(f"cache 700\n{droppable} 600\n")
    assert budget.within_reach(torch.device("cpu")) == 51_600, "files can be dropped"


@pytest.mark.parametrize(
    "text", ["", "6", "GB", "-1GB", "6 apples", "0GB", "nan GB", "1e400GB", "9" * 400 + "GB"]
)
def test_what_is_no_amount(text):
    with pytest.raises(InputError, match=r"is no amount of memory; write for example 6GB"):
        parse_bytes(text)
    with pytest.raises(InputError, match=r"is no amount of memory"):
        Recipe.build(prompts="sea", memory=text)


def test_another_amount_is_planned_anew():
    recipe = quick(micro_batch=2, recompute=True)
    assert recipe.override(memory="6GB").micro_batch is None
    assert recipe.override(memory="6GB").recompute is None
