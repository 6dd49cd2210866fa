"""`doorways explore`: what it says before it paints, what it paints, and what it refuses."""

from __future__ import annotations

import json
import os
import sys
import time

import pytest

from doorways.cli import sweep_costs
from doorways.explore.crew import at_work
from doorways.library import Library


@pytest.fixture(autouse=True)
def folder(doorways, tmp_path, monkeypatch):
    """The library of these tests."""
    monkeypatch.setenv("DOORWAYS_LIBRARY", str(tmp_path / "library"))
    return tmp_path / "library"


@pytest.fixture
def theme(tmp_path, clip):
    """Writes a theme that is painted in no time; `more` comes first, and the recipe last."""

    def write(more='pairs = [["fire", "ocean"]]', *, recipe="", name="seasons"):
        text = (
            f"{more}\njudge = '{clip}'\n[recipe]\ngenerator = 'fourier'\nperceptor = '{clip}'\nsize = '48x24'\n"
            f"steps = 4\ncutouts = 4\noverviews = 1\nthreads = 1\n{recipe}\n"
        )
        path = tmp_path / f"{name}.toml"
        path.write_text(text, "utf-8")
        return str(path)

    return write


def test_it_says_how_much_it_is_and_paints_nothing_on_a_dry_run(doorways, theme, folder):
    said = doorways("explore", theme(), "--dry-run")
    assert said.code == 0
    assert "seasons: 4 paintings\n" in said.err
    assert "judged after 20%, 60% of their steps" in said.err
    assert " on this machine, and " in said.err
    assert "of disk, of which " in said.err
    with Library.open(folder) as library:
        assert library.list() == library.sweeps() == []


def test_a_theme_is_painted_and_told_of(doorways, theme, folder):
    path = theme('seeds = 2\npairs = [["fire", "ocean"]]\ntriage = { at = [0.5], keep = [0.5] }')
    said = doorways("explore", path)
    assert said.code == 0
    assert said.out == "seasons: 1 stopped, 1 finished\n"
    assert "finished after step 4, match " in said.err
    told = json.loads(doorways("explore", "status", "--json").out)
    assert told["state"] == "done"
    assert told["counts"] == {"stopped": 1, "finished": 1}
    assert len(told["paintings"]) == 2
    assert told["workers"] == []
    text = doorways("explore", "status", "seasons").out
    assert "rung 1: 2 paintings, 1 stopped\nrung 2: 1 paintings, 1 finished\n" in text
    assert "fire | ocean: 1 stopped, 1 finished\n" in text
    again = doorways("explore", path)
    assert "seasons: 0 new paintings; 2 are there already" in again.err
    assert again.code == 0
    (stopped,) = (entry["id"] for entry in told["paintings"] if entry["state"] == "stopped")
    pinned = doorways("explore", "pin", stopped[:6])
    assert pinned.out == f"{stopped}: waiting after step 2 of 4, pinned  fire | ocean\n"
    assert "nobody paints seasons now; `doorways explore resume" in pinned.err
    assert doorways("explore", "resume").code == 0
    with Library.open(folder) as library:
        assert library.get(stopped).state == "finished"


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_in_the_background_it_is_added_to_paused_and_ended(doorways, theme, folder):
    whole = "triage = false\nseeds = {}\npairs = [['fire', 'ocean']]"
    assert doorways("explore", theme(whole.format(50), recipe=""), "--background").code == 0
    with Library.open(folder) as library:
        (sweep,) = library.sweeps()
        assert len(at_work(library, sweep)) == 1
        added = doorways("explore", theme(whole.format(52)))
        assert "52" not in added.out
        assert "2 new paintings; 50 are there already" in added.err
        assert "1 at work on it already: what is new is painted by them" in added.err
        assert len(library.list(sweep=sweep.id)) == 52
        paused = doorways("explore", "pause", "--json")
        assert "paused" in paused.err
        assert json.loads(paused.out)["state"] == "paused"
        patience = time.monotonic() + 120
        while at_work(library, sweep) and time.monotonic() < patience:
            time.sleep(0.2)
        assert at_work(library, sweep) == []
        assert library.counts(sweep.id).get("running", 0) == 0
        ended = doorways("explore", "stop", sweep.id, "--json")
        assert "ended" in ended.err
        assert json.loads(ended.out)["state"] == "done"
        assert library.get_sweep(sweep.id).state == "done"
        assert library.counts(sweep.id).keys() <= {"stopped", "finished"}
    assert "is done, so there is nothing to pause" in doorways("explore", "pause").err


