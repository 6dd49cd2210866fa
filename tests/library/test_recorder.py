"""A recorded painting that ends in any way is in the library as it should be, and can be gone on with."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from doorways.atomic import PART
from doorways.checkpoint import load_checkpoint, save_checkpoint
from doorways.errors import DoorwaysError, InputError
from doorways.events import Stepped
from doorways.library import ClaimLost, EventLog, Library, this_worker
from doorways.library.recorder import Recorder, painter_of
from doorways.metadata import read_metadata
from doorways.painter import Painter
from doorways.pictures import to_image
from doorways.recipe import Recipe
from tests import tiny
from tests.recipes import painted_alone, quick

PAINT_NEXT = """
import sys
from doorways.library import Library, this_worker
from doorways.library.recorder import Recorder, painter_of
with Library.open(sys.argv[1]) as library:
    entry = library.claim(this_worker())
    painter = painter_of(library, entry)
    with Recorder(library, entry, painter, checkpoint_every=1, picture_every=2) as recorder:
        for event in painter:
            recorder(event)
"""


def record(library, entry, *, until=None, leave=None, **settings):
    """Paints a claimed painting, up to a step if one is given; its entry then."""
    painter = painter_of(library, entry)
    with Recorder(library, entry, painter, **settings) as recorder:
        for event in painter:
            recorder(event)
            if isinstance(event, Stepped) and event.step == until:
                if leave:
                    recorder.leave(leave)
                break
    return library.get(entry.id)


def straight(recipe):
    """The bytes of the picture painted without any library."""
    return painted_alone(recipe).tobytes()


def pixels(library, entry):
    with Image.open(library.files(entry.id).picture) as image:
        return image.tobytes()


def names(library, entry):
    return sorted(path.name for path in library.files(entry.id).folder.iterdir())


def test_a_finished_painting_is_all_there(library):
    recipe = quick(grow_at=(0.5,), start_size="24x12")
    library.add(recipe)
    entry = record(library, library.claim("me"), checkpoint_every=2)
    assert (entry.state, entry.step, entry.steps, entry.worker) == ("finished", 6, 6, None)
    assert entry.seconds > 0
    assert entry.created <= entry.started <= entry.finished
    assert entry.machine["versions"]["torch"]
    assert Recipe.build(**entry.recipe) == recipe.override(
        learning_rate=entry.recipe["learning_rate"],
        precision=entry.recipe["precision"],
        sketch=False,
        start_size="24x12",
    )
    assert names(library, entry) == ["events.jsonl", "latent.safetensors", "picture.png", "trajectory"]
    assert pixels(library, entry) == straight(recipe)
    assert read_metadata(library.files(entry.id).picture).recipe == entry.recipe
    events = EventLog(library.files(entry.id).events).read()
    assert [event["event"] for event in events] == [
        "started",
        *["stepped"] * 3,
        "grew",
        *["stepped"] * 3,
        "finished",
    ]
    assert events[1]["size"] == "24x12"
    assert events[-2]["parts"]["prompt_match"] > 0
    painter = Painter(recipe)
    list(painter)
    kept, _ = load_checkpoint(library.files(entry.id).latent)
    assert torch.equal(kept["latent"], painter.painting().latent)
    assert library.check() == []


def test_small_pictures_of_the_way_are_kept_and_travel_with_it(library, tmp_path):
    library.add(quick(size="1040x520", steps=6, grow_at=(0.5,), start_size="48x24"))
    done = record(library, library.claim(this_worker()))
    samples = library.files(done.id).samples
    assert list(samples) == [1, 2, 4]
    with Image.open(samples[1]) as small, Image.open(samples[4]) as large:
        assert (small.size, large.size) == ((48, 24), (512, 256))
    assert library.check() == []
    bundle = library.export_bundle([done.id], tmp_path / "one.zip")
    with Library.open(tmp_path / "other") as other:
        other.import_bundle(bundle)
        assert list(other.files(done.id).samples) == [1, 2, 4]


@pytest.mark.parametrize("state", ["resting", "stopped", None])
def test_a_painting_that_was_left_goes_on_to_the_same_bytes(library, state):
    recipe = quick(semantic_symmetry=0.5, remove_mean=True, grow_at=(0.5,))
    library.add(recipe)
    entry = record(library, library.claim("me"), until=2, leave=state)
    assert (entry.state, entry.step, entry.worker) == (state or "paused", 2, None)
    assert names(library, entry) == ["checkpoint.safetensors", "events.jsonl", "picture.png", "trajectory"]
    assert not read_metadata(library.files(entry.id).picture).finished
    assert library.check() == []
    library.release(entry.id, "waiting", rung=1)
    entry = record(library, library.claim("you"))
    assert (entry.state, entry.rung) == ("finished", 1)
    assert pixels(library, entry) == straight(recipe)
    steps = [
        event["step"]
        for event in EventLog(library.files(entry.id).events).read()
        if event["event"] == "stepped"
    ]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_a_painting_that_fails_keeps_its_last_good_picture_and_says_why(library):
    library.add(quick(smoothness="0: 0, 0.4: 0, 0.5: 1e300"))
    with pytest.raises(DoorwaysError, match="is not finite"):
        record(library, library.claim("me"))
    (entry,) = library.list()
    assert entry.state == "failed"
    assert 0 < entry.step < 6
    assert read_metadata(library.files(entry.id).picture).step == entry.step
    last = EventLog(library.files(entry.id).events).read()[-1]
    assert (last["event"], last["step"]) == ("failed", entry.step)
    assert "is not finite" in last["reason"]
    assert library.claim("me") is None


def test_one_that_lost_its_claim_stops_and_keeps_nothing(library):
    entry = library.add(quick(steps=2000))
    claimed = library.claim("slow", lease_s=0.4)
    library.release(entry.id, "stopped")
    with pytest.raises(ClaimLost, match=f"{entry.id}: is no longer slow's to paint: it is stopped"):
        record(library, claimed, lease_s=0.4)
    assert library.get(entry.id).state == "stopped"
    assert library.get(entry.id).picture_sha256 is None
    assert "picture.png" not in names(library, entry)


def test_a_claim_is_renewed_however_long_a_step_takes(library):
    library.add(quick())
    entry = library.claim("slow", lease_s=0.6)
    painter = painter_of(library, entry)
    with Recorder(library, entry, painter, lease_s=0.6) as recorder:
        for event in painter:
            if isinstance(event, Stepped) and event.step == 1:
                time.sleep(1.2)
                assert library.claim("quick") is None
            recorder(event)
    assert library.get(entry.id).state == "finished"


@pytest.mark.skipif(os.name == "nt", reason="processes are not looked at on Windows")
def test_a_killed_process_leaves_a_painting_that_goes_on_to_the_same_bytes(library):
    recipe = quick(steps=60, grow_at=(0.3,), start_size="24x12", semantic_symmetry=0.1, remove_mean=True)
    entry = library.add(recipe)
    files = library.files(entry.id)
    wanted = random.randint(1, 30)
    killed = subprocess.Popen([sys.executable, "-c", PAINT_NEXT, library.folder], stderr=-1, text=True)
    while killed.poll() is None:
        if files.checkpoint.exists() and load_checkpoint(files.checkpoint)[1]["step"] >= wanted:
            break
        time.sleep(random.random() / 50)
    killed.send_signal(signal.SIGKILL)
    told = killed.communicate()
    assert killed.returncode == -signal.SIGKILL, told
    (files.folder / f"{PART}half.png").write_bytes(b"half")

    with Library.open(library.folder) as again:
        assert again.database.rows("PRAGMA integrity_check")[0][0] == "ok"
        (problem,) = [problem for problem in again.check() if problem.kind != "left over"]
        assert (problem.kind, problem.id) == ("interrupted", entry.id)
        assert f"`doorways paint --resume {entry.id}`" in problem.text
        step = load_checkpoint(files.checkpoint)[1]["step"]
        assert wanted <= step < 60
        assert again.get(entry.id).step in (step - 1, step)  # it may have been killed between the two
        assert f"near step {again.get(entry.id).step}" in problem.text
        if files.picture.exists():
            read_metadata(files.picture)
            Image.open(files.picture).load()
        claimed = again.claim(this_worker())
        assert claimed.id == entry.id
        done = record(again, claimed)
        assert (done.state, done.step) == ("finished", 60)
        assert pixels(again, done) == straight(recipe), f"killed after step {step}"
        steps = [e["step"] for e in EventLog(files.events).read() if e["event"] == "stepped"]
        assert steps == list(range(1, 61))
        assert again.check() == []


def test_half_a_line_of_a_killed_process_is_passed_over(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    log.write({"event": "stepped", "step": 1})
    log.path.write_text(log.path.read_text() + '{"event": "stepp', "utf-8")
    assert log.read() == [{"event": "stepped", "step": 1}]
    log.forget_after(1)
    log.write({"event": "stepped", "step": 2})
    assert [line["step"] for line in log.read()] == [1, 2]
    log.forget_after(0)
    assert log.read() == []


def test_pictures_that_a_recipe_names_may_move_away(library, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    to_image(tiny.picture(60, 40, seed=4)).save("start.png")
    recipe = quick(prompts="fire | image(start.png)", init_image="start.png", hold=0.5)
    expected = straight(recipe)
    library.add(recipe)
    Path("start.png").unlink()
    entry = record(library, library.claim("me"), until=3)
    assert entry.recipe["init_image"] == "start.png"
    assert load_checkpoint(library.files(entry.id).checkpoint)[1]["pictures"].keys() == {"start.png"}
    library.release(entry.id, "waiting")
    entry = record(library, library.claim("me"))
    assert entry.state == "finished"
    assert (entry.recipe["init_image"], entry.prompts) == ("start.png", "fire | image(start.png)")
    assert pixels(library, entry) == expected
    library.add(entry.recipe | {"seed": 2}, parent=entry.id)
    assert painter_of(library, library.claim("me")).recipe.seed == 2
    assert library.check() == []


@pytest.mark.parametrize("missing", ["pictures", "recipe", "step"])
def test_a_checkpoint_of_something_else_is_one_sentence(library, missing):
    library.add(quick(steps=2))
    entry = library.claim("me")
    tensors, meta = painter_of(library, entry).state()
    del meta[missing]
    path = library.files(entry.id).checkpoint
    save_checkpoint(path, tensors, meta)
    with pytest.raises(InputError, match=rf"checkpoint\.safetensors: is no whole .*there is no '{missing}'"):
        painter_of(library, entry)


def test_a_picture_that_is_not_there_is_named_before_anything_is_added(library):
    with pytest.raises(InputError, match=r"no\.png: there is no such picture"):
        library.add({"prompts": "sea", "mask": "no.png"})
    assert library.list() == []
    assert library.check() == []
