"""A run whose outputs fail: the painting goes on, and is kept."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

import imageio_ffmpeg
import pytest

from doorways.cli.outputs import Outputs
from doorways.cli.session import Session
from doorways.cli.watching import Watcher
from doorways.errors import DoorwaysError, InputError
from doorways.metadata import read_metadata
from doorways.painter import Painter
from doorways.recipe import Recipe


@pytest.fixture
def painter(clip):
    return Painter(
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
