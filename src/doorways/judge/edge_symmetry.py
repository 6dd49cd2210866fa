"""Whether outlines lie in the same places on both sides."""

from __future__ import annotations

from torch import Tensor

from doorways.judge.tone_symmetry import ROWS, tile_correlation
from doorways.objectives.filters import edges, grey
from doorways.symmetry import Symmetry


def edge_symmetry(picture: Tensor, symmetry: Symmetry | None = None, *, rows: int = ROWS) -> float:
    """Pearson correlation of the mean Sobel magnitude of square tiles, of one half and of what the symmetry puts there.

    Args:
        picture: [1, 3, H, W], sRGB in [0, 1].
        symmetry: what pairs places; the mirror if not given.
        rows: tiles from top to bottom.

    Returns: in [-1, 1]; 1 where both halves have as much outline in each place, 0 where they have nothing to do with
        each other or one of them is flat. A correlation, and not the objective's difference, which a blur satisfies.
    """
    return tile_correlation(edges(grey(picture)), symmetry, rows=rows)
