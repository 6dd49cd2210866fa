"""What windows change in a picture whose generator attends: `python -m bench.attention`.

A place attends to every other one of the canvas where all of it is decoded at once, and to those of its tile or window where
it is not. How much that changes is measured on VQGAN f16-16384 (an attention in the middle and three in the first block of
its decoder) with random weights and random codes, in three forms: without attention, which is what halos and held moments
change; as torch draws its weights, which attend almost evenly; and peaked: queries and keys are made larger until a place
attends to few others, as in trained models, and values and outputs until what is seen is of the size of what is there.
Peaked as random weights are, attention is at its worst: what a place seeks lies as likely at the other end of the canvas as
beside it, so that most of it is beyond the tile, and where it is not found something quite different is taken. In a picture
what is alike lies together; how much of that trained weights leave is not known from random ones.

Protocol. Codes are drawn for a canvas wider than the window. Its picture decoded tile by tile, as a finished painting is, is
compared with the exact decode of all at once: the mean and the largest difference of pixel values in [0, 1], the mean in the
columns within half a cell of borders between tiles and in all others, the standard deviation of the exact picture, which
is what random weights have of contrast, and the seams as `bench.windows` measures them. So is a window as a step decodes it:
its pixels, and the gradient of a random sum of its pixels with respect to its own cells, as the norm of the difference over
that of the exact one, and as the cosine between the two. Of the attentions, in the exact decode: to how many places one attends
(the exponential of the entropy), how much of it is beyond its tile, and the norm of what they add over the norm of what they
add it to, each as the mean over attentions and places. No targets.

Leaves docs/bench/attention.json.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from cyclopts import App
from torch import Tensor

from bench import shapes
from bench.results import FOLDER, report
from bench.windows import jump
from doorways.generators.attention import Attention
from doorways.generators.parts import PartDecoder
from doorways.generators.vqgan import VQGAN
from doorways.size import Size
from doorways.windows import HALO

FORMS: dict[str, tuple[float, float]] = {
    "no attention": (1.0, 0.0),
    "even": (1.0, 1.0),
    "peaked": (9.0, 3.0),
}
"""Factors of the attention's logits, and of what it adds."""


def generator(name: str, form: str) -> VQGAN:
    """The random VQGAN called `name`, with attention of one of the `FORMS`."""
    made = VQGAN(shapes.random_vqgan(name), name=name)
    sharper, larger = FORMS[form]
    for layer in attentions(made):
        for part, factor in (
            (layer.to_q, sharper),
            (layer.to_k, sharper),
            (layer.to_v, larger),
            (layer.to_out[0], larger),
        ):
            scale(part, factor**0.5)
    return made


def attentions(made: VQGAN) -> list[Attention]:
    """Those of the decoder."""
    assert made.chain is not None
    return [layer for layer in made.chain.modules() if isinstance(layer, Attention)]


def scale(layer: torch.nn.Module, factor: float) -> None:
    """Multiplies a layer's weights."""
    for weight in layer.parameters():
        weight.mul_(factor)


@contextmanager
def watched(made: VQGAN, tiles: list[tuple[int, int]], halo: int) -> Iterator[list[dict[str, float]]]:
    """A list that is told of every attention inside: places attended to, share beyond the tile, size of what is added."""
    found: list[dict[str, float]] = []

    def tell(layer: Attention, given: tuple[Tensor], result: Tensor) -> None:
        x = given[0]
        height, width = x.shape[2:]
        places = layer.norm(x).flatten(2).transpose(1, 2)[0]
        logits = layer.to_q(places) @ layer.to_k(places).T / x.shape[1] ** 0.5
        shares = logits.softmax(1)
        entropy = torch.special.entr(shares).sum(1)
        near = torch.zeros(width, width)
        for start, stop in tiles:
            near[start:stop, max(0, start - halo) : stop + halo] = 1
        found.append(
            {
                "places": float(entropy.exp().mean()),
                "beyond": float(1 - (shares * near.repeat(height, height)).sum(1).mean()),
                "added": float((result - x).norm() / x.norm()),
            }
        )

    hooks = [layer.register_forward_hook(tell) for layer in attentions(made)]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def measure(name: str, form: str, size: Size, window: int) -> dict[str, Any]:
    """How far tiles and a window are from the exact decode."""
    made, rng = generator(name, form), torch.Generator().manual_seed(0)
    factor, cells = made.factor, size.width // made.factor
    decoder = PartDecoder(made, window // factor)
    tiles = decoder.tiles(cells)
    drawn = torch.randint(len(made.codes), (1, size.height // factor, cells), generator=rng)
    latent = made.codes[drawn].movedim(-1, 1).contiguous()
    with torch.no_grad():
        with watched(made, tiles, decoder.halo) as attended:
            exact = made.decode(latent)
        moments = decoder.pooled(decoder.survey(latent), cells)
        picture = torch.cat([tile for *_, tile in decoder.pictures(latent, moments)], 3)
    apart = (picture - exact).abs()
    starts = [start * factor for start, _ in tiles][1:]
    borders = torch.zeros(size.width, dtype=torch.bool)
    for start in starts:
        borders[start - factor // 2 : start + factor // 2] = True
    return {
        "form": form,
        "attention": {
            key: statistics.fmean(one[key] for one in attended) for key in ("places", "beyond", "added")
        },
        "deviation": float(exact.std()),
        "mean": float(apart.mean()),
        "largest": float(apart.max()),
        "at borders": float(apart[..., borders].mean()),
        "elsewhere": float(apart[..., ~borders].mean()),
        "seam": jump(picture, starts, factor),
        "seam of the exact decode": jump(exact, starts, factor),
        **step(decoder, latent, moments, exact, rng),
    }


def step(
    decoder: PartDecoder, latent: Tensor, moments: Tensor, exact: Tensor, rng: torch.Generator
) -> dict[str, float]:
    """How far a window in the middle is from the exact decode as a step decodes it, and its gradient."""
    factor, cells = decoder.generator.factor, latent.shape[3]
    width = max(1, decoder.most - 2 * HALO)
    start = (cells - width) // 2
    seen = slice(start * factor, (start + width) * factor)
    ray = torch.randn(exact[..., seen].shape, generator=rng)

    moving = latent.clone().requires_grad_()
    whole = decoder.generator.decode(moving)[..., seen]
    (expected,) = torch.autograd.grad((whole * ray).sum(), moving)
    part, left, _ = decoder.around(moving, start, start + width, HALO)
    window = decoder.decode(part, moments)[..., left * factor : (left + width) * factor]
    (found,) = torch.autograd.grad((window * ray).sum(), moving)
    expected, found = (slope[..., start : start + width].flatten() for slope in (expected, found))
    return {
        "mean in a step": float((window - whole).detach().abs().mean()),
        "gradient": float((found - expected).norm() / expected.norm()),
        "cosine": float(torch.cosine_similarity(found, expected, 0)),
    }


def run(
    *, size: str = "2048x128", window: int = 1024, name: str = "random-f16-16384", out: Path = FOLDER
) -> bool:
    """Measures how far windows are from the exact decode where the generator attends.

    Args:
        size: of the canvas.
        window: columns decoded at once.
        name: which of the random VQGANs.
        out: folder for attention.json.
    """
    canvas = Size.parse(size)
    found = [measure(name, form, canvas, window) for form in FORMS]
    keys = ("deviation", "mean", "largest", "at borders", "elsewhere", "mean in a step")
    rows: list[list[Any]] = [
        [f"{key} of the attentions", *(one["attention"][key] for one in found)]
        for key in ("places", "beyond", "added")
    ]
    rows += [[f"{key}, of 255", *(255 * one[key] for one in found)] for key in keys]
    plain = ("seam", "seam of the exact decode", "gradient", "cosine")
    rows += [[key, *(one[key] for one in found)] for key in plain]
    return report(
        "attention",
        f"{canvas} in windows of {window} columns, {name}, beside the exact decode",
        ["", *FORMS],
        rows,
        data={"protocol": __doc__, "size": size, "window": window, "forms": found},
        out=out,
    )


if __name__ == "__main__":
    app = App(name="bench.attention")
    app.default(run)
    raise SystemExit(0 if app(result_action="return_value") else 1)
