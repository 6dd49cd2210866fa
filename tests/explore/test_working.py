"""Workers: a sweep painted in rungs, killed and taken over, paused, and the same pictures bit for bit as painted alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from doorways.cli.sweep_status import status_text, watch
from doorways.errors import DoorwaysError
from doorways.events import Stepped
from doorways.explore import working
from doorways.explore.campaign import rungs_of
from doorways.explore.crew import at_work, hire, on_duty, sign_off, threads_each
from doorways.explore.hand import kill, pin, promote, resume, stop
from doorways.explore.place import Here, NoRoom
from doorways.explore.standings import was_killed, was_triaged
from doorways.explore.working import work
from doorways.judge import judge
from doorways.library import Library, PainterLost
from doorways.painter import Painter
from doorways.recipe import Recipe
from tests.disks import fill, small_disk
from tests.recipes import painted_alone


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch):
    monkeypatch.setattr(working, "LOOK_S", 0.0)
    monkeypatch.setattr(working, "IDLE_S", 0.05)


def picture(library, entry):
    return np.asarray(Image.open(library.files(entry.id).picture))


def test_the_best_are_painted_whole_and_the_rest_stop_where_they_were_judged(library, enlisted):
    sweep = enlisted(seeds=4, pairs='[["fire", "ocean"], ["moon", "garden"]]')
    assert work(library, sweep.id) == 2 * (4 + 2 + 1)
    assert library.get_sweep(sweep.id).state == "done"
    for subject in ("fire | ocean", "moon | garden"):
        entries = library.list(sweep=sweep.id, subject=subject)
        assert sorted((entry.state, entry.step, entry.rung) for entry in entries) == [
            ("finished", 8, 2), ("stopped", 2, 0), ("stopped", 2, 0), ("stopped", 4, 1),
        ]  # fmt: skip
        first = sorted(entries, key=lambda entry: entry.scores["rung:1:match"])
        assert [was_triaged(entry) for entry in first[:2]] == [True, True]
        assert all("match" in entry.scores and library.files(entry.id).picture.exists() for entry in entries)


def test_a_sweep_of_which_a_painting_was_stopped_by_hand_is_paused_and_not_done(library, enlisted):
    sweep = enlisted(seeds=3)
    stopped = library.list(sweep=sweep.id)[0]
    library.release(stopped.id, "paused")
    work(library, sweep.id)
    now = library.get_sweep(sweep.id)
    assert (now.state, now.settings["reason"]) == ("paused", "paintings of it were stopped by hand: 1")
    assert library.counts(sweep.id)["paused"] == 1
    resume(library, now)
    work(library, sweep.id)
    assert library.get_sweep(sweep.id).state == "done"


def test_a_painting_that_goes_on_takes_the_steps_of_one_that_was_never_interrupted(library, enlisted):
    sweep = enlisted(seeds=2)
    work(library, sweep.id)
    (whole,) = library.list(sweep=sweep.id, state="finished")
    assert (picture(library, whole) == painted_alone(Recipe.build(**whole.recipe))).all()


def test_on_the_way_the_outlook_is_judged_and_at_the_end_the_picture(library, enlisted):
    sweep = enlisted(seeds=2)
    work(library, sweep.id)
    for state in ("stopped", "finished"):
        (entry,) = library.list(sweep=sweep.id, state=state)
        painter = Painter(Recipe.build(**entry.recipe))
        while painter.step < entry.step:
            next(event for event in painter if isinstance(event, Stepped))
        ahead, behind = (
            judge(seen, painter.recipe, sweep.settings["judge"]).scores["match"]
            for seen in (painter.outlook(), painter.picture())
        )
        assert entry.scores["match"] == pytest.approx(ahead)
        assert (state == "finished") == (ahead == pytest.approx(behind))


def test_without_rungs_everything_is_painted_whole_and_nobody_judges(library, enlisted):
    sweep = enlisted(seeds=2, triage="false")
    assert rungs_of(sweep) is None
    assert work(library, sweep.id) == 2
    assert [(entry.state, entry.scores) for entry in library.list(sweep=sweep.id)] == [("finished", {})] * 2


def test_who_is_told_to_stop_leaves_at_once_and_the_next_goes_on(library, enlisted):
    sweep = enlisted(seeds=1)
    steps = []

    def seen(entry, event):
        if isinstance(event, Stepped):
            steps.append(event.step)

    assert work(library, sweep.id, stopping=lambda: len(steps) == 5, on_event=seen) == 2
    (entry,) = library.list(sweep=sweep.id)
    assert (entry.state, entry.step) == ("waiting", 5)
    work(library, sweep.id, on_event=seen)
    assert steps == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_paused_sweep_is_left_and_gone_on_with(library, enlisted):
    sweep = enlisted(seeds=2)
    work(library, sweep.id, on_event=lambda entry, event: library.update_sweep(sweep.id, state="paused"))
    assert library.counts(sweep.id) == {"waiting": 2}
    assert work(library, sweep.id) == 0
    assert resume(library, library.get_sweep(sweep.id)) == 2
    work(library, sweep.id)
    assert library.counts(sweep.id) == {"stopped": 1, "finished": 1}


def test_an_ended_sweep_is_left_for_good(library, enlisted):
    sweep = enlisted(seeds=3)
    work(library, sweep.id, on_event=lambda entry, event: stop(library, sweep))
    assert library.counts(sweep.id) == {"stopped": 3}


def test_what_is_killed_while_it_is_painted_is_left_and_the_next_comes(library, enlisted):
    sweep = enlisted(seeds=2)
    first = library.list(sweep=sweep.id)[0]
    work(library, sweep.id, on_event=lambda entry, event: entry.id == first.id and kill(library, first.id))
    assert was_killed(library.get(first.id))
    assert library.counts(sweep.id) == {"stopped": 1, "finished": 1}


def test_the_pinned_is_painted_whole_whatever_the_judge_says(library, enlisted):
    sweep = enlisted(seeds=4)
    work(library, sweep.id)
    worst = min(library.list(sweep=sweep.id), key=lambda entry: entry.scores["rung:1:match"])
    assert worst.state == "stopped"
    assert pin(library, worst.id).state == "waiting"
    library.update_sweep(sweep.id, state="running")
    work(library, sweep.id)
    assert library.get(worst.id).state == "finished"
    assert library.counts(sweep.id) == {"stopped": 2, "finished": 2}


def test_the_promoted_goes_one_rung_further(library, enlisted):
    sweep = enlisted(seeds=4)
    work(library, sweep.id)
    worst = min(library.list(sweep=sweep.id), key=lambda entry: entry.scores["rung:1:match"])
    assert promote(library, worst.id).rung == 1
    library.update_sweep(sweep.id, state="running")
    work(library, sweep.id)
    now = library.get(worst.id)
    assert now.step >= 4
    assert "rung:2:match" in now.scores


def test_by_hand_only_what_can_be(library, enlisted):
    sweep = enlisted(seeds=1)
    work(library, sweep.id)
    (entry,) = library.list(sweep=sweep.id)
    for act in (kill, promote):
        with pytest.raises(DoorwaysError, match="is finished"):
            act(library, entry.id)
    alone = library.add(entry.recipe)
    with pytest.raises(DoorwaysError, match="no sweep with rungs"):
        promote(library, alone.id)


def test_what_cannot_be_painted_fails_with_its_reason_and_the_others_go_on(library, enlisted):
    sweep = enlisted(seeds=3)
    poor = library.add(
        library.list(sweep=sweep.id)[0].recipe | {"generator": "/gone"}, sweep=sweep.id, subject="x"
    )
    work(library, sweep.id)
    assert library.get(poor.id).state == "failed"
    assert "/gone" in library.get(poor.id).note
    assert len(library.list(sweep=sweep.id, state="finished")) == 1


def test_when_everything_fails_the_sweep_pauses_and_says_why(library, enlisted):
    sweep = enlisted(seeds=5)
    for entry in library.list(sweep=sweep.id):
        library.add(entry.recipe | {"generator": "/gone"}, sweep=sweep.id, subject="x")
        library.delete(entry.id)
    with pytest.raises(DoorwaysError, match="/gone"):
        work(library, sweep.id)
    now = library.get_sweep(sweep.id)
    assert now.state == "paused"
    assert "/gone" in now.settings["reason"]
    assert library.counts(sweep.id) == {"waiting": 2, "failed": 3}


def test_a_full_disk_pauses_the_sweep_before_anything_is_begun(library, enlisted, monkeypatch):
    sweep = enlisted(seeds=2)
    monkeypatch.setattr(working, "ROOM_BYTES", 1 << 60)
    with pytest.raises(DoorwaysError, match="the disk is full; free some space, and go on with"):
        work(library, sweep.id)
    assert library.get_sweep(sweep.id).state == "paused"
    assert library.counts(sweep.id) == {"waiting": 2}


class Quicksand(Here):
    """A place that is gone as often as `times` says when a painting comes to it, and full once before."""

    def __init__(self, times):
        super().__init__()
        self.left = [NoRoom("full"), *(PainterLost("sunk") for _ in range(times))]

    def open(self, files, recipe, *, beside=False):
        if self.left:
            raise self.left.pop(0)
        return super().open(files, recipe, beside=beside)


def test_a_place_that_was_gone_for_a_while_costs_nothing(library, enlisted):
    sweep = enlisted(seeds=2)
    work(library, sweep.id, place=Quicksand(2))
    assert library.counts(sweep.id) == {"stopped": 1, "finished": 1}


def test_places_that_are_gone_again_and_again_pause_the_sweep_and_nothing_has_failed(library, enlisted):
    sweep = enlisted(seeds=2)
    with pytest.raises(PainterLost, match="sunk"):
        work(library, sweep.id, place=Quicksand(3))
    assert library.get_sweep(sweep.id).settings["reason"] == "sunk"
    assert library.counts(sweep.id) == {"waiting": 2}


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_worker_s_painting_is_taken_over_and_comes_out_the_same(library, enlisted):
    sweep = enlisted(seeds=2)
    program = (
        "import os, signal, sys\nfrom doorways.explore import working as w\nfrom doorways.library import Library\n"
        "def die(entry, event):\n    if getattr(event, 'step', 0) == 6: os.kill(os.getpid(), signal.SIGKILL)\n"
        "w.work(Library.open(sys.argv[1]), sys.argv[2], on_event=die)"
    )
    ended = subprocess.run([sys.executable, "-c", program, library.folder, sweep.id], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert library.counts(sweep.id)["running"] == 1
    work(library, sweep.id)
    assert library.counts(sweep.id) == {"stopped": 1, "finished": 1}
    (whole,) = library.list(sweep=sweep.id, state="finished")
    assert (picture(library, whole) == painted_alone(Recipe.build(**whole.recipe))).all()


def test_two_worker_processes_share_a_sweep_and_paint_nothing_twice(library, enlisted):
    sweep = enlisted(seeds=4, pairs='[["fire", "ocean"], ["moon", "garden"]]')
    crew = hire(library, sweep, 2)
    assert {process.wait(timeout=240) for process in crew} == {0}
    assert at_work(library, sweep) == []
    assert library.counts(sweep.id) == {"stopped": 6, "finished": 2}
    assert library.get_sweep(sweep.id).state == "done"
    for entry in library.list(sweep=sweep.id):
        told = library.files(entry.id).events.read_text("utf-8").count('"event": "stepped"')
        assert told == entry.step


def test_a_crew_is_told_to_stop_by_a_signal(library, enlisted):
    sweep = enlisted(seeds=40, triage="false")
    (process,) = hire(library, sweep, 1)
    assert at_work(library, sweep) != []
    patience = time.monotonic() + 240
    while not library.list(sweep=sweep.id, state="finished") and time.monotonic() < patience:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 0
    counts = library.counts(sweep.id)
    assert counts.keys() == {"waiting", "finished"}
    assert sum(counts.values()) == 40


def test_a_worker_signs_off_only_from_a_sweep_that_does_not_run(library, enlisted):
    sweep = enlisted(seeds=1)
    remember(library, sweep, {"here/1": 1e12, "here/2": 1e12})
    assert not sign_off(library, sweep.id, "here/1", anyway=False)
    assert at_work(library, sweep) == ["here/1", "here/2"]
    assert sign_off(library, sweep.id, "here/1", anyway=True)
    library.update_sweep(sweep.id, state="paused")
    assert sign_off(library, sweep.id, "here/2", anyway=False)
    assert library.get_sweep(sweep.id).settings["workers"] == {}


def remember(library, sweep, crew):
    library.update_sweep(sweep.id, settings={**sweep.settings, "workers": crew})


@pytest.mark.parametrize("crew", [{"elsewhere:1/7": 1.0}, ["elsewhere:1/7"]])
def test_names_whose_time_has_run_out_or_is_not_known_are_at_work_no_longer(library, enlisted, crew):
    sweep = enlisted(seeds=2)
    remember(library, sweep, crew)
    assert at_work(library, sweep) == []
    remember(library, sweep, {"elsewhere:1/7": time.time() + 60, "elsewhere:1/8": 1.0})
    assert at_work(library, sweep) == ["elsewhere:1/7"]
    library.claim("elsewhere:1/9", sweep=sweep.id)
    library.claim("elsewhere:1/10", sweep=sweep.id, lease_s=-1)
    assert at_work(library, sweep) == ["elsewhere:1/7", "elsewhere:1/9"]


def test_who_is_on_duty_is_at_work_until_it_has_signed_off(library, enlisted):
    sweep = enlisted(seeds=1)
    remember(library, sweep, {"elsewhere:1/7": time.time() + 1})
    with on_duty(library, sweep.id, "elsewhere:1/7", lease_s=2):
        time.sleep(1.5)
        assert at_work(library, sweep) == ["elsewhere:1/7"]
        assert sign_off(library, sweep.id, "elsewhere:1/7", anyway=True)
        time.sleep(0.6)
        assert at_work(library, sweep) == []


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_what_a_killed_worker_was_painting_is_ended_with_its_sweep(library, enlisted):
    sweep = enlisted(seeds=1, steps=5000, triage="false")
    (process,) = hire(library, sweep, 1)
    (entry,) = library.list(sweep=sweep.id)
    remember(library, sweep, dict.fromkeys(at_work(library, sweep), 1.0))
    wait_for(lambda: library.get(entry.id).worker, process)
    wait_for(lambda: [*library.get_sweep(sweep.id).settings["workers"].values()] > [time.time()], process)
    process.kill()
    process.wait()
    assert library.get(entry.id).state == "running"
    now = library.get_sweep(sweep.id)
    library.update_sweep(sweep.id, settings={**now.settings, "reason": "the disk is full"})
    assert stop(library, sweep) == 1
    assert library.get(entry.id).state == "stopped"
    now = library.get_sweep(sweep.id)
    assert (now.state, "reason" in now.settings) == ("done", False)
    library.delete(entry.id)


def test_a_disk_that_becomes_full_while_a_crew_paints_is_said(enlisted_on, tmp_path, capsys):
    with small_disk(tmp_path / "disk", "36m") as disk, Library.open(disk / "library") as library:
        sweep = enlisted_on(library, seeds=1, steps=5000, triage="false")
        crew = hire(library, sweep, 1)
        (entry,) = library.list(sweep=sweep.id)
        wait_for(library.files(entry.id).checkpoint.exists, *crew)
        make_room = fill(disk)
        assert watch(library, sweep, crew) == 1
        full = (
            f"{library.folder}: the disk is full; free some space, and go on with `doorways explore resume`"
        )
        assert full in capsys.readouterr().out
        assert full in status_text(library, library.get_sweep(sweep.id))
        make_room()
        resume(library, sweep)
        assert "the disk is full" not in status_text(library, library.get_sweep(sweep.id))


def wait_for(what, *crew):
    """Until something has come, as long as the crew lives."""
    patience = time.monotonic() + 240
    while not what():
        assert time.monotonic() < patience
        assert all(process.poll() is None for process in crew)
        time.sleep(0.02)


def test_a_sweep_whose_folder_is_gone_is_one_sentence(library, enlisted, tmp_path):
    sweep = enlisted(seeds=1)
    sweep = library.update_sweep(sweep.id, settings={**sweep.settings, "folder": str(tmp_path / "gone")})
    with pytest.raises(DoorwaysError, match="the folder that quick was begun in is gone"):
        hire(library, sweep, 1)


def test_measures_that_are_not_there_leave_nobody_undecided(library, enlisted):
    sweep = enlisted(seeds=2, before="unwanted = 'a cat'\n")
    library.update_sweep(sweep.id, settings={**sweep.settings, "weights": {"aesthetic": 1.0}})
    work(library, sweep.id)
    assert library.counts(sweep.id) == {"stopped": 1, "finished": 1}


def test_threads_are_shared_out():
    assert threads_each(1) >= threads_each(2) >= 1


def test_a_library_that_is_gone_is_one_sentence(tmp_path: Path):
    command = [sys.executable, "-m", "doorways.explore.worker", tmp_path / "none", "abc"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "there is no library in it" in ended.stderr
    assert not (tmp_path / "none").exists()
