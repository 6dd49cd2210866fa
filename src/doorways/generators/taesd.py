"""TAESD as its author publishes it: `taesd_encoder.safetensors` and `taesd_decoder.safetensors` in one folder.

The two files number the layers of one sequence each. The decoder's sequence begins with the saturation that
diffusers keeps outside of it, so its numbers are one less there.
"""

from __future__ import annotations

from pathlib import Path

import torch

from doorways.generators.autoencoder import Autoencoder
from doorways.generators.base import Loader
from doorways.models.folder import fill
from doorways.models.tensors import read_tensors

ENCODER, DECODER = "taesd_encoder.safetensors", "taesd_decoder.safetensors"


def recognises(path: Path) -> bool:
    """Whether `path` is a folder with both files, and no `config.json` that says otherwise."""
    return all((path / name).is_file() for name in (ENCODER, DECODER)) and not (path / "config.json").exists()


def load(folder: Path) -> Autoencoder:
    """The generator of the two files; the number of latent channels is read from the encoder's last layer."""
    from diffusers import AutoencoderTiny

    encoder, decoder = read_tensors(folder / ENCODER), read_tensors(folder / DECODER)
    tensors = {f"encoder.layers.{key}": value for key, value in encoder.items()}
    for key, value in decoder.items():
        number, rest = key.split(".", 1)
        tensors[f"decoder.layers.{int(number) - 1}.{rest}"] = value
    last = max(encoder, key=lambda key: int(key.split(".")[0]))
    with torch.device("meta"):
        model = AutoencoderTiny(latent_channels=encoder[last].shape[0])
    return Autoencoder(fill(model, tensors, folder), name=folder.name)


loader = Loader(recognises=recognises, load=load)
