from __future__ import annotations

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from doorways.errors import DoorwaysError, InputError
from doorways.size import Size
from doorways.trajectory import trajectory_steps
from doorways.video import check_video_path, open_video, zoom_frames
from tests.films import frames_of

COLOURS = ("red", "lime", "blue")


def test_a_video_holds_the_frames_in_their_order(tmp_path):
    path = tmp_path / "a.mp4"
    with open_video(path, Size(32, 16), fps=10) as video:
        for colour in COLOURS:
            video.add(Image.new("RGB", (32, 16), colour), times=2)
        assert video.count == 6
        assert not path.exists()
    shown = frames_of(path)
    assert shown.shape == (6, 16, 32, 3)
    for index, frame in enumerate(shown):
        assert frame.mean((0, 1)).argmax() == index // 2
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_frames_of_other_sizes_are_fitted_over_black(tmp_path):
    with open_video(tmp_path / "a.mp4", Size(33, 17)) as video:
        video.add(Image.new("RGB", (66, 34), "white"))
        video.add(Image.new("L", (16, 16), "white"))
    grown, square = frames_of(tmp_path / "a.mp4")
    assert grown.shape == (16, 32, 3)
    assert grown.min() > 240
    assert square[8, 16].min() > 240
    assert square[8, 1].max() < 16


def test_a_video_without_frames_is_none_and_what_stood_there_stays(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with open_video(path, (32, 16)):
        pass
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_error_leaves_what_stood_there(tmp_path):
    with pytest.raises(AttributeError), open_video(tmp_path / "a.mp4", (32, 16)) as video:
        video.add(None)
    assert list(tmp_path.iterdir()) == []


def test_an_ffmpeg_that_ends_too_soon_is_a_failure_of_its_own(tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho 'it is broken' >&2\nexit 1\n", "utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(program))
    folder = tmp_path / "out"
    folder.mkdir()
    with (
        pytest.raises(
            DoorwaysError, match=r"a.mp4: ffmpeg could not write the video \(it is broken\)"
        ) as caught,
        open_video(folder / "a.mp4", (64, 64)) as video,
    ):
        video.add(Image.new("RGB", (64, 64)), times=100)
    assert not isinstance(caught.value, InputError)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["a.gif", "a", "a.png", ""])
def test_another_ending_is_refused_before_anything_is_painted(name):
    with pytest.raises(InputError, match=r"a video's name must end in .mp4, .mov, .mkv; use .*\.mp4"):
        check_video_path(name)


def test_a_folder_that_is_missing_is_named(tmp_path):
    with (
        pytest.raises(InputError, match="there is no folder"),
        open_video(tmp_path / "no" / "a.mp4", (32, 16)),
    ):
        pass


@pytest.mark.parametrize(
    ("size", "frame"), [((768, 384), (1280, 720)), ((240, 80), (640, 360)), ((200, 400), (640, 360))]
)
def test_a_zoom_has_as_many_frames_as_it_lasts(size, frame):
    frames = list(zoom_frames(Image.new("RGB", size, "white"), seconds=0.4, fps=10))
    assert [image.size for image in frames] == [frame] * 4
    assert all(np.asarray(image).min() == 255 for image in frames)


def test_a_zoom_goes_slowly_from_left_to_right_and_comes_nearer_on_its_way():
    ramp = np.linspace(0, 255, 1200).astype(np.uint8)
    image = Image.fromarray(np.broadcast_to(ramp[None, :, None], (200, 1200, 3)).copy())
    shown = [np.asarray(frame)[..., 0].astype(float) for frame in zoom_frames(image, seconds=2, fps=10)]
    centres = [frame.mean() for frame in shown]
    assert centres == sorted(centres)
    assert shown[0].min() == 0
    assert shown[-1].max() == 255
    widths = [np.ptp(frame) for frame in shown]
    assert widths[10] < 0.7 * widths[0]
    assert max(np.diff(centres)) < 0.12 * 255


def test_the_trajectory_keeps_first_third_two_thirds_and_last():
    assert trajectory_steps(300) == (1, 100, 200, 300)
    assert trajectory_steps(1) == (1,)
    assert all(trajectory_steps(steps)[-1] == steps for steps in range(1, 20))


def test_the_bundled_ffmpeg_can_encode_what_players_show(tmp_path):
    with open_video(tmp_path / "a.mp4", (32, 16)) as video:
        video.add(Image.new("RGB", (32, 16)), times=3)
    told = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(tmp_path / "a.mp4")],
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    assert "h264" in told
    assert "yuv420p" in told
