"""Fourier pixels: a picture as its spectrum, with no weights at all.

Optimising frequencies instead of pixels, scaled so that large shapes move as easily as small ones, and colours along
axes that are independent in photographs, gives smooth pictures where bare pixels give noise (Olah, Mordvintsev and
Schubert, "Feature visualization", 2017).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from doorways.generators.base import LEARNING_RATES, Loader, check_size
from doorways.transfer import sent

COLOURS = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-0.5, 1.0, -0.5]]) / torch.tensor(
    [[1.0], [2.0], [3.0]]
)
"""Rows: light, warm against cold, green against magenta; how far each reaches falls as it does in photographs."""
START = 0.02
"""Deviation of a random spectrum's values: the picture begins near grey."""


class Fourier:
    """A generator whose latent is a spectrum, float32 `[1, 3, 2, H, W // 2 + 1]` (real and imaginary part).

    A coefficient's wave has the same size, in canvas heights, and the same strength whatever the resolution, so a
    spectrum grows with its canvas by adding finer waves.
    """

    factor = 2
    periodic = True
    """Its waves go on over the edges: the right one continues at the left one, the upper one at the lower one."""
    learning_rate = LEARNING_RATES["fourier"]
    fingerprint = "none"

    def __init__(self, *, name: str = "fourier") -> None:
        self.name = name
        self.device = torch.device("cpu")

    def encode(self, picture: Tensor) -> Tensor:
        """The spectrum of `picture`; values nearer than 1/500 to black or white are moved that far off."""
        height, width = picture.shape[-2:]
        check_size(width, height, self.factor)
        logits = picture.float().clamp(1 / 500, 1 - 1 / 500).logit()
        mixed = torch.einsum("nchw,ca->nahw", logits, torch.linalg.inv(COLOURS).to(logits))
        spectrum = torch.fft.rfft2(mixed, norm="forward")
        strength = _strength(height, width, logits.device, logits.dtype)
        parts = torch.stack([spectrum.real, spectrum.imag], 2)
        return parts / strength

    def decode(self, latent: Tensor) -> Tensor:
        """The picture `[n, 3, H, W]` of a spectrum."""
        height, width = latent.shape[-2], 2 * (latent.shape[-1] - 1)
        strength = _strength(height, width, latent.device, latent.dtype)
        real, imaginary = (latent * strength).unbind(2)
        mixed = torch.fft.irfft2(torch.complex(real, imaginary), s=(height, width), norm="forward")
        return torch.einsum("nahw,ac->nchw", mixed, sent(COLOURS, mixed.device, mixed.dtype)).sigmoid()

    def random_latent(self, width: int, height: int, rng: torch.Generator) -> Tensor:
        """Independent normal values: soft clouds."""
        check_size(width, height, self.factor)
        shape = (1, 3, 2, height, width // 2 + 1)
        return (torch.randn(shape, generator=rng, device=rng.device) * START).to(self.device)

    def resize(self, latent: Tensor, width: int, height: int) -> Tensor:
        """The same waves on a canvas of `width` by `height` pixels: finer ones are added as zeros, or dropped.

        The very finest, whose phase the smaller grid cannot show, are dropped as well.
        """
        check_size(width, height, self.factor)
        rows, columns = latent.shape[-2:]
        if (rows, columns) == (height, width // 2 + 1):
            return latent.clone()
        common = min(rows, height)
        up, down, across = (common + 1) // 2, (common - 1) // 2, min(columns, width // 2 + 1) - 1
        grown = latent.new_zeros(*latent.shape[:-2], height, width // 2 + 1)
        grown[..., :up, :across] = latent[..., :up, :across]
        grown[..., height - down :, :across] = latent[..., rows - down :, :across]
        return grown

    @torch.no_grad()
    def clamp_(self, latent: Tensor) -> Tensor:
        """Leaves `latent` as it is: every spectrum is a picture."""
        return latent

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """Notes where random spectra are put; transforms stay float32."""
        self.device = torch.device(device)
        return self


@lru_cache(maxsize=8)
def _strength(height: int, width: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """What a coefficient of 1 is worth, `[H, W // 2 + 1]` for even sides: one over its waves per canvas height."""
    with torch.inference_mode(False):  # it is kept, and gradients may be wanted through it later
        down = torch.fft.fftfreq(height, 1 / height)
        across = torch.fft.rfftfreq(width, 1 / width) * (height / width)
        strength = 1 / torch.hypot(down[:, None], across[None, :]).clamp(min=min(1.0, height / width))
        return strength.to(device, dtype)


def load(path: Path) -> Fourier:
    """Fourier pixels need no file."""
    return Fourier()


loader = Loader(recognises=lambda path: False, load=load, needs_files=False)
