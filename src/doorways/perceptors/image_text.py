"""A perceptor made of a transformers model with one tower for texts and one for pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor

from doorways.models.fingerprint import fingerprint
from doorways.perceptors.base import fit, normaliser
from doorways.perceptors.patches import in_patches
from doorways.perceptors.quick_gelu import in_quick_gelu
from doorways.perceptors.tokens import Tokens

PATCHES = 400
"""Patches of pieces that are embedded at once where little is to be held: with ViT-B/32 a step then holds less than half of
what those of other programs do (`python -m bench.step`)."""


class ImageText:
    """CLIP and its kin.

    Attributes:
        micro_batch: pieces that have `PATCHES` patches together, and at least 1: 8 for ViT-B/32.

    Args:
        model: has `get_text_features` and `get_image_features`; its weights are frozen.
        tokens: how texts become token ids.
        size_px: side of the square pictures it takes.
        colours: mean and deviation per channel that pictures are brought to.
        as_input: pictures `[n, 3, size_px, size_px]`, normalised, as arguments of `get_image_features`.
        masked: whether the text tower is told where the padding is; SigLIP attends to it.
    """

    def __init__(
        self,
        model: Any,
        tokens: Tokens,
        *,
        name: str,
        size_px: int,
        dimension: int,
        colours: tuple[tuple[float, ...], tuple[float, ...]],
        as_input: Callable[[Tensor], dict[str, Any]] = lambda pixels: {"pixel_values": pixels},
        masked: bool,
    ) -> None:
        self.name = name
        self.model = model
        self.tokens = tokens
        self.size_px = size_px
        self.dimension = dimension
        self.as_input = as_input
        self.masked = masked
        self.micro_batch = max(1, PATCHES // (size_px // model.config.vision_config.patch_size) ** 2)
        self.fingerprint = fingerprint(model)
        in_patches(model)
        in_quick_gelu(model)
        self._factor, self._offset = normaliser(*colours)

    @torch.no_grad()
    def embed_texts(self, texts: list[str]) -> Tensor:
        """Unit vectors `[n, dimension]`; a text beyond the model's limit is cut at its end."""
        ids, mask = (part.to(self.model.device) for part in self.tokens(texts))
        extra = {"attention_mask": mask} if self.masked else {}
        return _unit(self.model.get_text_features(input_ids=ids, **extra).pooler_output)

    def embed_pictures(self, pictures: Tensor) -> Tensor:
        """Unit vectors `[n, dimension]` of `pictures` `[n, 3, h, w]` in [0, 1], differentiable."""
        pixels = fit(pictures, self.size_px) * self._factor + self._offset
        return _unit(
            self.model.get_image_features(**self.as_input(pixels.to(self.model.dtype))).pooler_output
        )

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """Moves the weights."""
        self.model.to(device=device, dtype=dtype)
        self._factor, self._offset = self._factor.to(device), self._offset.to(device)
        return self


def _unit(embeddings: Tensor) -> Tensor:
    return torch.nn.functional.normalize(embeddings.float(), dim=-1)
