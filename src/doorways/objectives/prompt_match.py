"""How far the cutouts are from what the prompts want where they are."""

from __future__ import annotations

import torch
from torch import Tensor

from doorways.errors import InputError
from doorways.objectives.objective import Objective


def prompt_match(embeddings: Tensor, texts: Tensor, weights: Tensor) -> Tensor:
    """The mean over cutouts of sum_i w_i * 2 asin^2(|e - t_i| / 2): half the squared great-circle distances.

    Args:
        embeddings: unit vectors [n, d], one per cutout.
        texts: unit vectors [m, d], one per prompt.
        weights: [n, m], what each prompt weighs at each cutout; negative ones push away.

    Returns: scalar; with weights of sum 1 in [0, pi^2 / 2], 0 where every cutout is what is wanted.

    The spherical distance of "Doorways" (Moulton 2021) and of Crowson's VQGAN+CLIP. Squared lengths are kept off 0
    and off the antipode, where the derivatives of the root and of the arcsine are infinite; the gradient there is 0.

    >>> prompt_match(torch.eye(2), torch.eye(2), torch.tensor([[0.0, 1.0], [1.0, 0.0]]))  # a right angle each
    tensor(1.2337)
    """
    if weights.shape != (len(embeddings), len(texts)) or embeddings.shape[1:] != texts.shape[1:]:
        raise InputError(
            f"embeddings {list(embeddings.shape)}, texts {list(texts.shape)}, weights {list(weights.shape)}: must be "
            "[n, d], [m, d] and [n, m]; give one weight per cutout and prompt, and vectors of one perceptor"
        )
    quarter_squared = (embeddings[:, None] - texts[None]).square().sum(-1) / 4
    tolerance = torch.finfo(quarter_squared.dtype).eps
    half_angle = quarter_squared.clamp(tolerance**2, 1 - tolerance).sqrt().asin()
    return (weights * 2 * half_angle.square()).sum(1).mean()


PROMPT_MATCH = Objective(
    "prompt_match",
    "embeddings",
    lambda sight: prompt_match(sight.embeddings, sight.texts, sight.loss_weights),
)
