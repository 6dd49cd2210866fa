"""What every generator can do, whatever it is made of, and how a kind of generator is registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from doorways.errors import InputError

LEARNING_RATES: dict[str, float] = {
    "vqgan": 0.025,  # the f16 family ("Doorways", Moulton 2021)
    "vqgan-unit": 0.1,  # codes on the unit sphere, as the embedded one's; chosen by eye on two pictures
    "autoencoder": 0.05,  # latents of unit variance without a codebook: KL autoencoders and TAESD
    "fourier": 0.03,
}
"""Adam's step size for each family of latents, used where the recipe names none."""


@runtime_checkable
class Generator(Protocol):
    """Turns a latent, which is what a painting optimises, into a picture.

    Pictures are `[n, 3, H, W]`, sRGB in [0, 1]. Latents are float32 tensors whose shape is the generator's own; of n that
    are one behind the other along the first axis n pictures are decoded, each as if it were alone. The weights are frozen;
    gradients flow from the decoded picture to the latent.
    """

    name: str
    """The spec it was loaded from."""
    factor: int
    """Pixels per latent cell: widths and heights must be multiples of it."""
    learning_rate: float
    """Adam's step size that suits its latents."""
    fingerprint: str
    """Tells these weights from others (`doorways.models.fingerprint`)."""

    def encode(self, picture: Tensor) -> Tensor:
        """The latent that decodes to (nearly) `picture`."""
        ...

    def decode(self, latent: Tensor) -> Tensor:
        """The picture of `latent`, differentiable with respect to it."""
        ...

    def random_latent(self, width: int, height: int, rng: torch.Generator) -> Tensor:
        """A latent to begin with for a canvas of `width` by `height` pixels, drawn from `rng` alone."""
        ...

    def resize(self, latent: Tensor, width: int, height: int) -> Tensor:
        """`latent` resampled for a canvas of `width` by `height` pixels.

        Linear in `latent` and never negative where `latent` is not, since Adam's moments are carried so when the canvas
        grows; what is painted is enlarged as a picture and encoded.
        """
        ...

    def clamp_(self, latent: Tensor) -> Tensor:
        """Brings `latent`, in place, back into the range that the decoder knows; returns it."""
        ...

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """Moves the weights; `dtype` is that of the network alone: latents and pictures stay float32."""
        ...


@dataclass(frozen=True)
class Loader:
    """How one kind of generator is told from others on disk, and loaded.

    `recognises(path)` looks at a folder or a file and says whether it is of this kind; it must be quick and
    execute nothing. `load(path)` gives the generator, on the CPU in float32, weights frozen. A kind with
    `needs_files=False` is asked for by its own name (`fourier`), and `load` gets an empty path.
    """

    recognises: Callable[[Path], bool]
    load: Callable[[Path], Generator]
    needs_files: bool = True


def check_size(width: int, height: int, factor: int) -> None:
    """InputError unless both sides are positive multiples of `factor` pixels.

    >>> check_size(768, 384, 16)
    >>> check_size(770, 384, 16)
    Traceback (most recent call last):
    doorways.errors.InputError: size 770x384: width must be a multiple of 16 for this generator; use 768 or 784
    """
    for side, value in (("width", width), ("height", height)):
        if value < factor or value % factor:
            below = value // factor * factor
            use = f"{below} or {below + factor}" if below > 0 else f"{factor} or more"
            raise InputError(
                f"size {width}x{height}: {side} must be a multiple of {factor} for this generator; use {use}"
            )


class _Clamp(torch.autograd.Function):
    """Clamp to [0, 1] whose gradient is cut only where it points further out."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.clamp(0, 1)

    @staticmethod
    def setup_context(
        ctx: torch.autograd.function.FunctionCtx, inputs: tuple[Tensor], output: Tensor
    ) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> Tensor:
        (gradient,) = gradients
        (x,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradient * (gradient * (x - x.clamp(0, 1)) >= 0)


def to_picture(output: Tensor) -> Tensor:
    """A network's output in [-1, 1] as a float32 picture in [0, 1].

    Values beyond the range are clamped, yet descent can still bring them back: the gradient passes wherever it
    does not push a value further out, so no pixel dies at pure black or white.
    """
    clamped: Tensor = _Clamp.apply((output.float() + 1) / 2)
    return clamped


def from_picture(picture: Tensor, factor: int) -> Tensor:
    """A picture in [0, 1] as a network's input in [-1, 1], its size checked against `factor`."""
    check_size(picture.shape[-1], picture.shape[-2], factor)
    return picture * 2 - 1


def resample(latent: Tensor, width: int, height: int, factor: int) -> Tensor:
    """A spatial latent `[n, c, h, w]` resampled for `width` by `height` pixels: bilinear, antialiased when shrunk."""
    check_size(width, height, factor)
    size = (height // factor, width // factor)
    return torch.nn.functional.interpolate(latent, size, mode="bilinear", align_corners=False, antialias=True)
