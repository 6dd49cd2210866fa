"""Whether the same thing comes again and again along x: the panorama that only repeats itself."""

from __future__ import annotations

import torch
from torch import Tensor

from doorways.judge.squares import Square


def repetition(embeddings: Tensor, squares: tuple[Square, ...]) -> float:
    """The mean over pieces of the largest cosine with another piece of the same row that does not overlap it.

    Args:
        embeddings: unit vectors [n, d] of the pieces.
        squares: where they are; those of one y and side are a row.

    Returns: in [-1, 1]; 1 where every piece stands in its row a second time, and smaller the more each place is a place
        of its own. How small depends on the perceptor: compare pictures that one of them judged. 0 where no row has two
        pieces.
    """
    x, y, side = torch.tensor([(one.x, one.y, one.side) for one in squares], device=embeddings.device).unbind(
        1
    )
    row = ((y[:, None] - y).abs() < 1e-6) & ((side[:, None] - side).abs() < 1e-6)
    apart = row & ((x[:, None] - x).abs() >= side - 1e-6)
    nearest = (embeddings @ embeddings.T).masked_fill(~apart, -torch.inf).amax(1)
    found = nearest[nearest > -torch.inf]
    return float(found.mean()) if len(found) else 0.0
