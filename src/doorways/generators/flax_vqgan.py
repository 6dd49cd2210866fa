"""VQGANs as flax ports of taming-transformers wrote them: `config.json` and `flax_model.msgpack`.

`vqgan_f16_16384` is the best known. The tables are taming's modules with numbers joined by `_`; convolutions are
stored [height, width, in, out], and norms' `scale` is torch's `weight`.
"""

from __future__ import annotations

import re
from pathlib import Path

from torch import Tensor

from doorways.generators import taming
from doorways.generators.base import Loader
from doorways.generators.vqgan import VQGAN
from doorways.models.folder import peek, read_config
from doorways.models.tensors import read_tensors

WEIGHTS = "flax_model.msgpack"


def recognises(path: Path) -> bool:
    """Whether `path` is a folder whose `config.json` says VQGAN and that holds flax weights."""
    return (path / WEIGHTS).is_file() and str(peek(path, "model_type")).lower() == "vqgan"


def load(folder: Path) -> VQGAN:
    """The generator of a flax VQGAN folder."""
    tensors = dict(_as_torch(key, value) for key, value in read_tensors(folder / WEIGHTS).items())
    return taming.build(read_config(folder), tensors, folder / WEIGHTS, name=folder.name)


def _as_torch(key: str, tensor: Tensor) -> tuple[str, Tensor]:
    """The name in taming of a flax array, and the array in torch's layout."""
    *path, leaf = key.removeprefix("params.").split(".")
    place = ".".join(re.sub(r"^(down|up|block|attn)_(\d+)$", r"\1.\2", part) for part in path)
    place = re.sub(r"\.mid\.(block|attn)\.(\d+)\b", r".mid.\1_\2", place)
    if leaf == "kernel":
        return f"{place}.weight", tensor.movedim((3, 2), (0, 1)).contiguous()
    if leaf == "embedding":
        return f"{place}.weight", tensor
    return f"{place}.{'weight' if leaf == 'scale' else leaf}", tensor.flatten()


loader = Loader(recognises=recognises, load=load)
