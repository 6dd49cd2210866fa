from __future__ import annotations

import io

import pytest
from rich.console import Console

from doorways.cli.watching import Pace, Watcher, clock, effort
from doorways.recipe import Recipe
from doorways.size import Size

RECIPE = Recipe.build(prompts="a", steps=20, start_size="384x192", grow_at="0.5")


def watched(*, terminal):
    page = io.StringIO()
    with Watcher(Console(file=page, force_terminal=terminal, width=100, highlight=False)) as watcher:
        watcher.begin(RECIPE, step=0)
        watcher.say("a [note] of /3:4/")
        for step in range(1, 21):
            watcher.stepped(step, 1 / step)
    return page.getvalue()


def test_without_a_terminal_there_is_a_line_every_tenth():
    lines = watched(terminal=False).splitlines()
    assert lines[0] == "a [note] of /3:4/"
    assert len(lines) == 11
    assert lines[5].startswith("step 10/20  loss 0.100  ")
    assert lines[-1] == "step 20/20  loss 0.050  0 s left"


def test_a_terminal_shows_step_loss_and_time_left():
    page = watched(terminal=True)
    for part in ("step 20/20", "loss 0.050", "0 s left", "a [note] of /3:4/"):
        assert part in page


def test_steps_on_a_small_canvas_are_expected_to_be_quicker():
    steps = effort(RECIPE)
    assert len(steps) == 20
    assert steps[0] == steps[9] < steps[10] == 1
    assert steps[0] == pytest.approx(0.3 + 0.7 / 4)
    assert set(effort(RECIPE.override(start_size=Size(768, 384)))) == {1}
    assert set(effort(RECIPE.override(grow_at=(), start_size=Size(768, 384)))) == {1}


def test_the_time_left_goes_by_the_effort_left(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("doorways.cli.watching.time.monotonic", lambda: now[0])
    pace = Pace([1, 1, 2, 4], step=1)
    assert pace.left(1) == 0
    now[0] = 103.0
    assert pace.left(3) == pytest.approx(4)
    assert pace.left(4) == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.6, "1 min 00 s"), (3600, "1 h 00 min"), (7322, "2 h 02 min")]
)
def test_durations_are_read_at_a_glance(seconds, text):
    assert clock(seconds) == text
