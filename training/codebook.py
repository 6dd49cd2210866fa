"""The generator's codebook while it is trained: unit vectors that follow the mean of what they stand for.

The nearest code is then the one of the smallest angle (Yu et al. 2022, "Vector-quantized Image Modeling with Improved
VQGAN"), codes are moved by averages and not by gradients (van den Oord et al. 2017, appendix), and a code that nothing
uses takes the place of a random cell.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CODES, WIDTH = 2048, 16
DEAD = 0.03
"""A code that stands for fewer cells than this in an average batch is moved to where one is needed."""


class Codebook(nn.Module):
    """Unit codes [k, d], moved by averages of the cells they stand for."""

    codes: Tensor
    sums: Tensor
    counts: Tensor

    def __init__(self, codes: int = CODES, width: int = WIDTH) -> None:
        super().__init__()
        self.register_buffer("codes", F.normalize(torch.randn(codes, width), dim=-1))
        self.register_buffer("sums", self.codes.clone())
        self.register_buffer("counts", torch.ones(codes))

    def begin(self, codes: Tensor) -> None:
        """Starts from `codes` [k, d], each as if it stood for one cell."""
        self.codes.copy_(codes)
        self.sums.copy_(codes)
        self.counts.fill_(1.0)

    def forward(self, hidden: Tensor, rng: torch.Generator | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Snaps the cells of `hidden` [n, d, h, w] to the nearest codes; learns from them if `rng` is given.

        Returns: the codes [n, d, h, w], the gradient passed straight through; the commitment loss, a scalar in
            [0, 4]; the place of each cell's code [n * h * w].
        """
        cells = F.normalize(hidden.movedim(1, -1), dim=-1)
        flat = cells.reshape(-1, cells.shape[-1])
        places = (flat.detach() @ self.codes.T).argmax(1)
        chosen = self.codes[places].view(cells.shape)
        if rng is not None:
            self.learn(flat.detach(), places, rng)
        commitment = (cells - chosen).square().sum(-1).mean()
        return (cells + (chosen - cells).detach()).movedim(-1, 1), commitment, places

    @torch.no_grad()
    def learn(self, cells: Tensor, places: Tensor, rng: torch.Generator, decay: float = 0.98) -> None:
        """Moves the codes at `places` [m] towards their `cells` [m, d], and dead codes onto random cells."""
        counts = torch.bincount(places, minlength=len(self.codes)).float()
        self.counts.lerp_(counts, 1 - decay)
        self.sums.lerp_(torch.zeros_like(self.sums).index_add_(0, places, cells), 1 - decay)
        dead = (self.counts < DEAD).nonzero()[:, 0]
        fresh = cells[torch.randint(len(cells), (len(dead),), generator=rng)]
        self.sums[dead], self.counts[dead] = fresh, 1.0
        self.codes.copy_(F.normalize(self.sums, dim=-1))
