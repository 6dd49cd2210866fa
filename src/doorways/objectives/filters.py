"""Grey, blurred and edge pictures: what the objectives on pictures look at. All keep symmetric pictures symmetric."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from doorways.errors import InputError


def grey(picture: Tensor) -> Tensor:
    """Luma (Rec. 601) [n, 1, H, W] of pictures [n, 3, H, W]; in [0, 1] as they are."""
    if picture.ndim != 4 or picture.shape[1] != 3:
        raise InputError(f"picture of shape {list(picture.shape)}: must be [n, 3, H, W], sRGB in [0, 1]")
    red, green, blue = picture[:, 0:1], picture[:, 1:2], picture[:, 2:3]
    return 0.299 * red + 0.587 * green + 0.114 * blue


def blur(image: Tensor, sigma_px: float, *, wraps: bool = False) -> Tensor:
    """Gaussian blur of images [n, 1, H, W], sampled every third of its standard deviation `sigma_px` (in pixels).

    Returns: [n, 1, h, w] with h <= H and w <= W: what a blur leaves is told by that many samples, and two matrix
        products give them many times faster than convolutions give every pixel. Samples are spread evenly, so that
        the blur of a flipped image is flipped. Beyond the border the image is reflected; with `wraps`, left and
        right join.
    """
    if not (math.isfinite(sigma_px) and sigma_px > 0):
        raise InputError(
            f"blur of {sigma_px} pixels: must be finite and above 0; sigma is a fraction of the height"
        )
    down = _blur_matrix(image.shape[2], sigma_px, False, image.dtype, image.device)
    across = _blur_matrix(image.shape[3], sigma_px, wraps, image.dtype, image.device)
    return down @ (image @ across.T)


@lru_cache(maxsize=32)
def _blur_matrix(size: int, sigma_px: float, wraps: bool, dtype: torch.dtype, device: torch.device) -> Tensor:
    """[samples, size]: each row the Gaussian around one sample, folded back at the borders, with sum 1."""
    radius = math.ceil(4 * sigma_px)
    samples = min(size, math.ceil(3 * size / sigma_px))
    with torch.inference_mode(False):  # the matrix is kept, and gradients may be wanted through it later
        pixels = torch.arange(-radius, size + radius, dtype=torch.float64) + 0.5
        centres = (torch.arange(samples, dtype=torch.float64) + 0.5) * size / samples
        steps = (pixels - centres[:, None]) / sigma_px
        gaussians = torch.exp(-(steps**2) / 2) * (steps.abs() < 4)  # tails too small for float32 are slow
        folded = gaussians.new_zeros(samples, size).index_add_(
            1, _folded(size, radius, wraps=wraps), gaussians
        )
        return (folded / folded.sum(1, keepdim=True)).to(device, dtype)


def edges(image: Tensor, *, wraps: bool = False) -> Tensor:
    """Sobel magnitude [n, 1, H, W] of images [n, 1, H, W]: change of tone per pixel; its gradient at 0 is 0."""
    padded = _padded(_padded(image, 1, dim=3, wraps=wraps), 1, dim=2)
    across = _smoothed((padded[..., 2:] - padded[..., :-2]) / 2)
    down = _smoothed((padded[..., 2:, :] - padded[..., :-2, :]).mT / 2).mT
    return (across.square() + down.square() + 1e-12).sqrt()


def _smoothed(slope: Tensor) -> Tensor:
    """The other half of Sobel's filter: (1, 2, 1) / 4 down the image."""
    return (slope[..., :-2, :] + 2 * slope[..., 1:-1, :] + slope[..., 2:, :]) / 4


def _padded(image: Tensor, radius: int, *, dim: int, wraps: bool = False) -> Tensor:
    """`image` with `radius` more pixels on both sides of `dim`, wrapped or reflected."""
    return image.index_select(dim, _padding(image.shape[dim], radius, wraps, image.device))


@lru_cache(maxsize=32)
def _padding(size: int, radius: int, wraps: bool, device: torch.device) -> Tensor:
    """`_folded`, kept on the device."""
    with torch.inference_mode(False):
        return _folded(size, radius, wraps=wraps).to(device)


def _folded(size: int, radius: int, *, wraps: bool) -> Tensor:
    """Which of `size` pixels stands at each of -radius ... size + radius - 1, folded back as often as it takes."""
    index = torch.arange(-radius, size + radius)
    if wraps:
        return index % size
    index = index % (2 * size)
    return index.minimum(2 * size - 1 - index)
