"""Last stage: puts what was trained into the package, with its attributions, and writes the manifest.

`python -m training.ship` takes all three models and the sketchbook from `training/work`; `python -m training.ship perceptor`
only that one. Nothing is changed where a training is not done, a model not whole, a licence not permissive, or all
together are too large.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from doorways.errors import InputError
from doorways.generators import vqgan
from doorways.perceptors import tower
from doorways.perceptors.words import Words
from doorways.sketching import Sketchbook
from doorways.swap import whole_folder
from training import attributions, generator, manifest
from training.fetch import WORK
from training.plans import PLANS
from training.resumable import check_done
from training.scenes import Scenes

EMBEDDED = Path(__file__).parents[1] / "src" / "doorways" / "embedded"
LARGEST = 30_000_000
"""Bytes of all models and the sketchbook together."""
TRAINED = {"perceptor": "hardened", "judge": "judge", "generator": "generator"}
"""The training that makes each model of the package, and the folder of `training/work` that it leaves."""
PARTS = TRAINED | {"sketchbook": "sketchbook"}
"""The same of all that ships."""


def size_of(folder: Path) -> int:
    """Bytes of all files in `folder`; 0 where it is missing."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def settings_of(part: str) -> dict[str, Any]:
    """What the training that makes a model is to have done, and with which pictures."""
    if part == "generator":
        return {"steps": generator.STEPS, "data": generator.load_scenes().digest}
    return PLANS[TRAINED[part]].settings | {"data": Scenes().digest}


def check(part: str, folder: Path) -> None:
    """InputError where the model or the sketchbook in `folder` is missing or cannot be loaded."""
    if part == "sketchbook":
        if not folder.is_dir():
            raise InputError(f"{folder} holds no sketchbook; make train-data first, or name other parts")
        Sketchbook.read(folder, Words((), torch.empty(0, 0), torch.empty(0)))
        return
    if not (folder / "config.json").is_file():
        raise InputError(
            f"{folder} holds no trained {part}; make train-{folder.name} first, or name other parts"
        )
    if part == "generator":
        vqgan.load(folder)
    else:
        tower.load(folder)


def check_size(chosen: dict[str, Path], embedded: Path) -> int:
    """Bytes of everything once `chosen` are in `embedded`; InputError where that is too much."""
    total = sum(size_of(chosen.get(part, embedded / part)) for part in PARTS)
    if total > LARGEST:
        raise InputError(
            f"what is embedded would take {total / 1e6:.1f} MB, and {LARGEST / 1e6:.0f} MB is the most; "
            "train smaller models"
        )
    return total


def copy(folder: Path, into: Path) -> None:
    """Copies `folder` to `into`, readable by all, in place of what is there."""
    with whole_folder(into) as fresh:
        shutil.copytree(folder, fresh, copy_function=shutil.copyfile, dirs_exist_ok=True)


def ship(parts: Iterable[str], *, work: Path = WORK, embedded: Path = EMBEDDED) -> int:
    """Checks all of `parts`, then copies them; gives the bytes of all that is then in the package."""
    chosen = {part: work / PARTS[part] for part in parts}
    for part, folder in chosen.items():
        check(part, folder)
    total = check_size(chosen, embedded)
    embedded.mkdir(parents=True, exist_ok=True)
    for part, folder in chosen.items():
        copy(folder, embedded / part)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="which of them (default: all)")
    parts = parser.parse_args().parts or list(PARTS)
    rows = manifest.collect()
    if refused := manifest.refused(rows):
        sys.exit(f"not shipped: {len(refused)} pictures must not be trained on, such as {refused[0]}")
    if TRAINED.keys() - parts and manifest.read() != rows:
        sys.exit(
            "not shipped: the models that stay learned from other pictures than are here now; ship all parts"
        )
    page = attributions.page(rows)
    try:
        for part in TRAINED.keys() & parts:
            check_done(TRAINED[part], settings_of(part))
        total = ship(parts)
    except InputError as error:
        sys.exit(f"not shipped: {error}")
    manifest.write(rows)
    (EMBEDDED / "ATTRIBUTIONS.md").write_text(page, encoding="utf-8")
    print(f"{', '.join(parts)} -> {EMBEDDED}, {total / 1e6:.1f} MB with what was there")
    print(f"{len(rows)} pictures -> {manifest.MANIFEST}, {manifest.MANIFEST.stat().st_size / 1e3:.0f} kB")
    print("now measure what ships, which fills its card: python -m bench.embedded")


if __name__ == "__main__":
    main()