def test_a_worker_elsewhere_whose_time_has_run_out_keeps_nobody_from_going_on(doorways, theme, folder):
    assert doorways("explore", theme("triage = false\nseeds = 1\npairs = [['fire', 'ocean']]")).code == 0
    with Library.open(folder) as library:
        (sweep,) = library.sweeps()
        (entry,) = library.list()
        again = library.add(entry.recipe, sweep=sweep.id)
        library.claim("elsewhere:1/7", lease_s=-1)
        library.update_sweep(
            sweep.id, settings={**sweep.settings, "workers": {"elsewhere:1/7": time.time() - 1}}
        )
        said = doorways("explore", "resume")
        assert (said.code, said.out) == (0, "seasons: 2 finished\n")
        assert library.get(again.id).state == "finished"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("pairs = [['a', 'b']]\nwordng = 'x'", "there is no field 'wordng'; did you mean wording?"),
        ("pairs = []", "the theme names nothing to paint"),
        ("pairs = [['a', 'b']]\nwordings = { a = '{subject} {style}' }", "the hole {style} is left unfilled"),
        ("pairs = [['a', 'b']]\nseeds = 100000", "100,000 paintings: nothing was begun; take out seeds"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_nothing_is_done(doorways, theme, folder, more, sentence):
    said = doorways("explore", theme(more))
    assert said.code == 2
    assert said.err.startswith("doorways: ")
    assert said.err.count("\n") == 1
    assert sentence in said.err
    assert not folder.exists()


def test_a_recipe_that_cannot_be_painted_is_said_before_anything_is_begun(doorways, theme, folder):
    said = doorways("explore", theme(recipe="[recipe.objectives]\nglow = 1"))
    assert said.code == 2
    assert "glow" in said.err
    with Library.open(folder) as library:
        assert library.sweeps() == []


@pytest.mark.parametrize("flags", [(), ("--dry-run",)])
def test_on_a_cpu_side_by_side_is_refused_before_anything_is_begun(doorways, theme, folder, flags):
    said = doorways("explore", theme(recipe="device = 'cpu'"), "--together", "4", *flags)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "together 4: on a CPU paintings are painted one at a time" in said.err
    assert not folder.exists()


def test_a_sweep_that_was_begun_on_a_gpu_is_painted_one_at_a_time_on_a_cpu(doorways, theme, folder):
    whole = theme("triage = false\nseeds = 2\npairs = [['fire', 'ocean']]", recipe="device = 'cpu'")
    assert doorways("explore", whole).code == 0
    with Library.open(folder) as library:
        (sweep,) = library.sweeps()
        assert sweep.settings["together"] == 1
        (first, _) = library.list()
        library.update_sweep(sweep.id, settings={**sweep.settings, "together": 4})
        again = [library.add(first.recipe | {"seed": seed}, sweep=sweep.id) for seed in (7, 8)]
        refused = doorways("explore", "resume", "--together", "4")
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert doorways("explore", "resume").code == 0
        assert ["together" in library.get(entry.id).machine for entry in again] == [False, False]


def test_a_dry_run_of_very_many_counts_them(doorways, theme, folder):
    said = doorways("explore", theme("pairs = [['a', 'b']]\nseeds = 100000"), "--dry-run")
    assert (said.code, said.err.count("\n")) == (0, 1)
    assert said.err.startswith("seasons: 100,000 paintings; ")
    assert not folder.exists()


def test_it_asks_before_days_or_a_full_disk(doorways, theme, monkeypatch):
    monkeypatch.setattr(sweep_costs, "LONG_S", 0.0)
    said = doorways("explore", theme())
    assert said.code == 2
    assert (
        ": nothing was begun; take out seeds, wordings or settings, or say --yes if it is meant" in said.err
    )
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdin, "readline", lambda: "n\n", raising=False)
    assert doorways("explore", theme()).code == 2


def test_a_folder_that_may_not_be_written_to_is_one_sentence(doorways, theme, tmp_path):
    (tmp_path / "file").write_text("x")
    said = doorways("explore", theme(), "--library", str(tmp_path / "file" / "library"))
    assert (said.code, said.err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("status",), "nothing is being explored in the library"),
        (("pause", "none"), "there is no such sweep"),
        (("pin",), "name at least one painting by its ID"),
        (("kill", "zzz"), "there is no such painting"),
        (("none.toml",), "there is no such file"),
        (("x.toml", "--workers", "0"), "workers 0: must be at least 1"),
        (("x.toml", "--together", "0"), "together 0: must be at least 1"),
        (
            ("x.toml", "--together", "2", "--on", "ray"),
            "together 2: the workers of a cluster paint one at a time",
        ),
        (("x.toml", "--on", "nobody"), "--on nobody: must be ray, for this machine"),
        (("resume", "--on", "ray://nobody"), "--on ray://nobody: must be ray, for this machine"),
    ],
)
def test_what_is_not_there_is_one_sentence(doorways, words, sentence):
    said = doorways("explore", *words)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert sentence in said.err


def test_a_cluster_that_does_not_answer_is_one_sentence_and_nothing_is_begun(doorways, theme, folder):
    pytest.importorskip("ray", reason="Ray is not installed; pip install 'doorways[ray]'")
    said = doorways("explore", theme(), "--on", "ray://127.0.0.1:1")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "no Ray cluster answers at ray://127.0.0.1:1; check the address" in said.err
    assert not folder.exists()


def test_words_that_are_not_known_are_told_and_what_cannot_be_read_begins_nothing(doorways, tmp_path, folder):
    path = tmp_path / "words.toml"
    path.write_text(
        "seeds = 1\nsubjects = ['zzyzxy']\n[recipe]\nsize = '64x32'\nsteps = 1\ncutouts = 4", "utf-8"
    )
    said = doorways("explore", str(path), "--dry-run")
    assert said.code == 0
    assert "embedded reads words that it does not know as others: zzyzxy as " in said.err
    path.write_text("subjects = ['castle', '桜']", "utf-8")
    said = doorways("explore", str(path))
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert f"{path}: prompt '桜' has no word the embedded perceptor could read" in said.err
    with Library.open(folder) as library:
        assert library.sweeps() == []


@pytest.mark.xdist_group("clusters")
def test_a_theme_is_painted_on_a_cluster_of_this_machine(doorways, theme, folder):
    pytest.importorskip("ray", reason="Ray is not installed; pip install 'doorways[ray]'")
    said = doorways(
        "explore", theme("seeds = 2\npairs = [['fire', 'ocean']]"), "--on", "ray", "--workers", "1"
    )
    assert said.code == 0
    assert said.out == "seasons: 1 stopped, 1 finished\n"
    assert "by 1 such as this machine" in said.err
    with Library.open(folder) as library:
        (sweep,) = library.sweeps()
        assert sweep.state == "done"
        assert at_work(library, sweep) == []
