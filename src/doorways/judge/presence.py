"""Whether a thing is to be seen, wherever: also one that nobody wants there."""

from __future__ import annotations

import re

from torch import Tensor

COMMON = (
    "tree", "flower", "grass", "leaf", "mountain", "hill", "river", "lake", "sea", "beach", "sky", "cloud", "rain",
    "snow", "ice", "sun", "moon", "star", "fire", "smoke", "stone", "sand", "house", "castle", "tower", "bridge",
    "street", "city", "door", "window", "wall", "room", "table", "chair", "lamp", "book", "clock", "car", "train",
    "ship", "aeroplane", "bicycle", "dog", "cat", "horse", "bird", "fish", "butterfly", "snake", "apple", "bread",
    "cup", "bottle", "hat", "shoe", "guitar", "ball", "key", "ladder", "wheel",
)  # fmt: skip
"""Sixty words for what pictures in general show; a thing is compared with them."""
PRESENT = 3.0
"""From here on a thing counts as present. In the 16 plain paintings of `bench.objectives` the embedded judge has 30 of 32
of their own prompts at or above it, and 180 of 224 of the other paintings' below (by hand; set with an earlier judge)."""


def others(thing: str) -> tuple[str, ...]:
    """The common words that are not in the thing's own name.

    >>> len(COMMON) - len(others("a dog, beside a (house)."))
    2
    """
    own = set(re.findall(r"[^\W\d_]+", thing.lower()))
    return tuple(word for word in COMMON if word not in own)


def presence(cosines: Tensor, common: Tensor) -> Tensor:
    """How far a thing stands out of other words at each piece: (c - mean_k c_k) / deviation_k c_k.

    Args:
        cosines: [n], each piece's cosine to the thing.
        common: [n, k], its cosines to `others` of the thing.

    Returns: [n], unbounded, in standard deviations: 0 where the piece shows the thing no more than things in general, 3
        or more where hardly any other word fits as well. In these units perceptors can be compared. The presence in
        a picture is the largest of its pieces.

    >>> import torch
    >>> presence(torch.tensor([0.5]), torch.tensor([[0.1, 0.2, 0.3]]))
    tensor([3.0000])
    """
    deviation = common.std(1).clamp(min=1e-6)
    return (cosines - common.mean(1)) / deviation
