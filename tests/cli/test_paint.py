"""`doorways paint`, with real tiny models: what it writes, what it keeps, and what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from itertools import combinations, pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from doorways.checkpoint import checkpoint_path, save_checkpoint
from doorways.cli.session import FPS
from doorways.devices import choose_device
from doorways.metadata import read_metadata
from doorways.recipe import Recipe
from tests.films import frames_of


def pixels(path):
    with Image.open(path) as image:
        return image.size, image.tobytes()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def difference(one, other):
    """How far two pictures are apart, in grey values of 255 on average."""
    return np.abs(one - other).mean()


def tiles_of(path, width, height):
    """The pictures on a sheet with one column of them: rows of pixels that are not white for the most part."""
    with Image.open(path) as image:
        sheet = np.asarray(image.convert("RGB")).astype(int)
    left = (sheet.shape[1] - width) // 2
    column = sheet[:, left : left + width]
    painted = (column < 255).any(-1).mean(-1) > 0.7
    edges = np.flatnonzero(np.diff(np.concatenate([[0], painted, [0]]))).reshape(-1, 2)
    return [column[top:bottom] for top, bottom in edges if bottom - top == height]


def start(folder, *words):
    """`doorways` in a process of its own, whose stderr is read line by line."""
    return subprocess.Popen(
        [sys.executable, "-m", "doorways.cli", *words],
        cwd=folder,
        text=True,
        stdout=-1,
        stderr=-1,
        encoding="utf-8",
    )


def press_ctrl_c_when(ready):
    """Sends this process SIGINT, as a terminal does, as soon as `ready()`."""
    for _ in range(6000):
        if ready():
            os.kill(os.getpid(), signal.SIGINT)
            return
        time.sleep(0.01)


def wait_for(process, text):
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"it never said {text!r}")


def test_a_painting_is_named_by_its_prompts_and_carries_its_recipe(doorways, small, tmp_path):
    said = doorways("paint", "forest | kelp forest", *small(), "--seed", "0")
    assert said.code == 0
    assert names(tmp_path) == ["forest-kelp-forest-0.png"]
    assert re.fullmatch(
        r"forest-kelp-forest-0.png: 64x32, 4 steps in \d+ s, seed 0, \w{8} in the library\n", said.out
    )
    assert re.search(r"step 4/4  loss \d\.\d{3}  0 s left", said.err)
    found = read_metadata(tmp_path / "forest-kelp-forest-0.png")
    assert (found.step, found.finished) == (4, True)
    assert pixels(tmp_path / "forest-kelp-forest-0.png")[0] == (64, 32)
    recipe = Recipe.build(**found.recipe)
    assert (recipe.prompts, recipe.seed) == ("forest | kelp forest", 0)
    assert recipe.precision == choose_device().precision
    assert found.machine["weights"]


def test_a_second_one_does_not_take_the_first_one_s_place(doorways, small, tmp_path):
    for _ in range(2):
        assert doorways("paint", "sea", *small(), "--seed", "1").code == 0
    assert names(tmp_path) == ["sea-1-2.png", "sea-1.png"]
    assert pixels(tmp_path / "sea-1.png") == pixels(tmp_path / "sea-1-2.png")


def test_a_picture_is_repeated_from_the_recipe_inside_it_and_from_toml(doorways, small, tmp_path):
    doorways("paint", "fire | ocean", *small(), "--seed", "0", "--out", "a.png")
    assert doorways("paint", "--recipe", "a.png", "--out", "b.png").code == 0
    (tmp_path / "r.toml").write_text(doorways("show", "a.png").out, "utf-8")
    assert doorways("paint", "--recipe", "r.toml", "--out", "c.png").code == 0
    assert pixels("a.png") == pixels("b.png") == pixels("c.png")
    assert read_metadata("a.png") == read_metadata("c.png")


def test_what_is_given_beside_a_recipe_wins(doorways, small, tmp_path):
    doorways("paint", "fire | ocean", *small(), "--seed", "0", "--out", "a.png")
    assert (
        doorways(
            "paint", "--recipe", "a.png", "moon", "--seed", "5", "--size", "32x32", "--out", "b.png"
        ).code
        == 0
    )
    recipe = Recipe.from_png("b.png")
    assert (recipe.prompts, recipe.seed, str(recipe.size), recipe.steps) == ("moon", 5, "32x32", 4)
    assert pixels("b.png")[0] == (32, 32)


def test_everything_that_can_be_written_is(doorways, small, tmp_path):
    said = doorways(
        "paint", "fire | ocean", *small(steps=6), "--start-size", "16x8", "--grow-at", "0.5",
        "--seed", "1", "--out", "a.png", "--preview-every", "1",
        "--video", "t.mp4", "--zoom", "z.mp4", "--trajectory",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert names(tmp_path) == ["a-trajectory.png", "a.png", "t.mp4", "z.mp4"]
    assert Recipe.from_png("a-trajectory.png") == Recipe.from_png("a.png")

    timelapse = frames_of("t.mp4", 64, 32).astype(int)
    assert len(timelapse) == 6 + 2 * FPS, "each step, and the last of them for two seconds"
    assert min(difference(a, b) for a, b in pairwise(timelapse[:6])) > 2
    assert max(difference(timelapse[5], frame) for frame in timelapse[6:]) < 1

    zoom = frames_of("z.mp4", 64, 36).astype(int)
    assert len(zoom) == 12 + 12 * 25 - 1, "the first of 12 seconds' frames for half a second"
    assert max(difference(zoom[0], frame) for frame in zoom[1:12]) < 1
    assert min(difference(a, b) for a, b in combinations(zoom[[0, 80, 161, 240, 310]], 2)) > 10

    tiles = tiles_of("a-trajectory.png", 64, 32)
    assert len(tiles) == 4
    assert min(difference(a, b) for a, b in combinations(tiles, 2)) > 2
    with Image.open("a.png") as image:
        assert np.array_equal(tiles[-1], np.asarray(image)), "the last one is the painting"


def test_nothing_is_overwritten_without_force(doorways, small, tmp_path):
    (tmp_path / "a.png").write_bytes(b"mine")
    said = doorways("paint", "sea", *small(), "--out", "a.png")
    assert said.code == 2
    assert said.err == "doorways: a.png exists already; --force overwrites it, or choose another name\n"
    assert (tmp_path / "a.png").read_bytes() == b"mine"
    assert doorways("paint", "sea", *small(), "--out", "a.png", "--force").code == 0
    assert read_metadata("a.png").finished


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "prompts are missing; give at least one, such as 'forest | kelp forest'"),
        ([""], "prompt 1 (''), column 1: the prompt is empty"),
        (["a :nan"], "prompt 1 ('a :nan'), column 3: weight 'nan' is not a finite number"),
        (["a", "--size", "65x32"], "width must be a multiple of 2 for this generator; use 64 or 66"),
        (["|".join("abcdefghijkl")], "12 prompts on a canvas 2.00 times as wide as high"),
        (["a", "--tone-symmetry", "inf"], "tone_symmetry: schedule 'inf': 'inf' is not a finite number"),
        (["a", "--init-image", "no.png"], "no.png: there is no such picture"),
        (["a", "--init-image", "broken.png"], "broken.png: cannot be read as a picture"),
        (["a", "--generator", "broken.png"], "broken.png"),
        (["a", "--recipe", "no.toml"], "no.toml: there is no such file"),
        (["a", "--recipe", "broken.png"], "broken.png: is not a PNG"),
        (["a", "--out", "no/a.png"], "no/a.png: there is no folder no; make it first, or write elsewhere"),
        (["a", "--out", "a.jpg"], "out a.jpg: must end in .png, which holds the recipe; use a.png"),
        (["a", "--symmetry", "spiral"], "unknown symmetry 'spiral'; known are"),
        (["a", "--objectives", "glow=1"], "unknown objective 'glow'; known are"),
        (["a", "--perceptor", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2_and_leaves_nothing(
    doorways, small, tmp_path, words, sentence
):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    said = doorways("paint", *words, *small(**{word.removeprefix("--"): None for word in words}))
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.startswith("doorways: ")
    assert said.err.count("\n") == 1
    assert names(tmp_path) == ["broken.png"]


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_picture(doorways, small, tmp_path):
    said = doorways(
        "paint", "sea", *small(steps=5), "--smoothness", "0: 0, 0.4: 0, 0.5: 1e300", "--out", "a.png"
    )
    assert said.code == 1
    step = int(re.search(r"at step (\d+)", said.err)[1])
    found = read_metadata(tmp_path / "a.png")
    assert (found.step, found.finished) == (step - 1, False)
    assert step > 1
    assert f"a.png shows it after step {step - 1}" in said.err


def test_a_run_that_fails_in_the_place_of_another_leaves_no_checkpoint_of_that(doorways, small, tmp_path):
    checkpoint_path(tmp_path / "a.png").write_bytes(b"of another painting")
    failing = ["--smoothness", "0: 0, 0.4: 0, 0.5: 1e300"]
    said = doorways("paint", "sea", *small(steps=5), *failing, "--out", "a.png", "--force")
    assert said.code == 1
    assert names(tmp_path) == ["a.png"]


def test_ctrl_c_keeps_the_picture_and_its_command_resumes_to_the_same_bytes(doorways, small, tmp_path):
    words = ["paint", "fire | ocean", *small(steps=40), "--seed", "2"]
    begun = checkpoint_path(tmp_path / "my sea.png")
    presser = threading.Thread(target=press_ctrl_c_when, args=(begun.exists,))
    presser.start()
    said = doorways(*words, "--out", "my sea.png", "--checkpoint-every", "3")
    presser.join()
    out, err = said.out, said.err
    assert said.code == 130
    assert "stopping after this step; Ctrl-C again stops at once" in err
    found = read_metadata(tmp_path / "my sea.png")
    assert not found.finished
    assert 3 <= found.step < 40
    assert out.startswith(f"stopped after step {found.step} of 40; my sea.png is kept")
    command = shlex.split(out.splitlines()[1])
    assert command == ["doorways", "paint", "--resume", "my sea.png"]
    assert checkpoint_path(tmp_path / "my sea.png").exists()

    said = doorways(*command[1:])
    assert said.code == 0, said.err
    assert f"going on after step {found.step} of 40" in said.err
    assert names(tmp_path) == ["my sea.png"]
    assert doorways(*words, "--out", "straight.png").code == 0
    assert pixels("my sea.png") == pixels("straight.png")
    assert read_metadata("my sea.png") == read_metadata("straight.png")


def test_a_resumed_run_goes_on_with_the_options_that_it_was_begun_with(doorways, small, tmp_path):
    words = ["paint", "fire | ocean", *small(steps=9), "--seed", "2", "--trajectory", "--library", "mine"]
    process = start(tmp_path, *words, "--video", "a.mp4", "--out", "a.png", "--checkpoint-every", "2")
    wait_for(process, "step 5/9")
    process.kill()
    process.communicate()
    (tmp_path / "a.mp4").write_bytes(b"what the killed run filmed")
    said = doorways("paint", "--resume", "a.png")
    assert said.code == 0, said.err
    assert (tmp_path / "a.mp4").read_bytes() == b"what the killed run filmed"
    assert (tmp_path / "a-2.mp4").stat().st_size > 0
    assert len(json.loads(doorways("library", "list", "--library", "mine", "--json").out)) == 1
    assert json.loads(doorways("library", "list", "--json").out) == []
    assert doorways(*words, "--out", "straight.png").code == 0
    assert pixels("a-trajectory.png") == pixels("straight-trajectory.png")


def test_what_is_given_to_a_resumed_run_wins(doorways, small, tmp_path):
    words = ["paint", "fire | ocean", *small(steps=9), "--no-library", "--out", "a.png"]
    process = start(tmp_path, *words, "--checkpoint-every", "2")
    wait_for(process, "step 5/9")
    process.kill()
    process.communicate()
    assert doorways("paint", "--resume", "a.png", "--library", "mine").code == 0
    assert len(json.loads(doorways("library", "list", "--library", "mine", "--json").out)) == 1


def test_the_device_is_said_once_also_where_a_run_goes_on(doorways, small, tmp_path):
    words = ["paint", "sea", *small(steps=9)]
    process = start(tmp_path, *words, "--out", "a.png", "--checkpoint-every", "2")
    wait_for(process, "step 5/9")
    process.kill()
    process.communicate()
    assert doorways(*words, "--out", "b.png").err.count("painting on the") == 1
    assert doorways("paint", "--resume", "a.png").err.count("painting on the") == 1


@pytest.mark.parametrize("words", [["--out", ""], ["--out", "."], ["--out", "/"], ["--resume", "."]])
def test_a_path_that_names_no_file_is_bad_input(doorways, small, words):
    said = doorways("paint", *([] if "--resume" in words else ["sea", *small()]), *words)
    assert said.code == 2
    assert "unexpected" not in said.err


def test_a_weight_may_begin_below_nothing(doorways, small):
    said = doorways("paint", "sea", *small(), "--tone-symmetry", "-0.5 -> 1", "--out", "a.png")
    assert said.code == 0, said.err


def test_a_killed_run_loses_at_most_the_steps_since_its_checkpoint(doorways, small, tmp_path):
    words = ["paint", "fire | ocean", *small(steps=20), "--seed", "2", "--threads", "1"]
    process = start(tmp_path, *words, "--out", "a.png", "--checkpoint-every", "2", "--preview-every", "3")
    wait_for(process, "step 8/20")
    process.kill()
    process.communicate()
    assert read_metadata(tmp_path / "a.png").step % 3 == 0
    said = doorways("paint", "--resume", "a.png")
    assert said.code == 0, said.err
    assert int(re.search(r"going on after step (\d+)", said.err)[1]) in (6, 8, 10, 12)
    assert doorways(*words, "--out", "straight.png").code == 0
    assert pixels("a.png") == pixels("straight.png")


def test_resume_says_what_it_cannot_do(doorways, small, tmp_path):
    assert (
        "no.png: there is no such painting, and no checkpoint of one"
        in doorways("paint", "--resume", "no.png").err
    )
    doorways("paint", "sea", *small(), "--out", "a.png")
    finished = doorways("paint", "--resume", "a.png")
    assert finished.code == 2
    assert (
        "a.png: is finished, so there is nothing to resume; `doorways paint --recipe a.png`" in finished.err
    )
    both = doorways("paint", "--resume", "a.png", "--steps", "9")
    assert both.code == 2
    assert "--steps has no place beside it" in both.err
    assert "prompts has no place beside it" in doorways("paint", "moon", "--resume", "a.png").err
    assert "--out has no place beside it" in doorways("paint", "--resume", "a.png", "--out", "b.png").err
    checkpoint_path("a.png").write_bytes(b"damaged")
    damaged = doorways("paint", "--resume", "a.png")
    assert damaged.code == 2
    assert "is no whole checkpoint" in damaged.err
    save_checkpoint(checkpoint_path("a.png"), {"latent": torch.ones(2)}, {"step": 1})
    another = doorways("paint", "--resume", "a.png")
    assert another.code == 2
    assert "a.png.checkpoint.safetensors: is no whole checkpoint (there is no 'recipe' in it)" in another.err
    for asked in ([1], {"nonsense": 1}, {"video": 3}):
        save_checkpoint(checkpoint_path("a.png"), {}, {"asked": asked})
        options = doorways("paint", "--resume", "a.png")
        assert (options.code, "is no whole checkpoint" in options.err) == (2, True)
    assert read_metadata("a.png").finished


def test_a_picture_to_start_from_may_be_healed(doorways, small, tmp_path):
    doorways("paint", "sea", *small(), "--out", "a.png")
    said = doorways(
        "paint", "sea", *small(), "--init-image", "a.png", "--detail", "--hold", "0.3", "--out", "b.png"
    )
    assert said.code == 0, said.err
    recipe = Recipe.from_png("b.png")
    assert recipe.start_size == recipe.size
    assert recipe.small.at(0) > 0.5
