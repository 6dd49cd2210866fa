"""A run whose outputs fail: the painting goes on, and is kept."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image

from doorways.checkpoint import load_checkpoint
from doorways.cli.outputs import Outputs
from doorways.cli.session import Session, _fitting
from doorways.cli.watching import Watcher
from doorways.errors import DoorwaysError, InputError
from doorways.export.sheet import LARGEST_PX
from doorways.metadata import read_metadata
from doorways.painter import Painter
from doorways.pictures import to_image
from doorways.recipe import Recipe


@pytest.fixture(params=[0, 1], ids=["at once", "queued ahead"])
def painter(clip, request):
    painter = Painter(
        Recipe.build(
            prompts="fire | ocean",
            size="32x16",
            steps=4,
            seed=0,
            cutouts=2,
            overviews=1,
            generator="fourier",
            perceptor=clip,
        )
    )
    painter.ahead = request.param  # what is written is then written in a thread
    return painter


def session(painter, outputs):
    watcher = Watcher()
    watcher.begin(painter.recipe, step=painter.step)
    return Session(painter, outputs, watcher)


def test_a_folder_that_vanishes_does_not_cost_the_painting(painter, tmp_path, capfd):
    outputs = Outputs(tmp_path / "gone" / "a.png", preview_every=2, checkpoint_every=3)
    with pytest.raises(
        InputError, match=r"there is no folder .*; until then the painting is kept as (.*)"
    ) as caught:
        session(painter, outputs).run()
    kept = Path(re.search(r"kept as (.*)$", str(caught.value))[1])
    assert read_metadata(kept).finished
    shutil.rmtree(kept.parent)
    said = capfd.readouterr().err
    assert re.search(r"after step 2: .* there is no folder .*; painting goes on", said)
    assert re.search(r"after step 3: .*; painting goes on", said)


def test_a_video_that_fails_does_not_cost_the_painting(painter, tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nread x\necho 'no codec' >&2\nexit 1\n", "utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(program))
    outputs = Outputs(tmp_path / "a.png", video=tmp_path / "a.mp4")
    running = session(painter, outputs)
    with suppress(DoorwaysError):  # where the last frames were still in the pipe when it ended
        running.run()
    assert read_metadata(tmp_path / "a.png").finished
    assert not outputs.video.exists()


def test_stopped_at_once_it_says_what_is_there(painter, tmp_path, monkeypatch, capfd):
    outputs = Outputs(tmp_path / "a.png", checkpoint_every=2)
    running = session(painter, outputs)
    after = running._after

    def impatient(step):
        after(step)
        if step == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(running, "_after", impatient)
    assert running.run() == 130
    assert not outputs.picture.exists()
    assert capfd.readouterr().out.startswith(
        f"stopped at once; {outputs.checkpoint} is kept, and this goes on"
    )


def test_stopped_while_its_video_is_ended_it_says_that_the_picture_is_whole(
    painter, tmp_path, monkeypatch, capfd
):
    outputs = Outputs(tmp_path / "a.png", video=tmp_path / "a.mp4")
    running = session(painter, outputs)

    def impatient(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_shoot", lambda **how: impatient() if how.get("times", 1) > 1 else None)
    assert running.run() == 130
    assert read_metadata(tmp_path / "a.png").finished
    assert "a.png is finished; what was made of it besides was left at once" in capfd.readouterr().out


@pytest.mark.parametrize("size", [(20480, 512), (8192, 4096), (512, 20480), (8192, 8192), (768, 384)])
def test_the_sheet_of_a_large_canvas_can_be_drawn(size):
    width = _fitting(*size)
    longest = max(width, round(width * size[1] / size[0]))
    assert 4 * 1.05 * longest < LARGEST_PX
    assert size != (768, 384) or width == 768


class Recording:
    """A recorder that remembers how it was left."""

    entry = SimpleNamespace(id="abc")
    left = ended = None

    def __call__(self, event):
        pass

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.ended = kind

    def leave(self, state):
        self.left = state


def test_stopped_at_once_nothing_of_the_step_is_recorded(painter, tmp_path, monkeypatch):
    running, recording = session(painter, Outputs(tmp_path / "a.png")), Recording()
    running.recorder = recording

    def impatient(step):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_after", impatient)
    assert running.run() == 130
    assert (recording.ended, recording.left) == (KeyboardInterrupt, None)


def test_what_a_run_overwrites_is_not_gone_on_with_in_its_place(painter, tmp_path, monkeypatch, capfd):
    outputs = Outputs(tmp_path / "a.png")
    outputs.checkpoint.write_bytes(b"of another painting")
    running = session(painter, outputs)

    def impatient(step):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_after", impatient)
    assert running.run() == 130
    assert not outputs.checkpoint.exists()
    assert "there was nothing to keep yet" in capfd.readouterr().out


def test_what_is_kept_on_the_way_is_of_its_step(painter, tmp_path):
    outputs = Outputs(tmp_path / "a.png", preview_every=3, checkpoint_every=3, trajectory=tmp_path / "t.png")
    other, expected = Painter(painter.recipe), {}
    for _ in other:
        expected[other.step] = (np.asarray(to_image(other.picture())), other.state()[0])
    running = session(painter, outputs)
    with running.background:
        running._paint(SimpleNamespace(asked=False))
    with Image.open(outputs.picture) as preview:
        assert np.array_equal(np.asarray(preview), expected[3][0])
    assert read_metadata(outputs.picture).step == 3
    tensors, meta = load_checkpoint(outputs.checkpoint)
    assert meta["step"] == 3
    assert all(torch.equal(tensors[name], tensor) for name, tensor in expected[3][1].items())
    samples = {name: tensor.numpy() for name, tensor in tensors.items() if name.startswith("sample.")}
    assert list(samples) == ["sample.1", "sample.3"]
    assert all(np.array_equal(sample, expected[int(name[7:])][0]) for name, sample in samples.items())
