"""VQGANs as CompVis' taming-transformers wrote them: a `.ckpt` with the `.yaml` of the same name beside it.

The network is the one that diffusers calls `VQModel` under other names, so weights are renamed, not converted:
plain models and Gumbel ones ("Taming transformers", 2021; Jang et al., "Categorical reparameterization with
Gumbel-softmax", 2016). The checkpoint of a transformer that was trained on codes holds its VQGAN as well, and gives it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from torch import Tensor, nn

from doorways.errors import InputError
from doorways.generators.base import Loader
from doorways.generators.networks import VQModel
from doorways.generators.vqgan import VQGAN
from doorways.models.folder import fill, hollow
from doorways.models.tensors import read_tensors

SUFFIXES = (".ckpt", ".pt", ".pth", ".safetensors")
PLAIN, GUMBEL, TRANSFORMER = ("VQModel", "VQModelInterface"), ("GumbelVQ",), ("Net2NetTransformer",)

RENAMES = (
    (r"\.mid\.block_1\.", r".mid_block.resnets.0."),
    (r"\.mid\.block_2\.", r".mid_block.resnets.1."),
    (r"\.mid\.attn_1\.", r".mid_block.attentions.0."),
    (r"\.down\.(\d+)\.block\.", r".down_blocks.\1.resnets."),
    (r"\.down\.(\d+)\.attn\.", r".down_blocks.\1.attentions."),
    (r"\.down\.(\d+)\.downsample\.", r".down_blocks.\1.downsamplers.0."),
    (r"\.up\.(\d+)\.block\.", r".up_blocks.\1.resnets."),
    (r"\.up\.(\d+)\.attn\.", r".up_blocks.\1.attentions."),
    (r"\.up\.(\d+)\.upsample\.", r".up_blocks.\1.upsamplers.0."),
    (r"\.nin_shortcut\.", r".conv_shortcut."),
    (r"\.norm_out\.", r".conv_norm_out."),
    (r"(attentions\.\d+)\.norm\.", r"\1.group_norm."),
    (r"(attentions\.\d+)\.([qkv])\.", r"\1.to_\2."),
    (r"(attentions\.\d+)\.proj_out\.", r"\1.to_out.0."),
)
"""taming's names in terms of diffusers'; the decoder's levels are counted from the other end besides."""


