"""Texts as token ids, by the `tokenizer.json` that comes with a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from doorways.errors import InputError
from doorways.models.folder import read_object


class Tokens:
    """Turns texts into one batch of token ids.

    Args:
        folder: holds `tokenizer.json`, and `tokenizer_config.json` where the model has one.
        length: most tokens of a text, special ones included; longer texts are cut at their end, never refused.
        fill: whether every text is padded to `length`, as SigLIP was trained, or only to the longest one.
        pad: the padding token's id where the folder does not say.
        prepare: applied to each text first.
    """

    def __init__(
        self, folder: Path, *, length: int, fill: bool, pad: int = 0, prepare: Callable[[str], str] = str
    ) -> None:
        self.prepare = prepare
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise InputError(
                f"{folder} holds no tokenizer.json, so texts cannot be read; fetch the model again"
            )
        try:
            self.tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises nothing more particular
            raise InputError(f"{path} cannot be read ({error}); fetch the model again") from error
        settings = tokenizer_settings(folder)
        token = settings.get("pad_token")
        token = token.get("content") if isinstance(token, dict) else token
        known = self.tokenizer.token_to_id(token) if isinstance(token, str) else None
        self.tokenizer.enable_truncation(length)
        self.tokenizer.enable_padding(
            direction=settings.get("padding_side", "right"),
            pad_id=pad if known is None else known,
            length=length if fill else None,
        )

    def __call__(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Token ids `[n, t]` of `texts`, and the mask `[n, t]` that is 0 on padding; both int64."""
        found = self.tokenizer.encode_batch([self.prepare(text) for text in texts])
        return torch.tensor([one.ids for one in found]), torch.tensor([one.attention_mask for one in found])


def tokenizer_settings(folder: Path) -> dict[str, Any]:
    """The `tokenizer_config.json` of `folder`, empty where it has none; InputError where it is damaged."""
    path = folder / "tokenizer_config.json"
    return read_object(path) if path.is_file() else {}
