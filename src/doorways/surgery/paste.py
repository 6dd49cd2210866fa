"""Paste: lay another picture into a region."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from doorways.pictures import Fit, fit, read_layer
from doorways.size import Size
from doorways.surgery.fields import File, Share
from doorways.surgery.operation import Operation


def paste(picture: Tensor, area: Tensor, layer: Tensor, how: Fit = "crop", *, opacity: float = 1.0) -> Tensor:
    """`picture` with `layer` laid into `area`, where the layer is opaque.

    Args:
        layer: [1, 4, h, w] in [0, 1], the last channel its opacity; scaled to the box around `area`.
        how: `crop` fills the box and cuts off what is too much, `fit` shows all of the layer in the middle of it,
            `stretch` distorts it.
        opacity: of the whole layer.
    """
    rows, columns = _span(area.amax(-1)), _span(area.amax(-2))
    box = Size(columns.stop - columns.start, rows.stop - rows.start)
    # Colours count by their opacity while they are resampled: those of clear pixels must not bleed in.
    inked = torch.cat([layer[:, :3] * layer[:, 3:], layer[:, 3:]], 1)
    placed = picture.new_zeros(1, 4, *picture.shape[-2:])
    placed[..., rows, columns] = _centred(inked, box) if how == "fit" else fit(inked, box, how)
    shown = placed * area * opacity
    return ((1 - shown[:, 3:]) * picture + shown[:, :3]).clamp(0, 1)


def _centred(layer: Tensor, box: Size) -> Tensor:
    """All of `layer` in the middle of a box that is clear elsewhere."""
    tall, wide = layer.shape[-2:]
    scale = min(box.width / wide, box.height / tall)
    inner = Size(max(1, round(wide * scale)), max(1, round(tall * scale)))
    left, top = (box.width - inner.width) // 2, (box.height - inner.height) // 2
    centred = layer.new_zeros(1, layer.shape[1], box.height, box.width)
    centred[..., top : top + inner.height, left : left + inner.width] = fit(layer, inner, "stretch")
    return centred


def _span(line: Tensor) -> slice:
    """From the first place of a line that is not 0 to the last."""
    places = line.flatten().nonzero()
    return slice(int(places[0]), int(places[-1]) + 1)


class Paste(Operation):
    """Lay another picture into the region, scaled to it; its transparency is kept."""

    picture: File = Field(description="The file, of any kind and size.")
    fit: Fit = Field("crop", description="How it fills the region: crop, fit or stretch.")
    opacity: Share = Field(1.0, description="1 covers what is beneath; 0 does not show.")

    def operate(self, picture: Tensor) -> Tensor:
        return paste(picture, self.area(picture), read_layer(self.picture), self.fit, opacity=self.opacity)
