"""The same things in the same places on both sides, each in its own world."""

from __future__ import annotations

from torch import Tensor

from doorways.errors import InputError
from doorways.objectives.objective import Objective
from doorways.objectives.sight import Sight, targets


def semantic_symmetry(
    embeddings: Tensor,
    embeddings2: Tensor,
    target: Tensor,
    target2: Tensor,
    weight: Tensor,
    *,
    mean: Tensor | None = None,
) -> Tensor:
    """The weighted mean over pairs of 1 - cos(e - T - mean, e' - T' - mean).

    What is left of a piece when its world is subtracted must be the same in its image on the other side.

    Args:
        embeddings, embeddings2: unit vectors [p, d] of the pairs' first and second cutouts.
        target, target2: unit vectors [p, d], what the prompt field wants at each.
        weight: [p] in [0, 1], how much each pair counts; see `pair_weights`.
        mean: [d], subtracted from every residual: image and text embeddings of one model live in different cones,
            and the constant between them drowns what differs. None: raw residuals, as in the piece.

    Returns: scalar in [0, 2]; 0 without pairs, and where both residuals of every pair point the same way.
        The mean is over the weights' sum, but no less than one whole pair: a lone pair near the axis stays faint.

    "Doorways" (Moulton 2021); the subtracted mean and the weights are ours.
    """
    shapes = {tensor.shape for tensor in (embeddings, embeddings2, target, target2)}
    if len(shapes) > 1 or embeddings.ndim != 2 or weight.shape != embeddings.shape[:1]:
        raise InputError(
            f"pairs of shapes {sorted(map(list, shapes))} with weights {list(weight.shape)}: all four must be [p, d] "
            "and the weights [p]; give one row for each pair"
        )
    residual, residual2 = embeddings - target, embeddings2 - target2
    if mean is not None:
        residual, residual2 = residual - mean, residual2 - mean
    lengths_squared = (residual.square().sum(1) + 1e-8) * (residual2.square().sum(1) + 1e-8)  # smooth at 0
    cosine = (residual * residual2).sum(1) * lengths_squared.rsqrt()
    return (weight * (1 - cosine)).sum() / weight.sum().clamp(min=1)


def pair_weights(distance: Tensor, size: Tensor) -> Tensor:
    """How much each pair counts: min(1, |c - c'| / s) [p]; near the axis both pieces are the same, and it fades.

    Args:
        distance: [p] in heights, from each cutout's centre to its image's (`Symmetry.fixed_distance`).
        size: [p] in heights, the side of each cutout, above 0.

    >>> import torch
    >>> pair_weights(torch.tensor([0.0, 0.4, 2.0]), torch.tensor([0.8, 0.8, 0.8]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return (distance / size).clamp(max=1)


def _evaluate(sight: Sight) -> Tensor:
    wanted = targets(sight.shares, sight.texts)
    first, second = sight.pairs.unbind(1)
    return semantic_symmetry(
        sight.embeddings[first],
        sight.embeddings[second],
        wanted[first],
        wanted[second],
        sight.pair_weights,
        mean=sight.residual_mean,
    )


SEMANTIC_SYMMETRY = Objective("semantic_symmetry", "embeddings", _evaluate)
