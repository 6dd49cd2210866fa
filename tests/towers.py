"""A tiny embedded perceptor, untrained: the classes that the real ones are."""

from __future__ import annotations

from pathlib import Path

import torch
from torch.nn.functional import normalize

from doorways.perceptors import tower
from doorways.perceptors.words import Words
from tests import tiny

CONFIG = tower.TowerConfig(channels=(8, 16), blocks=(1, 2), words_width=6, dimension=12, size_px=16)


def words(seed: int = 0) -> Words:
    """The words of `tiny.WORDS`, their vectors at random."""
    rng = torch.Generator().manual_seed(seed)
    vectors = normalize(torch.randn(len(tiny.WORDS), CONFIG.words_width, generator=rng), dim=1)
    return Words(tiny.WORDS, vectors, torch.rand(len(tiny.WORDS), generator=rng) + 0.1)


def towers(seed: int = 0) -> tuple[tower.PictureTower, tower.TextTower]:
    """Both towers with weights drawn from `seed`."""
    return tiny.seeded(tower.PictureTower(CONFIG), seed), tiny.seeded(tower.TextTower(CONFIG), seed)


def save(folder: Path, *, seed: int = 0) -> Path:
    """Saves it into `folder`, which is returned."""
    tower.save(folder, CONFIG, words(seed), *towers(seed))
    return folder
