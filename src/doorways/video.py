"""Videos: the timelapse of a run, and a slow pan and zoom over the finished panorama (H.264 in MP4)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from PIL import Image

from doorways.atomic import whole
from doorways.errors import DoorwaysError, InputError
from doorways.size import Size

FORMATS = (".mp4", ".mov", ".mkv")


class Frames:
    """Where the frames of a video go; `count` says how many have gone."""

    def __init__(self, stream: IO[bytes], size: Size) -> None:
        self.size = size
        self.count = 0
        self._stream = stream

    def add(self, image: Image.Image, *, times: int = 1) -> None:
        """Appends an image of any size, `times` times; another shape is laid over black."""
        frame = _framed(image.convert("RGB"), self.size).tobytes()
        for _ in range(times):
            self._stream.write(frame)
        self.count += times


@contextmanager
def open_video(path: Path | str, size: Size | tuple[int, int], *, fps: int = 25) -> Iterator[Frames]:
    """A video that takes its place at `path` when the block ends well; without frames, what stood there stays.

    Args:
        path: ends in .mp4, .mov or .mkv; what it names is replaced.
        size: width and height in pixels, rounded down to even numbers, as H.264 wants them.
        fps: frames a second.

    Raises:
        InputError: another ending, or `path` cannot be written.
        DoorwaysError: ffmpeg fails, or the disk is full.
    """
    path = check_video_path(path)
    even = Size(max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2))
    with suppress(_NoFrames), whole(path) as part:
        ffmpeg = _ffmpeg(part, even, fps)
        assert ffmpeg.stdin is not None
        assert ffmpeg.stderr is not None
        frames = Frames(ffmpeg.stdin, even)
        try:
            yield frames
            if frames.count:
                ffmpeg.stdin.close()
                if ffmpeg.wait():
                    raise BrokenPipeError
        except BrokenPipeError as error:
            said = ffmpeg.stderr.read().decode(errors="replace").strip().splitlines() or ["it gave no reason"]
            raise DoorwaysError(
                f"{path}: ffmpeg could not write the video ({said[-1]}); free some space, or write elsewhere"
            ) from error
        finally:
            ffmpeg.kill()
            ffmpeg.wait()
            ffmpeg.stderr.close()
            with suppress(BrokenPipeError):  # frames that it no longer takes
                ffmpeg.stdin.close()
        if not frames.count:
            raise _NoFrames


class _NoFrames(Exception):
    """Nothing was filmed."""


def _ffmpeg(path: Path, size: Size, fps: int) -> subprocess.Popen[bytes]:
    """An ffmpeg that encodes RGB frames from its input into `path`."""
    import imageio_ffmpeg

    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", str(size), "-r", str(fps), "-i", "-"]
    encoded = ["-c:v", "libx264", "-crf", "16", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    return subprocess.Popen(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", *raw, *encoded, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C does not reach it: the frames so far still become a video
    )


def check_video_path(path: Path | str) -> Path:
    """`path`, if it is the name of a video that can be written; InputError otherwise."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            f"{path}: a video's name must end in {', '.join(FORMATS)}; use {path.stem or 'a'}.mp4"
        )
    return path


def zoom_frames(image: Image.Image, *, seconds: float = 12, fps: int = 25) -> Iterator[Image.Image]:
    """A slow pan over `image`, from its left (or top) to the other side, nearing in the middle of the way.

    Frames are 16:9, 720 high for pictures that are higher than 360 px and half as high for others. The view keeps
    inside the picture.
    """
    height = 720 if min(image.size) > 360 else 360
    frame = Size(height * 16 // 9, height)
    widest = min(image.width, image.height * frame.aspect)
    count = max(2, round(seconds * fps))
    for index in range(count):
        along = _ease(index / (count - 1))
        near = 1 + 0.6 * _ease(1 - abs(2 * index / (count - 1) - 1))
        width, tall = widest / near, widest / near / frame.aspect
        left = max(0.0, (image.width - width) * along)
        top = max(0.0, (image.height - tall) * _middle(along, image, frame))
        box = left, top, min(left + width, image.width), min(top + tall, image.height)
        yield image.resize(frame, Image.Resampling.LANCZOS, box=box)


def _middle(along: float, image: Image.Image, frame: Size) -> float:
    """Panoramas are panned along their middle; pictures narrower than a frame from top to bottom."""
    return 0.5 if image.width / image.height >= frame.aspect else along


def _ease(progress: float) -> float:
    """0 to 1 with a soft start and end."""
    return progress * progress * (3 - 2 * progress)


def _framed(image: Image.Image, size: Size) -> Image.Image:
    """`image` scaled to `size`, keeping its shape: in the middle, over black."""
    scale = min(size.width / image.width, size.height / image.height)
    inner = Size(round(image.width * scale), round(image.height * scale))
    # A pixel or two that rounding to even sizes leaves are not worth a black line.
    inner = Size(*(full if full - part <= 2 else part for part, full in zip(inner, size, strict=True)))
    scaled = image if image.size == inner else image.resize(inner, Image.Resampling.LANCZOS)
    if inner == size:
        return scaled
    framed = Image.new("RGB", size)
    framed.paste(scaled, ((size.width - inner.width) // 2, (size.height - inner.height) // 2))
    return framed
