"""A little world to train on: three drawings and three backgrounds, in the files that the first stage writes."""

from __future__ import annotations

import json

import numpy as np
import pytest

DRAWINGS = (("castle", (205, 40, 40)), ("tree", (70, 160, 60)), ("star", (250, 215, 60)))
BACKGROUNDS = (("desert", False), ("night", False), ("beach", True))


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Folder with `trained.*`, `large.*` and `held_out.*` of discs in one colour each, and `scenery.*` of plain pictures."""
    folder = tmp_path_factory.mktemp("world")
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    disc = (x**2 + y**2 < 0.9)[..., None]
    pixels = [np.where(disc, (*colour, 255), 0) for _, colour in DRAWINGS]
    rows = [
        {"family": "test", "ident": name, "name": name, "licence": "MIT", "weight": 1.0, "file": "none"}
        for name, _ in DRAWINGS
    ]
    for split in ("trained", "large", "held_out"):
        np.save(folder / f"{split}.npy", np.stack(pixels).astype(np.uint8))
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    plain = [np.full((96, 192, 3), 60 * i + 20, np.uint8) for i in range(len(BACKGROUNDS))]
    np.save(folder / "scenery.npy", np.stack(plain))
    rows = [
        {"names": [name], "file": f"{name}0.jpg", "licence": "public domain", "held_out": held_out}
        for name, held_out in BACKGROUNDS
    ]
    (folder / "scenery.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder
