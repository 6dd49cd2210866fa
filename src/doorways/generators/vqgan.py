"""VQGAN: a latent of code vectors, snapped to a codebook, decoded by a convolutional network.

Esser, Rombach and Ommer, "Taming transformers for high-resolution image synthesis" (2021). The network is the one that
diffusers calls `VQModel`; CompVis' and flax' checkpoints are renamed into it (`taming.py`, `flax_vqgan.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor, nn

from doorways.generators import networks
from doorways.generators.base import LEARNING_RATES, Loader, check_size, from_picture, resample, to_picture
from doorways.generators.frozen import Chain, frozen
from doorways.models.fingerprint import fingerprint
from doorways.models.folder import class_of, load_module, read_config

if TYPE_CHECKING:
    import diffusers

LARGEST_LOOKUP, LARGEST_LOOKUP_ON_GPU = 1 << 19, 1 << 26
"""Most distances (cells times codes) held at once: what stays in a processor's caches; 256 MiB of float32."""


class VQGAN:
    """A generator whose latent `[n, d, H / factor, W / factor]` is snapped to the nearest codes as it is decoded.

    The gradient passes the snapping straight through. Latents stay float32, and so does the look-up, whatever the
    precision of the network.

    Args:
        model: a `VQModel`, ours or diffusers'; its weights are frozen here.
        logits: for Gumbel models, the 1x1 convolution from the encoder's output to one logit per code; the codes
            of a picture are then those of the largest logits instead of the nearest ones.
    """

    def __init__(
        self,
        model: networks.VQModel | diffusers.VQModel,
        *,
        name: str = "vqgan",
        logits: nn.Conv2d | None = None,
    ) -> None:
        self.name = name
        self.model = model = networks.own(model).eval().requires_grad_(False)
        self.logits = None if logits is None else logits.eval().requires_grad_(False)
        self.factor: int = 2 ** (len(model.config.block_out_channels) - 1)
        self.fingerprint = fingerprint(model, logits)
        known = isinstance(model, networks.VQModel)
        self.chain = frozen(model.decoder) if known else None
        self.encoder = frozen(model.encoder) if known else model.encoder
        self.codes = model.quantize.embedding.weight.detach().float().clone()
        """Codebook `[k, d]`, float32."""
        unit = bool((self.codes.norm(dim=1) - 1).abs().amax() < 0.01)
        self.learning_rate = LEARNING_RATES["vqgan-unit" if unit else "vqgan"]
        self._half_squares = self.codes.square().sum(1) / 2
        self._reach = reach_of_cube(self.codes)

    def encode(self, picture: Tensor) -> Tensor:
        """The codes of `picture`, as a latent: what `decode` makes of it does not change by snapping again."""
        pixels = from_picture(picture, self.factor).to(self.model.dtype)
        hidden = self.model.quant_conv(self.encoder(pixels))
        if self.logits is None:
            return self.snap(hidden.float())
        return self.codes[self.logits(hidden).argmax(1)].movedim(-1, 1).contiguous()

    def decode(self, latent: Tensor) -> Tensor:
        """The picture `[n, 3, H, W]` of `latent`, which is snapped to the nearest codes first."""
        codes = latent + (self.snap(latent.detach()) - latent).detach()
        codes = codes.to(self.model.dtype)
        hidden = self.model.post_quant_conv(codes)
        if self.chain is not None:
            return to_picture(self.chain(hidden))
        conditioning = codes if self.model.config.norm_type == "spatial" else None
        return to_picture(self.model.decoder(hidden, conditioning))

    @torch.no_grad()
    def snap(self, latent: Tensor) -> Tensor:
        """The codes nearest to the cells of `latent`, in the same shape; no gradient.

        The nearest code is the one with the largest dot product less half its square: a matrix product, in parts of
        `LARGEST_LOOKUP` distances. Of codes that are all corners of a cube it is the one with the cell's signs.
        """
        if self._reach is not None:
            return torch.where(latent >= 0, self._reach, -self._reach)
        cells = latent.movedim(1, -1)
        most = LARGEST_LOOKUP if latent.device.type == "cpu" else LARGEST_LOOKUP_ON_GPU
        rows = max(1, most // len(self.codes))
        nearest = [
            torch.addmm(-self._half_squares, part, self.codes.T).argmax(1)
            for part in cells.reshape(-1, self.codes.shape[1]).split(rows)
        ]
        return self.codes[torch.cat(nearest)].view(cells.shape).movedim(-1, 1).contiguous()

    def random_latent(self, width: int, height: int, rng: torch.Generator) -> Tensor:
        """A random code in every cell."""
        check_size(width, height, self.factor)
        shape = (1, height // self.factor, width // self.factor)
        chosen = torch.randint(len(self.codes), shape, generator=rng, device=rng.device)
        return self.codes[chosen.to(self.codes.device)].movedim(-1, 1).contiguous()

    def resize(self, latent: Tensor, width: int, height: int) -> Tensor:
        """`latent` resampled bilinearly between its (unsnapped) cells."""
        return resample(latent, width, height, self.factor)

    @torch.no_grad()
    def clamp_(self, latent: Tensor) -> Tensor:
        """Keeps every channel within the range of the codebook's same channel."""
        low, high = (bound.view(1, -1, 1, 1) for bound in self.codes.aminmax(dim=0))
        return latent.copy_(latent.clamp(low, high))

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """Moves the network and the codebook; the codebook stays float32."""
        nn.Module.to(self.model, device=device, dtype=dtype)
        for part in (self.encoder, self.chain):
            if isinstance(part, Chain):
                part.to(device, dtype)
        if self.logits is not None:
            self.logits.to(device=device, dtype=dtype)
        self.codes, self._half_squares = self.codes.to(device), self._half_squares.to(device)
        return self


def reach_of_cube(codes: Tensor) -> float | None:
    """How far the corners of a cube are from the middle in each channel, if `codes` [k, d] are all of its corners.

    Zhao, Xiong and Krahenbuhl, "Image and video tokenization with binary spherical quantization" (2024).

    >>> reach_of_cube(torch.tensor([[0.5, 0.5], [-0.5, 0.5], [0.5, -0.5], [-0.5, -0.5]]))
    0.5
    >>> reach_of_cube(torch.tensor([[0.5, 0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]]))
    """
    count, channels = codes.shape
    reach = float(codes.abs().amax())
    if count != 2**channels or not torch.equal(codes.abs(), torch.full_like(codes, reach)):
        return None
    corners = (codes > 0).float() @ 2.0 ** torch.arange(channels, device=codes.device)
    return reach if bool(corners.long().bincount(minlength=count).all()) else None


def load(folder: Path) -> VQGAN:
    """The VQGAN of a diffusers `VQModel` folder (`config.json` and its safetensors file)."""
    config = read_config(folder)
    return VQGAN(load_module(networks.kind_of("VQModel", config), config, folder), name=folder.name)


loader = Loader(recognises=lambda path: class_of(path) == "VQModel", load=load)
