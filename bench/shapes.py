"""Models of the real ones' shapes with random weights, made in memory: what they cost can be measured without them.

They enter by the door of plugins: a recipe asks for the generator `random-f16-16384` and for a perceptor folder that
`random_clip` marks.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from diffusers import VQModel
from torch import Tensor
from transformers import CLIPConfig, CLIPModel

from doorways.generators import Loader as GeneratorLoader
from doorways.generators.vqgan import VQGAN
from doorways.models.folder import peek
from doorways.perceptors import Loader as PerceptorLoader
from doorways.perceptors.clip import COLOURS
from doorways.perceptors.image_text import ImageText
from doorways.registry import generators, perceptors

F16_16384 = {
    "block_out_channels": (128, 128, 256, 256, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4 + ("AttnDownEncoderBlock2D",),
    "up_block_types": ("AttnUpDecoderBlock2D",) + ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 256,
    "vq_embed_dim": 256,
    "num_vq_embeddings": 16384,
}
"""ImageNet's VQGAN f16 (Esser, Rombach and Ommer 2021) as a diffusers `VQModel`."""
VIT_B_32 = {
    "projection_dim": 512,
    "vision_config": {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
                      "num_attention_heads": 12, "image_size": 224, "patch_size": 32, "projection_dim": 512},
    "text_config": {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12,
                    "num_attention_heads": 8, "projection_dim": 512},
}  # fmt: skip
"""OpenAI's CLIP ViT-B/32 (Radford et al. 2021)."""
VIT_L_14 = {
    "projection_dim": 768,
    "vision_config": {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
                      "num_attention_heads": 16, "image_size": 224, "patch_size": 14, "projection_dim": 768},
    "text_config": {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
                    "num_attention_heads": 12, "projection_dim": 768},
}  # fmt: skip
"""Its ViT-L/14."""
TINY_VQGAN = F16_16384 | {
    "block_out_channels": (32, 32, 64),
    "down_block_types": ("DownEncoderBlock2D",) * 2 + ("AttnDownEncoderBlock2D",),
    "up_block_types": ("AttnUpDecoderBlock2D",) + ("UpDecoderBlock2D",) * 2,
    "layers_per_block": 1,
    "latent_channels": 32,
    "vq_embed_dim": 16,
    "num_vq_embeddings": 64,
}
TINY_CLIP = {
    "projection_dim": 32,
    "vision_config": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
                      "image_size": 32, "patch_size": 16, "projection_dim": 32},
    "text_config": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
                    "projection_dim": 32},
}  # fmt: skip
"""For the tests of the bench itself."""

GENERATORS = {"random-f16-16384": F16_16384, "random-tiny-vqgan": TINY_VQGAN}
PERCEPTORS = {"random-vit-b-32": VIT_B_32, "random-vit-l-14": VIT_L_14, "random-tiny-clip": TINY_CLIP}


def random_vqgan(name: str) -> VQModel:
    """The VQModel called `name` of `GENERATORS`; the same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = VQModel(**GENERATORS[name])
        model.quantize.embedding.weight.data.normal_()
    return model.eval().requires_grad_(False)


def random_clip(name: str) -> CLIPModel:
    """The CLIPModel called `name` of `PERCEPTORS`; the same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = CLIPModel(CLIPConfig(**PERCEPTORS[name]))
    return model.eval().requires_grad_(False)


def some_tokens(texts: list[str]) -> tuple[Tensor, Tensor]:
    """Token ids `[n, 16]` and their mask for a CLIP that knows no language: letters, and an end."""
    ids = torch.tensor([[49406, *(ord(c) for c in text.ljust(14)[:14]), 49407] for text in texts])
    return ids, torch.ones_like(ids)


def load_random_clip(folder: Path) -> ImageText:
    """The perceptor of a folder that `perceptor_spec` marked."""
    model = random_clip(str(peek(folder, "shape")))
    return ImageText(
        model,
        some_tokens,  # type: ignore[arg-type]
        name=folder.name,
        size_px=model.config.vision_config.image_size,
        dimension=model.config.projection_dim,
        colours=COLOURS,
        masked=True,
    )


@cache
def enter() -> Path:
    """Registers the random models, once a process; the folder where perceptors are marked."""
    for name in GENERATORS:
        made = lambda _, name=name: VQGAN(random_vqgan(name), name=name)  # noqa: E731
        generators.register(name, GeneratorLoader(lambda _: False, made, needs_files=False))
    knows = lambda folder: peek(folder, "model_type") == "random-clip"  # noqa: E731
    perceptors.register("random-clip", PerceptorLoader(knows, load_random_clip))
    enter.folder = TemporaryDirectory(prefix="doorways-bench-")  # type: ignore[attr-defined]
    return Path(enter.folder.name)  # type: ignore[attr-defined]


def perceptor_spec(name: str) -> str:
    """The spec that a recipe gives for the perceptor `name`; other names are specs already."""
    if name not in PERCEPTORS:
        return name
    folder = enter() / name
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "random-clip", "shape": name}))
    return str(folder)
