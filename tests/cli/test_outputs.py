from __future__ import annotations

from pathlib import Path

import pytest

from doorways.checkpoint import checkpoint_path
from doorways.cli.outputs import Outputs, checkpoint_beside, unused, unused_name
from doorways.errors import InputError
from doorways.recipe import Recipe


def recipe(prompts):
    return Recipe.build(prompts=prompts, seed=3)


@pytest.mark.parametrize(
    ("prompts", "name"),
    [
        ("forest | kelp forest", "forest-kelp-forest-3.png"),
        ("3:00 am @0.2 | crowd :-1 | fog @all", "3-00-am-fog-3.png"),
        ("../../etc/passwd | C:\\x", "etc-passwd-c-x-3.png"),
        ("森 | 海", "森-海-3.png"),
        ("image(pictures/moss.jpg) | sea", "moss-sea-3.png"),
        ("☂", "painting-3.png"),
        ("x" * 500, "x" * 60 + "-3.png"),
    ],
)
def test_a_name_is_made_of_prompts_and_seed(tmp_path, prompts, name):
    assert unused_name(recipe(prompts), tmp_path) == tmp_path / name


def test_a_name_that_is_taken_is_not_used_again(tmp_path):
    (tmp_path / "sea-3.png").touch()
    checkpoint_beside(tmp_path / "sea-3-2.png").touch()
    assert unused_name(recipe("sea"), tmp_path).name == "sea-3-3.png"


def test_a_name_is_taken_too_where_its_companion_is_there(tmp_path):
    (tmp_path / "sea-mask.png").touch()
    assert unused(tmp_path / "sea.png").name == "sea.png"
    assert unused(tmp_path / "sea.png", "-mask.png").name == "sea-2.png"


def test_the_checkpoint_is_where_the_engine_looks_for_it():
    assert checkpoint_beside(Path("a/b.png")) == checkpoint_path("a/b.png")


def test_nothing_that_exists_is_overwritten_without_force(tmp_path):
    for field, name in (("picture", "a.png"), ("video", "a.mp4"), ("zoom", "z.mp4"), ("trajectory", "t.png")):
        path = tmp_path / name
        outputs = Outputs(**{"picture": tmp_path / "new.png", field: path})
        outputs.check(force=False)
        path.touch()
        with pytest.raises(
            InputError, match=f"{name} exists already; --force overwrites it, or choose another name"
        ):
            outputs.check(force=False)
        outputs.check(force=True)


def test_what_came_while_another_painted_is_not_overwritten(tmp_path):
    outputs = Outputs(tmp_path / "a.png")
    outputs.check(force=False)
    outputs.picture.touch()
    with pytest.raises(InputError, match=r"a\.png exists already"), outputs.held(force=False):
        pass
    with (
        outputs.held(force=True),
        pytest.raises(InputError, match="by another process"),
        outputs.held(force=True),
    ):
        pass


def test_the_checkpoint_of_a_stopped_painting_is_not_overwritten_either(tmp_path):
    outputs = Outputs(tmp_path / "a.png")
    outputs.checkpoint.touch()
    with pytest.raises(
        InputError, match=r"go on with `doorways paint --resume .*a.png`, overwrite it with --force"
    ):
        outputs.check(force=False)
    outputs.check(force=True)
    outputs.check(force=False, resuming=True)


def test_a_run_that_is_resumed_goes_on_with_its_own_picture_alone(tmp_path):
    outputs = Outputs(tmp_path / "a.png", video=tmp_path / "a.mp4")
    outputs.picture.touch()
    outputs.check(force=False, resuming=True)
    outputs.video.touch()
    with pytest.raises(InputError, match=r"a\.mp4 exists already"):
        outputs.check(force=False, resuming=True)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"picture": "a.jpg"}, r"out .*a.jpg: must end in .png, which holds the recipe; use .*a.png"),
        ({"picture": "a"}, r"out .*a: must end in .png"),
        ({"video": "v.gif"}, r"v.gif: a video's name must end in .mp4"),
        ({"zoom": "a.png"}, r"a.png: a video's name must end in .mp4"),
        ({"video": "v.mp4", "zoom": "v.mp4"}, "two outputs have the same name, .*v.mp4;"),
        ({"preview_every": -1}, r"preview_every -1: must be 0 \(never\) or more steps"),
        ({"checkpoint_every": -5}, r"checkpoint_every -5: must be 0"),
        ({"picture": "no/a.png"}, "there is no folder .*no; make it first"),
        ({"video": "no/v.mp4"}, "there is no folder .*no; make it first"),
        ({"picture": "a" * 300 + ".png"}, "the name is too long for this disk; choose a shorter one"),
        ({"picture": "a" * 240 + ".png"}, "the name is too long for this disk"),  # its checkpoint's is
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_painted(tmp_path, outputs, message):
    placed = {name: tmp_path / value if isinstance(value, str) else value for name, value in outputs.items()}
    with pytest.raises(InputError, match=message):
        Outputs(**{"picture": tmp_path / "new.png", **placed}).check(force=True)
    assert list(tmp_path.iterdir()) == []
