"""Stage 1, sketches: small drawings of the things that training knows, for the sketches that paintings begin with.

`python -m training.sketches` chooses them and writes `training/work/sketchbook`: of every name of one word, and of two words
where two families draw it, one drawing of each of up to three families, those of `PREFERRED` first.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from training.drawings import PERMISSIVE
from training.fetch import WORK
from training.scenes import read_rows

PREFERRED = (
    "fluent-3d", "noto", "twemoji", "openclipart", "noto-v1", "fluent-emoji", "fxemoji", "fluent-emoji-flat",
    "streamline-emojis", "streamline-ultimate-color", "streamline-color", "flat-color-icons",
)  # fmt: skip
"""Families, the first ones taken first; all others come after them, as they come."""
COPIES, WORDS = 3, 2
SIDE_PX, QUALITY, ALPHA_QUALITY = 48, 40, 50


def chosen(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Which of the drawings are kept, by name.

    >>> chosen([dict(name="ox", family=family, licence="MIT") for family in ("tabler", "ph", "noto", "twemoji")])
    [2, 3, 0]
    >>> chosen([dict(name=name, family="noto", licence="MIT") for name in ("ox", "sea lion", "a b c")])
    [0]
    """
    rank = {family: place for place, family in enumerate(PREFERRED)}
    kept: dict[str, dict[str, int]] = {}
    for i in sorted(range(len(rows)), key=lambda i: rank.get(rows[i]["family"], len(rank))):
        if rows[i]["licence"] in PERMISSIVE:
            kept.setdefault(rows[i]["name"], {}).setdefault(rows[i]["family"], i)
    names = [name for name in sorted(kept) if len(name.split()) <= min(WORDS, len(kept[name]))]
    return [i for name in names for i in [*kept[name].values()][:COPIES]]


def packed(rgba: np.ndarray) -> bytes:
    """A drawing, uint8 [s, s, 4], as WebP of `SIDE_PX`."""
    small = Image.fromarray(rgba).resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=QUALITY, alpha_quality=ALPHA_QUALITY, method=6)
    return file.getvalue()


def write(folder: Path, rows: Iterable[dict[str, Any]], drawings: Iterable[np.ndarray]) -> None:
    """The sketchbook: the drawings one behind the other, and the name and the source of each."""
    files = [packed(rgba) for rgba in drawings]
    folder.mkdir(parents=True, exist_ok=True)
    lines = ("\t".join(row[key] for key in ("name", "family", "ident")) + "\n" for row in rows)
    (folder / "drawings.tsv").write_text("".join(lines), encoding="utf-8")
    tensors = {
        "webp": torch.frombuffer(bytearray(b"".join(files)), dtype=torch.uint8),
        "ends": torch.tensor([len(file) for file in files]).cumsum(0),
    }
    save_file(tensors, folder / "drawings.safetensors", metadata={"format": "pt"})


def main() -> None:
    rows, pixels = read_rows(WORK / "trained.jsonl"), np.load(WORK / "trained.npy", mmap_mode="r")
    kept = chosen(rows)
    write(WORK / "sketchbook", (rows[i] for i in kept), (pixels[i] for i in kept))
    print(f"{len(kept)} drawings of {len({rows[i]['name'] for i in kept})} names")


if __name__ == "__main__":
    main()