def configuration(parameters: Mapping[str, Any], source: Path) -> dict[str, Any]:
    """The `VQModel` configuration that means taming's `n_embed`, `embed_dim` and entries of `ddconfig`."""
    try:
        multiples, attended = list(parameters["ch_mult"]), list(parameters["attn_resolutions"])
        attends = [int(parameters["resolution"]) // 2**level in attended for level in range(len(multiples))]
        if parameters.get("double_z") or not parameters.get("resamp_with_conv", True):
            raise InputError(
                f"{source} describes no VQGAN: double_z and averaged resampling belong to other models"
            )
        return {
            "in_channels": parameters.get("in_channels", 3),
            "out_channels": parameters.get("out_ch", 3),
            "block_out_channels": [int(parameters["ch"]) * int(multiple) for multiple in multiples],
            "layers_per_block": int(parameters["num_res_blocks"]),
            "down_block_types": ["AttnDownEncoderBlock2D" if a else "DownEncoderBlock2D" for a in attends],
            "up_block_types": [
                "AttnUpDecoderBlock2D" if a else "UpDecoderBlock2D" for a in reversed(attends)
            ],
            "latent_channels": int(parameters["z_channels"]),
            "vq_embed_dim": int(parameters["embed_dim"]),
            "num_vq_embeddings": int(parameters["n_embed"]),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{source}: a VQGAN setting is missing or garbled ({error!r}); fetch its settings again"
        ) from error


def build(parameters: Mapping[str, Any], tensors: Mapping[str, Tensor], source: Path, *, name: str) -> VQGAN:
    """The generator of taming's settings and weights (anything but the network itself is left aside)."""
    settings = configuration(parameters, source)
    levels = len(settings["block_out_channels"])
    wanted = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.")
    network = {_renamed(key, levels): value for key, value in tensors.items() if key.startswith(wanted)}
    network = {key: _as_linear(key, value) for key, value in network.items()}
    codebook = tensors.get("quantize.embedding.weight", tensors.get("quantize.embed.weight"))
    if codebook is None:
        raise InputError(f"{source} holds no codebook, so it is no VQGAN; give the checkpoint of one")
    network["quantize.embedding.weight"] = codebook
    model = fill(hollow(VQModel, settings, source), network, source)
    return VQGAN(model, name=name, logits=_logits(tensors))


def _renamed(key: str, levels: int) -> str:
    for pattern, replacement in RENAMES:
        key = re.sub(pattern, replacement, key)
    return re.sub(r"\.up_blocks\.(\d+)\.", lambda found: f".up_blocks.{levels - 1 - int(found[1])}.", key)


def _as_linear(key: str, tensor: Tensor) -> Tensor:
    """Attention's 1x1 convolutions as the linear layers that they are."""
    return tensor.flatten(1) if ".attentions." in key and tensor.ndim == 4 else tensor


def _logits(tensors: Mapping[str, Tensor]) -> nn.Conv2d | None:
    """The convolution to one logit per code that Gumbel models choose codes by."""
    weight, bias = tensors.get("quantize.proj.weight"), tensors.get("quantize.proj.bias")
    if weight is None or bias is None:
        return None
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], 1, device="meta")
    layer.load_state_dict({"weight": weight.float(), "bias": bias.float()}, assign=True)
    return layer


def read_settings(path: Path) -> dict[str, Any]:
    """The VQGAN's settings in a taming `.yaml`, flat; InputError where it describes something else."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        model = content["model"]
        if str(model["target"]).endswith(TRANSFORMER):
            model = model["params"]["first_stage_config"]
        kind, parameters = str(model["target"]).rsplit(".", 1)[-1], model["params"]
        settings = {**parameters["ddconfig"], **{key: parameters[key] for key in ("n_embed", "embed_dim")}}
    except (OSError, yaml.YAMLError, UnicodeError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} holds no taming-transformers settings ({error!r}); put the right file there"
        ) from error
    if kind not in PLAIN + GUMBEL:
        raise InputError(f"{path} describes a {kind}; VQGANs are of kind {', '.join(PLAIN + GUMBEL)}")
    return settings


def _pair(path: Path) -> Path | None:
    """The checkpoint at `path`, or the only one in the folder `path`, if its `.yaml` stands beside it."""
    candidates = sorted(path.iterdir()) if path.is_dir() else [path]
    pairs = [file for file in candidates if file.suffix in SUFFIXES and file.with_suffix(".yaml").is_file()]
    return pairs[0] if len(pairs) == 1 else None


def recognises(path: Path) -> bool:
    """Whether `path` is a checkpoint with its `.yaml`, or a folder with one such pair; or any `.ckpt` at all."""
    return _pair(path) is not None or (path.is_file() and path.suffix == ".ckpt")


def load(path: Path) -> VQGAN:
    """The generator of a taming checkpoint, read without executing anything in it."""
    checkpoint = _pair(path)
    if checkpoint is None:
        raise InputError(
            f"{path} needs its settings beside it; put them there as {path.with_suffix('.yaml').name}"
        )
    settings = read_settings(checkpoint.with_suffix(".yaml"))
    tensors = read_tensors(checkpoint)
    inner = "first_stage_model."
    if any(key.startswith(inner) for key in tensors):
        tensors = {key.removeprefix(inner): value for key, value in tensors.items() if key.startswith(inner)}
    return build(settings, tensors, checkpoint, name=checkpoint.stem)


loader = Loader(recognises=recognises, load=load)
