"""Which files of a repository make up a model, and whether a folder holds them all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

AUTOENCODERS = ("vqvae", "vqgan", "vae", "movq")
"""Where the repository of a whole pipeline keeps its autoencoder; looked into, in this order."""

DESCRIPTIONS = (".json", ".txt", ".yaml", ".model")
WEIGHTS = (".safetensors", ".bin", ".msgpack")
"""What is fetched of a model: its descriptions, and its weights in the first of these formats that it has."""
STEMS = ("diffusion_pytorch_model", "model", "pytorch_model", "flax_model", "taesd_encoder", "taesd_decoder")
HALF = ".fp16"
"""What the stem of weights in half precision ends with; they are fetched where there are no others."""


@dataclass(frozen=True)
class RemoteFile:
    """A file in a repository: its path there, its bytes, and its SHA-256 where the hub knows it."""

    path: str
    size: int
    sha256: str | None = None


def choose(files: Iterable[RemoteFile], subfolder: str = "") -> list[RemoteFile]:
    """The files of a repository that make up the model: its descriptions, and its weights in one format only.

    A repository of a whole pipeline (no weights at its top) stands for its autoencoder.
    """
    files = list(files)
    here = [file for file in files if PurePosixPath(file.path).parent == PurePosixPath(subfolder)]
    weights = [file for file in here if PurePosixPath(file.path).suffix in WEIGHTS]
    if not weights and not subfolder:
        return next((found for name in AUTOENCODERS if (found := choose(files, name))), [])
    for suffix in WEIGHTS:
        named = [file for file in weights if PurePosixPath(file.path).suffix == suffix]
        whole = [file for file in named if PurePosixPath(file.path).stem in STEMS]
        shards = [file for file in named if re.search(r"model-\d+-of-\d+$", PurePosixPath(file.path).stem)]
        if (
            kept := whole
            or shards
            or [file for file in named if PurePosixPath(file.path).stem.removesuffix(HALF) in STEMS]
        ):
            return [file for file in here if PurePosixPath(file.path).suffix in DESCRIPTIONS] + kept
    return []


def is_whole(folder: Path) -> bool:
    """Whether `folder` describes a model and holds all files of its weights."""
    if not any(folder.glob("*.json")) and not any(folder.glob("*.yaml")):
        return False
    for index in folder.glob("*.index.json"):
        shards = _shards(index)
        if shards and all((folder / shard).is_file() for shard in shards):
            return True
    if (folder / "taesd_encoder.safetensors").is_file() and (folder / "taesd_decoder.safetensors").is_file():
        return True
    alone = {stem for stem in STEMS if not stem.startswith("taesd_")}
    return any(
        path.is_file()
        and (path.suffix == ".ckpt" or (path.suffix in WEIGHTS and path.stem.removesuffix(HALF) in alone))
        for path in folder.iterdir()
    )


def _shards(index: Path) -> set[str]:
    """The files that an index of weights names; none where it is broken."""
    try:
        return {str(shard) for shard in json.loads(index.read_text("utf-8"))["weight_map"].values()}
    except (OSError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return set()
