"""What an objective sees of one step of a painting."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from doorways.errors import InputError
from doorways.symmetry import Symmetry


@dataclass(frozen=True, eq=False)
class Sight:
    """The picture of a step, and its cutouts as one perceptor embeds them.

    Args:
        picture: [1, 3, H, W], sRGB in [0, 1].
        symmetry: what pairs the places of the canvas.
        embeddings: unit vectors [n, d], one per cutout.
        texts: unit vectors [m, d], one per prompt.
        shares: [n, m], the prompt field at each cutout; rows are >= 0 with sum 1.
        loss_weights: [n, m], what each prompt weighs at each cutout, signed.
        pairs: long [p, 2], a cutout and its image under the symmetry in each row.
        pair_weights: [p] in [0, 1], 0 on the axis; see `semantic_symmetry.pair_weights`.
        residual_mean: [d], the running mean of embedding less target, to be subtracted; None to leave it in.
    """

    picture: Tensor
    symmetry: Symmetry
    embeddings: Tensor
    texts: Tensor
    shares: Tensor
    loss_weights: Tensor
    pairs: Tensor
    pair_weights: Tensor
    residual_mean: Tensor | None = None


def targets(shares: Tensor, texts: Tensor) -> Tensor:
    """What the prompt field wants at each cutout: T = normalise(sum_i w_i t_i).

    Args:
        shares: [n, m], the prompt field at each cutout.
        texts: unit vectors [m, d].

    Returns: unit vectors [n, d].

    >>> import torch
    >>> targets(torch.tensor([[0.5, 0.5]]), torch.eye(2))
    tensor([[0.7071, 0.7071]])
    """
    if shares.ndim != 2 or texts.ndim != 2 or shares.shape[1] != texts.shape[0]:
        raise InputError(
            f"shares {list(shares.shape)} and texts {list(texts.shape)}: must be [n, m] and [m, d]; "
            "give one share per cutout and prompt"
        )
    return F.normalize(shares @ texts, dim=1)
