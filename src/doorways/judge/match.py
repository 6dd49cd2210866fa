"""How well a picture shows its prompts, and where."""

from __future__ import annotations

from torch import Tensor

from doorways.judge.squares import HEIGHTS


def curve(embeddings: Tensor, words: Tensor) -> list[float]:
    """The match of a prompt at each position: the largest of its cosines at the heights of each x.

    Args:
        embeddings: unit vectors [p * HEIGHTS, d] of the squares `along` x, in their order.
        words: the prompt's unit vector [d].

    Returns: p numbers in [-1, 1], from left to right. The level of a curve is the perceptor's own; where it rises and
        falls is the picture's.

    >>> import torch
    >>> [round(c, 1) for c in curve(torch.eye(2)[[0, 1, 1, 1, 1, 1]], torch.tensor([0.6, 0.8]))]
    [0.8, 0.8]
    """
    best: list[float] = (embeddings @ words).view(-1, HEIGHTS).amax(1).tolist()
    return best


def match(own: Tensor, others: Tensor) -> float:
    """The mean over pieces of the cosine to what is wanted there, less the mean cosine to other words.

    Args:
        own: [n], each piece's cosine to its own prompt (to several, each with its share).
        others: [n, k], its cosines to words that nobody asked for here.

    Returns: in [-2, 2]; 0 where a piece is no closer to its prompt than to anything else, and larger the better.

    Less the others, because some pictures lie close to all words alike.

    >>> import torch
    >>> match(torch.tensor([0.75, 0.25]), torch.tensor([[0.25, 0.25], [0.25, 0.25]]))
    0.25
    """
    return float((own - others.mean(1)).mean())
