"""A painting that was stopped, anywhere and by anything, and gone on with is the painting that was not stopped."""

from __future__ import annotations

import copy
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from doorways.checkpoint import checkpoint_path, load_checkpoint, save_checkpoint
from doorways.errors import InputError
from doorways.events import Grew, Stepped
from doorways.painter import Painter
from doorways.pictures import to_image
from doorways.registry import perceptors
from tests import colours, tiny
from tests.recipes import clip, quick, vqgan

GROWING = {"grow_at": (0.25, 0.5), "start_size": "24x12"}
PAINTINGS = {
    "one prompt": {"prompts": "fire"},
    "growth": GROWING,
    "growth of a VQGAN": {"generator": vqgan, **GROWING},
    "many prompts": {
        "prompts": "fire | ocean:0.5 | castle @0.9 | moon @0.5 :-0.5 | a sky @all",
        "size": "96x24",
        "blend": "smooth",
    },
    "prompts with rows": {"prompts": "fire @0.2,0.8 | ocean @0.7,0.1", "spread": 0.5},
    "many perceptors": {"perceptor": lambda: (f"2 * {clip(0)}", clip(0, 24))},
    "semantic symmetry less the mean": {"semantic_symmetry": "0 -> 0.5", "remove_mean": True, **GROWING},
    "means of many perceptors": {
        "perceptor": lambda: (clip(0), clip(1)),
        "semantic_symmetry": 0.5,
        "remove_mean": True,
        "symmetry": "shift:3",
    },
    "tone and edges": {"tone_symmetry": 3, "edge_symmetry": 1, "smoothness": 1, "symmetry": "half-turn"},
    "schedules": {
        "match": "1 -> 2",
        "tone_symmetry": "0: 0, 0.5: 3, 1: 0",
        "large": "1 -> 0",
        "small": "0 -> 1",
    },
    "borders": {"border": "wrap", "noise": 0.2, "blur": 0.05, "rotation": 30},
    "begun anew in part": {"grow_noise": 0.4, **GROWING},
    "a start held on to": {"init_image": "start.png", "hold": "1 -> 0.2", **GROWING},
    "a mask": {"init_image": "start.png", "mask": "mask.png"},
    "a suggestion": {"suggest": "start.png", **GROWING},
    "an image as a prompt": {"prompts": "image(start.png) | fire"},
    "the latent itself": {"averaging": 0, "seed": 0},
}


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A folder with a start picture and a mask, which becomes the current one."""
    monkeypatch.chdir(tmp_path)
    to_image(tiny.picture(60, 40, seed=4)).save("start.png")
    to_image(tiny.picture(48, 24, seed=5)).save("mask.png")
    return tmp_path


def spelt_out(settings):
    return {name: value() if callable(value) else value for name, value in settings.items()}


def kept(painter, path):
    """What a checkpoint file gives back of `painter`."""
    save_checkpoint(path, *painter.state())
    return load_checkpoint(path)


def losses(painter):
    return [event.loss for event in painter if isinstance(event, Stepped)]


@pytest.mark.parametrize("settings", PAINTINGS.values(), ids=PAINTINGS.keys())
def test_resumed_at_any_step_it_is_the_same_bit_for_bit(settings, pictures):
    painter = Painter(quick(**spelt_out(settings), steps=4))
    states, whole = [kept(painter, "0.safetensors")], []
    for event in painter:
        if isinstance(event, Stepped | Grew):
            states.append(kept(painter, f"{len(states)}.safetensors"))
        if isinstance(event, Stepped):
            whole.append(event.loss)
    assert len(states) == 5 + 2 * ("grow_at" in settings)
    for tensors, meta in states:
        resumed = Painter.resume(tensors, meta)
        assert losses(resumed) == whole[meta["step"] :]
        ours, theirs = resumed.state(), painter.state()
        assert ours[0].keys() == theirs[0].keys()
        assert all(torch.equal(ours[0][name], theirs[0][name]) for name in ours[0])
        assert ours[1] == theirs[1]
        assert torch.equal(resumed.picture(), painter.picture())


def test_a_state_is_a_copy():
    painter = Painter(quick(remove_mean=True, semantic_symmetry=0.5, steps=4))
    for _ in painter:
        if painter.step == 2:
            break
    tensors, meta = painter.state()
    before = {name: tensor.clone() for name, tensor in tensors.items()}, copy.deepcopy(meta)
    rest = losses(painter)
    assert losses(Painter.resume(tensors, meta)) == rest
    assert all(torch.equal(tensors[name], before[0][name]) for name in tensors)
    assert meta == before[1]


def test_a_finished_painting_has_no_more_steps():
    painter = Painter(quick(steps=2))
    assert len(losses(painter)) == 2
    assert losses(Painter.resume(*painter.state())) == []


def test_threads_are_replayed():
    before = torch.get_num_threads()
    try:
        state = Painter(quick(threads=2)).state()
        torch.set_num_threads(1)
        Painter.resume(*state)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_another_perceptor_in_its_place_is_refused(monkeypatch, tmp_path):
    monkeypatch.setitem(perceptors.things, "colours", colours.loader)
    spec = colours.save(tmp_path / "colours", fingerprint="first")
    state = Painter(quick(prompts="red | blue", perceptor=spec)).state()
    Painter.resume(*state)
    colours.save(tmp_path / "colours", fingerprint="second")
    with pytest.raises(
        InputError, match=r"perceptor .*colours is another one \(second\) than .* begun \(first\)"
    ):
        Painter.resume(*state)


def test_another_generator_in_its_place_is_refused(tmp_path):
    folder = tiny.save(tiny.vqmodel(), tmp_path / "vqgan")
    state = Painter(quick(generator=str(folder))).state()
    tiny.save(tiny.seeded(tiny.vqmodel(), 7), folder)
    with pytest.raises(InputError, match=r"generator .*vqgan is another one .*; bring back what was there"):
        Painter.resume(*state)


@pytest.mark.parametrize(
    "settings",
    [{"init_image": "start.png"}, {"prompts": "fire | image(start.png)"}],
    ids=["start", "prompt"],
)
def test_another_picture_in_its_place_is_refused(settings, pictures):
    state = Painter(quick(**settings)).state()
    to_image(tiny.picture(60, 40, seed=6)).save("start.png")
    with pytest.raises(InputError, match=r"start\.png is another one"):
        Painter.resume(*state)
    (pictures / "start.png").unlink()
    with pytest.raises(InputError, match=r"start\.png: there is no such picture"):
        Painter.resume(*state)


SPOILT = {
    "meta a list": lambda tensors, meta: (tensors, [1]),
    **{
        f"{name} missing": lambda tensors, meta, name=name: (tensors, {k: meta[k] for k in meta if k != name})
        for name in ("recipe", "step", "size", "seen", "machine", "pictures")
    },
    **{
        f"{name} a text": lambda tensors, meta, name=name: (tensors, meta | {name: "x"})
        for name in ("recipe", "step", "size", "seen", "machine", "pictures")
    },
    "a recipe of nonsense": lambda tensors, meta: (tensors, meta | {"recipe": {"prompts": "a", "size": "x"}}),
    "no weights": lambda tensors, meta: (tensors, meta | {"machine": {}}),
    "fewer eyes": lambda tensors, meta: (tensors, meta | {"seen": []}),
    "steps beyond the last": lambda tensors, meta: (tensors, meta | {"step": 7}),
    "steps before the first": lambda tensors, meta: (tensors, meta | {"step": -1}),
    "another canvas": lambda tensors, meta: (tensors, meta | {"size": "48x24"}),
    "a canvas that never is": lambda tensors, meta: (tensors, meta | {"size": "46x24"}),
    "garbled random numbers": lambda tensors, meta: (
        tensors | {"rng": torch.full_like(tensors["rng"], 255)},
        meta,
    ),
}
TENSORS = ("latent", "average", "adam.step", "adam.exp_avg", "adam.exp_avg_sq", "rng", "eye.0.residual_mean")


@pytest.fixture(scope="module")
def half_way():
    """The state of a painting after 2 of 6 steps, on the first of its canvases."""
    painter = Painter(quick(**GROWING))
    next(event for event in painter if isinstance(event, Stepped) and event.step == 2)
    assert str(painter.size) == "24x12"
    return painter.state()


def refused(tensors, meta):
    with pytest.raises(
        InputError, match=r"^a\.png: is no whole checkpoint \(.+\); begin again with"
    ) as refusal:
        Painter.resume(tensors, meta, source="a.png")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_what_is_no_state_of_a_painter_is_one_sentence(half_way, spoil):
    refused(*spoil(*half_way))


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_that_is_missing_or_of_another_shape_is_one_sentence(half_way, name):
    tensors, meta = half_way
    assert set(tensors) == set(TENSORS)
    refused({other: tensor for other, tensor in tensors.items() if other != name}, meta)
    refused(tensors | {name: tensors[name].reshape(-1)[:1].repeat(2)}, meta)


def test_a_suggestion_is_not_needed_any_more_to_go_on(pictures):
    state = Painter(quick(suggest="start.png")).state()
    Path("start.png").unlink()
    Painter.resume(*state)


def test_a_killed_process_is_resumed_to_the_same_pixels(tmp_path):
    recipe = quick(
        size="48x24", start_size="24x12", grow_at=(0.3,), steps=60, semantic_symmetry=0.1, remove_mean=True
    )
    (tmp_path / "recipe.toml").write_text(recipe.to_toml(), encoding="utf-8")
    picture = tmp_path / "killed.png"
    checkpoint = checkpoint_path(picture)
    wanted = random.randint(1, 30)

    def paint(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "doorways.cli", "paint", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=tmp_path, **pipes)

    killed = paint("--recipe", "recipe.toml", "--out", str(picture), "--checkpoint-every", "1")
    while killed.poll() is None:
        if checkpoint.exists() and load_checkpoint(checkpoint)[1]["step"] >= wanted:
            break
        time.sleep(random.random() / 50)
    killed.send_signal(signal.SIGKILL)
    told = killed.communicate()
    assert killed.returncode == -signal.SIGKILL, told
    assert not picture.exists()
    step = load_checkpoint(checkpoint)[1]["step"]
    assert wanted <= step < recipe.steps

    resumed = paint("--resume", str(picture))
    told = resumed.communicate()
    assert resumed.returncode == 0, told
    assert f"going on after step {step} of 60" in told[1]
    assert not checkpoint.exists()

    painter = Painter(recipe)
    losses(painter)
    with Image.open(picture) as image:
        assert image.tobytes() == painter.painting().image.tobytes(), f"killed after step {step}"
