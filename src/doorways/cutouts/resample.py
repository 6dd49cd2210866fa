"""Taking cutouts out of a picture: one antialiased resampling for all of them.

Every pixel of every piece is placed by its cutout's homography, folded back where it lies outside the
canvas, and looked up once in the level of the pyramid that matches the piece's scale.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from doorways.cutouts.appearance import tinted
from doorways.cutouts.geometry import Cutouts
from doorways.cutouts.pyramid import Pyramid, build_pyramid
from doorways.transfer import sent

LANES = 4
"""Parts into which a CPU splits the sampling: they run beside each other, and each holds a gradient of its
own as large as the atlas. Fixed, so that the number of threads does not change the order of any sum here."""


def cut(source: Tensor | Pyramid, cutouts: Cutouts, size_px: int) -> Tensor:
    """The cutouts of a picture as a perceptor sees them.

    Args:
        source: picture [1, 3, H, W] in [0, 1], or its `build_pyramid` where several perceptors look at it.
        cutouts: where and how; drawn for a canvas of this picture's aspect.
        size_px: side of the pieces in pixels, >= 1.

    Returns: [n, 3, size_px, size_px], float32 (float64 for a float64 picture) also under autocast,
        differentiable with respect to the picture; bit for bit repeatable on a CPU.

    Raises:
        ValueError: the picture's aspect is not the cutouts', or `size_px` is not positive.
    """
    if size_px < 1:
        raise ValueError(f"size_px {size_px}: a piece needs at least 1 pixel; use the perceptor's size")
    pyramid = source if isinstance(source, Pyramid) else build_pyramid(source)
    aspect = pyramid.width_px / pyramid.height_px
    if abs(aspect / cutouts.aspect - 1) > 0.02:
        raise ValueError(
            f"picture {pyramid.width_px}x{pyramid.height_px}: cutouts were drawn for a canvas "
            f"{cutouts.aspect:g} times as wide as high; draw them with CutoutSampler(aspect={aspect:g}, ...)"
        )
    with torch.autocast(pyramid.atlas.device.type, enabled=False):
        return tinted(_look_up(pyramid.atlas, _grid(pyramid, cutouts, size_px)), cutouts)


def finest_level(height_px: int, cutouts: Cutouts, size_px: int) -> int:
    """The finest level of the pyramid of a picture `height_px` high that any of the cutouts looks at."""
    return int(_halvings(height_px, cutouts, size_px).min())


def _halvings(height_px: int, cutouts: Cutouts, size_px: int) -> Tensor:
    """int64 [n] how often to halve the picture for its pixels to come nearest to the patch's, in octaves.

    Coarser levels blur, finer ones alias; the nearest comes closest to an antialiased bicubic resize.
    """
    return (cutouts.size * height_px / size_px).log2().round().long().clamp(min=0)


@torch.no_grad()
def _grid(pyramid: Pyramid, cutouts: Cutouts, size_px: int) -> Tensor:
    """[n, size, size, 2] where each patch pixel lies in the atlas, in `grid_sample`'s coordinates [-1, 1]."""
    atlas = pyramid.atlas
    kind = (atlas.device, atlas.dtype)
    levels = _halvings(pyramid.height_px, cutouts, size_px) - pyramid.finest
    boxes = sent(pyramid.boxes[levels.clamp(0, len(pyramid.boxes) - 1)], *kind)
    per_canvas = torch.tensor([1 / cutouts.aspect, 1, 1], dtype=torch.float64)
    homography = sent(per_canvas[:, None] * cutouts.homography, *kind)
    steps = sent((torch.arange(size_px, dtype=torch.float64) * 2 + 1).div(size_px).sub(1), *kind)

    def affine(row: int) -> Tensor:
        across, down, constant = homography[:, row, :, None, None].unbind(1)
        return (constant + across * steps) + down * steps[:, None]

    depth = affine(2)
    places = [affine(axis).div_(depth) for axis in (0, 1)]
    whole = sent(cutouts.overview.nonzero()[:, 0], atlas.device)
    outside = torch.stack([((place[whole] < 0) | (place[whole] > 1)) for place in places]).any(0)

    grid = atlas.new_empty(len(cutouts), size_px, size_px, 2)
    for axis, place in enumerate(places):
        start, extent = boxes[:, axis::2, None, None].unbind(1)
        if axis == 0 and cutouts.wraps:
            place.sub_(0.5 / extent)
            pixel = place.sub_(place.floor()).mul_(extent)
        else:
            place.mul_(0.5)
            pixel = place.sub_(place.round()).abs_().mul_(2 * extent).sub_(0.5)
            pixel = torch.minimum(pixel.clamp_(min=0), extent - 1)
        pixel = pixel.add_(start)
        if len(whole):
            pixel[whole] = pixel[whole].masked_fill(outside, pyramid.grey[axis])
        size = atlas.shape[3 - axis]
        grid[..., axis] = pixel.mul_(2 / size).add_(1 / size - 1)
    return grid


def _look_up(atlas: Tensor, grid: Tensor) -> Tensor:
    """[n, 3, size, size] bilinear samples of `atlas` at `grid` [n, size, size, 2].

    On a CPU `grid_sample` works through its batch in parallel and through all else one by one; with a batch
    of one per cutout its gradient would be one atlas per cutout. A few lanes of equally many rows give both.
    """
    count, size_px = grid.shape[:2]
    lanes = math.gcd(count * size_px, LANES) if atlas.device.type == "cpu" else 1
    rows = grid.reshape(lanes, -1, size_px, 2)
    samples = F.grid_sample(
        atlas.expand(lanes, -1, -1, -1), rows, mode="bilinear", padding_mode="border", align_corners=False
    )
    shape = (count, 3, size_px, size_px)
    if count % lanes == 0:
        return samples.view(lanes, 3, -1, size_px, size_px).transpose(1, 2).reshape(shape)
    return samples.transpose(0, 1).reshape(3, count, size_px, size_px).transpose(0, 1).contiguous()
