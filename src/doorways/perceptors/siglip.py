"""SigLIP and SigLIP 2 (Zhai et al., 2023; Tschannen et al., 2025).

Checkpoints of SigLIP 2 with one fixed size are SigLIP models with another tokenizer. The ones for any aspect ratio
(NaFlex) are models of their own that take a picture as a row of patches; here it is always a square one.
"""

from __future__ import annotations

import re
import string
from math import isqrt
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from doorways.perceptors.base import Loader
from doorways.perceptors.image_text import ImageText
from doorways.perceptors.pretrained import colour_statistics, is_model, load_pretrained
from doorways.perceptors.tokens import Tokens, tokenizer_settings

COLOURS = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""SigLIP takes pictures in [-1, 1]."""

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def canonical(text: str) -> str:
    """A text as SigLIP was trained on: lower case, no punctuation, single spaces.

    >>> canonical("A  Kelp-Forest, at noon!")
    'a kelpforest at noon'
    """
    return re.sub(r"\s+", " ", text.lower().translate(_NO_PUNCTUATION)).strip()


def _tokens(folder: Path, text: Any) -> Tokens:
    kind = str(tokenizer_settings(folder).get("tokenizer_class", "SiglipTokenizer"))
    return Tokens(
        folder,
        length=text.max_position_embeddings,
        fill=True,
        pad=text.pad_token_id or 0,
        prepare=canonical if kind.startswith("SiglipTokenizer") else str.lower,
    )


def load(folder: Path) -> ImageText:
    """The perceptor of a `SiglipModel` folder: SigLIP, and SigLIP 2 of one size."""
    from transformers import SiglipModel

    model = load_pretrained(SiglipModel, folder)
    text, vision = model.config.text_config, model.config.vision_config
    return ImageText(
        model,
        _tokens(folder, text),
        name=folder.name,
        size_px=vision.image_size,
        dimension=vision.hidden_size,
        colours=colour_statistics(folder, COLOURS),
        masked=False,
    )


def load_naflex(folder: Path) -> ImageText:
    """The perceptor of a `Siglip2Model` folder, fed with squares of as many patches as it was trained on."""
    from transformers import Siglip2Model

    model = load_pretrained(Siglip2Model, folder)
    text, vision = model.config.text_config, model.config.vision_config
    side = isqrt(vision.num_patches)

    def as_input(pixels: Tensor) -> dict[str, Any]:
        grid = torch.tensor([[side, side]]).expand(len(pixels), 2)
        mask = torch.ones(len(pixels), side * side, dtype=torch.int64, device=pixels.device)
        return {
            "pixel_values": patches(pixels, vision.patch_size),
            "pixel_attention_mask": mask,
            "spatial_shapes": grid,
        }

    return ImageText(
        model,
        _tokens(folder, text),
        name=folder.name,
        size_px=side * vision.patch_size,
        dimension=vision.hidden_size,
        colours=colour_statistics(folder, COLOURS),
        as_input=as_input,
        masked=False,
    )


def patches(pixels: Tensor, size_px: int) -> Tensor:
    """`[n, 3, H, W]` as rows of patches `[n, patches, size_px * size_px * 3]`, row by row, channels last."""
    cut = pixels.unfold(2, size_px, size_px).unfold(3, size_px, size_px)
    return cut.permute(0, 2, 3, 4, 5, 1).reshape(len(pixels), -1, size_px * size_px * pixels.shape[1])


loader = Loader(recognises=lambda path: is_model(path, "siglip"), load=load)
naflex_loader = Loader(recognises=lambda path: is_model(path, "siglip2"), load=load_naflex)
