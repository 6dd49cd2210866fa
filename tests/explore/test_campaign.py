"""A theme in a library: brought in once, and edited, without anything twice."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from doorways.explore.campaign import compare, enlist, rungs_of
from doorways.explore.hand import kill, stop
from doorways.explore.sweep import plan
from doorways.explore.theme import Theme
from doorways.recipe import Recipe


def test_how_far_a_sweep_is_is_told_without_torch():
    code = "import sys, doorways.explore.campaign, doorways.explore.hand; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_theme_is_brought_in_once(library, enlisted):
    sweep = enlisted()
    first = library.list(sweep=sweep.id)
    assert enlisted().id == sweep.id
    assert library.list(sweep=sweep.id) == first
    assert {entry.subject for entry in first} == {"fire | ocean"}
    assert [entry.recipe["seed"] for entry in first] == [0, 1, 2, 3]
    assert library.get_sweep(sweep.id).title == "quick"
    assert rungs_of(sweep).counts(4) == (4, 2, 1)


def test_a_theme_that_is_given_again_goes_on_with_a_sweep_that_was_paused(library, enlisted):
    sweep = enlisted()
    library.update_sweep(sweep.id, state="paused", settings={**sweep.settings, "reason": "the disk is full"})
    again = enlisted()
    assert (again.state, again.settings) == ("running", sweep.settings)


def test_what_is_new_in_an_edited_theme_is_added_and_what_is_there_is_not_repeated(library, enlisted):
    before = library.list(sweep=enlisted(seeds=2).id)
    sweep = enlisted(seeds=3, pairs='[["fire", "ocean"], ["moon", "garden"]]')
    entries = library.list(sweep=sweep.id)
    assert entries[:2] == before
    assert [(entry.subject, entry.recipe["seed"]) for entry in entries] == [
        ("fire | ocean", 0), ("fire | ocean", 1), ("fire | ocean", 2),
        ("moon | garden", 0), ("moon | garden", 1), ("moon | garden", 2),
    ]  # fmt: skip
    assert 'pairs = [["fire", "ocean"], ["moon", "garden"]]' in sweep.theme


@pytest.mark.parametrize(
    ("meanwhile", "state"),
    [
        (lambda library, id: library.claim("me"), "running"),
        (lambda library, id: library.release(id, "finished", step=8), "finished"),
        (lambda library, id: library.pin(id), "waiting"),
        (lambda library, id: None, "stopped"),
    ],
)
def test_what_was_begun_while_it_was_asked_about_is_left_to_who_paints_it(
    library, enlisted, quick_theme, meanwhile, state
):
    sweep = enlisted(seeds=2)
    first, second = library.list(sweep=sweep.id)
    library.release(first.id, "finished", step=8)
    theme = Theme.from_file(quick_theme(seeds=1))
    change = compare(library, theme, plan(theme))
    assert [entry.id for entry in change.gone] == [second.id]
    meanwhile(library, second.id)
    enlist(library, theme, [*plan(theme)], {})
    assert library.get(second.id).state == state


def test_a_theme_that_two_bring_at_once_is_there_once(library, quick_theme):
    theme = Theme.from_file(quick_theme(seeds=1))
    planned = [*plan(theme)]
    changes = [compare(library, theme, planned) for _ in range(2)]
    assert all(change.sweep is None and change.new for change in changes), "neither has seen the other"
    first, second = (enlist(library, theme, planned, {}) for _ in changes)
    assert first.id == second.id
    assert len(library.list()) == len(planned)


def test_what_was_rejected_while_it_was_asked_about_does_not_come_back(library, enlisted, quick_theme):
    sweep = enlisted(seeds=1)
    stop(library, sweep)
    theme = Theme.from_file(quick_theme(seeds=1))
    change = compare(library, theme, plan(theme))
    (entry,) = change.back
    library.verdict(entry.id, "reject")
    enlist(library, theme, [*plan(theme)], {})
    assert library.get(entry.id).state == "stopped"


def test_what_an_older_version_did_not_know_makes_no_other_painting_of_it(library, enlisted, quick_theme):
    sweep = enlisted(seeds=1)
    (entry,) = library.list(sweep=sweep.id)
    known = {name: value for name, value in entry.recipe.items() if name not in ("wrap", "window")}
    library.database.rows("UPDATE paintings SET recipe = ? WHERE id = ?", (json.dumps(known), entry.id))
    assert library.get(entry.id).recipe == known
    theme = Theme.from_file(quick_theme(seeds=1))
    change = compare(library, theme, plan(theme))
    assert (change.new, change.gone, change.kept) == ((), (), 1)


@pytest.mark.parametrize(
    ("said", "fitted", "kept"),
    [
        ("", {"micro_batch": 2, "recompute": True}, 1),
        ('memory = "6GB"\n', {"micro_batch": 2, "recompute": True, "window": 96, "precision": "bf16"}, 1),
        ("", {"window": 96}, 0),
    ],
)
def test_what_was_done_to_fit_into_memory_makes_no_other_painting_of_it(
    library, quick_theme, said, fitted, kept
):
    path = quick_theme(seeds=1)
    text = path.read_text("utf-8")
    assert "[recipe]\n" in text
    path.write_text(text.replace("[recipe]\n", f"[recipe]\n{said}"), "utf-8")
    theme = Theme.from_file(path)
    sweep = enlist(library, theme, [*plan(theme)], {})
    (entry,) = library.list(sweep=sweep.id)
    settings = {name: value for name, value in entry.recipe.items() if name != "memory"} | fitted
    library.database.rows("UPDATE paintings SET recipe = ? WHERE id = ?", (json.dumps(settings), entry.id))
    assert compare(library, theme, plan(theme)).kept == kept


def test_what_the_painter_fills_in_makes_no_other_painting_of_it(library, enlisted, quick_theme):
    sweep = enlisted(seeds=1)
    (entry,) = library.list(sweep=sweep.id)
    resolved = Recipe.build(**entry.recipe).override(
        learning_rate=0.1, precision="fp32", sketch=True, start_size="24x12"
    )
    from PIL import Image

    library.keep(entry.id, Image.new("RGB", (24, 12)), resolved, 2, False)
    assert library.get(entry.id).recipe != entry.recipe
    theme = Theme.from_file(quick_theme(seeds=1))
    change = compare(library, theme, plan(theme))
    assert (change.new, change.kept) == ((), 1)


def test_what_is_taken_out_of_a_theme_before_it_was_begun_is_not_painted(library, enlisted):
    sweep = enlisted(seeds=3)
    enlisted(seeds=1)
    assert library.counts(sweep.id) == {"waiting": 1, "stopped": 2}
    enlisted(seeds=2)
    assert library.counts(sweep.id) == {"waiting": 2, "stopped": 1}


def test_what_the_artist_has_killed_does_not_come_back_and_what_was_stopped_does(library, enlisted):
    sweep = enlisted(seeds=3)
    kill(library, library.list(sweep=sweep.id)[0].id)
    stop(library, sweep)
    assert library.counts(sweep.id) == {"stopped": 3}
    assert enlisted(seeds=3).state == "running"
    assert library.counts(sweep.id) == {"waiting": 2, "stopped": 1}


def test_a_theme_of_which_nothing_is_left_to_paint_leaves_its_sweep_as_it_is(library, enlisted):
    sweep = enlisted(seeds=1)
    (entry,) = library.list(sweep=sweep.id)
    library.score(entry.id, {"rung:1:match": 0.1})
    library.release(entry.id, "stopped")
    library.update_sweep(sweep.id, state="done")
    assert enlisted(seeds=1).state == "done"
    assert enlisted(seeds=2).state == "running"


def test_two_titles_are_two_sweeps(library, enlisted, tmp_path, quick_theme):
    from doorways.explore.campaign import enlist

    one = enlisted()
    path = quick_theme()
    path.write_text(path.read_text("utf-8").replace('title = "quick"', 'title = "other"'), "utf-8")
    theme = Theme.from_file(path)
    other = enlist(library, theme, [*plan(theme)], {"folder": "/"})
    assert other.id != one.id
    assert other.settings["folder"] == "/"
    assert len(library.list(sweep=other.id)) == len(library.list(sweep=one.id)) == 4


def test_a_thing_that_is_weighed_is_looked_for(library, quick_theme):
    path = quick_theme(before='count = "a moon"\n')
    weights = '{ match = 1, "count:a door" = 1, "count:a moon" = 1, "unwanted:a person" = -1 }'
    path.write_text(path.read_text("utf-8").replace("{ match = 1 }", weights), "utf-8")
    theme = Theme.from_file(path)
    settings = enlist(library, theme, [*plan(theme)], {}).settings
    assert settings["count"] == ["a moon", "a door"]
    assert settings["unwanted"] == ["a person"]


def test_a_section_is_a_tag(library, enlisted):
    sweep = enlisted(pairs="[]", before='section = [{ name = "Sky", pairs = [["moon", "fire"]] }]\n', seeds=1)
    assert [entry.tags for entry in library.list(sweep=sweep.id)] == [("Sky",)]
