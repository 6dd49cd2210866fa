"""The frames of a film, by the ffmpeg that wrote it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np


def frames_of(path: Path | str, width: int = 32, height: int = 16) -> np.ndarray:
    """All frames of a film, uint8 [n, height, width, 3], scaled to that size."""
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-"]
    decode = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), *raw]
    shown = subprocess.run(decode, capture_output=True, check=True).stdout
    return np.frombuffer(shown, np.uint8).reshape(-1, height, width, 3)
