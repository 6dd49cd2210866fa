"""A small VQGAN in the layout of the flax port: what `hub:dalle-mini/vqgan_imagenet_f16_16384` holds."""

from __future__ import annotations

import json
from pathlib import Path

import msgpack
import torch
from torch import Tensor

from tests import tiny
from tests.generators import taming_reference as reference


def network(*, gumbel: bool = False) -> reference.VQGAN:
    model = tiny.seeded(reference.VQGAN(gumbel=gumbel))
    with torch.no_grad():  # outputs within the range of pictures, so that the comparison sees no clamping
        model.decoder.conv_out.weight.mul_(0.1)
    return model


def as_flax(weights: dict[str, Tensor]) -> dict:
    """The same weights as the flax port's nested tables: kernels [h, w, in, out], norms [1, 1, 1, c]."""
    root: dict = {}
    for key, tensor in weights.items():
        parts = key.split(".")
        joined: list[str] = []
        for part in parts[:-1]:
            joined[-1:] = [f"{joined[-1]}_{part}"] if part.isdigit() else [*joined[-1:], part]
        leaf, value = parts[-1], tensor.detach()
        if "norm" in joined[-1]:
            leaf, value = ("scale" if leaf == "weight" else "bias"), value[None, None, None]
        elif leaf == "weight" and value.ndim == 4:
            leaf, value = "kernel", value.permute(2, 3, 1, 0)
        elif leaf == "weight":
            leaf = "embedding"
        table = root
        for part in joined:
            table = table.setdefault(part, {})
        table[leaf] = value.contiguous()
    return root


def pack(value: object) -> msgpack.ExtType:
    assert isinstance(value, Tensor)
    array = value.numpy()
    return msgpack.ExtType(1, msgpack.packb((list(array.shape), array.dtype.name, array.tobytes())))


def save(model: reference.VQGAN, folder: Path) -> Path:
    """Saves `model` as the flax port does: `config.json` and `flax_model.msgpack`; returns `folder`."""
    config = {**reference.SETTINGS, **reference.CODES, "model_type": "VQGAN", "resamp_with_conv": True}
    (folder / "config.json").write_text(json.dumps(config))
    tables = as_flax(model.state_dict())
    (folder / "flax_model.msgpack").write_bytes(msgpack.packb(tables, default=pack))
    return folder
