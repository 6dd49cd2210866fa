"""Continuous autoencoders: `AutoencoderKL` and `AutoencoderTiny` folders of diffusers.

Their latents have no codebook. They are kept at unit variance, as diffusion models see them: a KL autoencoder's
times its `scaling_factor`, TAESD's as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor, nn

from doorways.generators import networks
from doorways.generators.base import LEARNING_RATES, Loader, check_size, from_picture, resample, to_picture
from doorways.generators.frozen import frozen
from doorways.models.fingerprint import fingerprint
from doorways.models.folder import class_of, load_module, read_config

if TYPE_CHECKING:
    import diffusers

LARGEST_KL, LARGEST_TINY = 4.5, 3.0
"""How far latents of unit variance may go: 4.5 deviations; TAESD's decoder saturates at 3."""


class Autoencoder:
    """A generator with a latent `[n, c, H / factor, W / factor]` of unit variance.

    Args:
        model: an `AutoencoderKL`, ours or diffusers', or its `AutoencoderTiny`; its weights are frozen here.
    """

    def __init__(
        self,
        model: networks.AutoencoderKL | diffusers.AutoencoderKL | diffusers.AutoencoderTiny,
        *,
        name: str = "autoencoder",
    ) -> None:
        self.name = name
        self.model = model = networks.own(model).eval().requires_grad_(False)
        config = model.config
        self.is_tiny = type(model).__name__ == "AutoencoderTiny"
        blocks = config.encoder_block_out_channels if self.is_tiny else config.block_out_channels
        self.factor: int = 2 ** (len(blocks) - 1)
        self.channels: int = config.latent_channels
        self.largest = LARGEST_TINY if self.is_tiny else LARGEST_KL
        self.scale: float = 1.0 if self.is_tiny else config.scaling_factor
        self.shift: float = 0.0 if self.is_tiny else (config.shift_factor or 0.0)
        self.learning_rate = LEARNING_RATES["autoencoder"]
        self.fingerprint = fingerprint(model)
        known = isinstance(model, networks.AutoencoderKL)
        self.chain = frozen(model.decoder) if known else None
        self.encoder = frozen(model.encoder) if known else None

    def encode(self, picture: Tensor) -> Tensor:
        """The latent of `picture`: of a KL autoencoder, the mean of its distribution."""
        pixels = from_picture(picture, self.factor).to(self.model.dtype)
        if self.encoder is not None:
            latent = self.model.quant_conv(self.encoder(pixels))[:, : self.channels]
        else:
            encoded = self.model.encode(pixels)
            latent = encoded.latents if self.is_tiny else encoded.latent_dist.mean
        return (latent.float() - self.shift) * self.scale

    def decode(self, latent: Tensor) -> Tensor:
        """The picture `[n, 3, H, W]` of `latent`."""
        raw = (latent / self.scale + self.shift).to(self.model.dtype)
        if self.chain is None:
            return to_picture(self.model.decode(raw).sample)
        return to_picture(self.chain(self.model.post_quant_conv(raw)))

    def random_latent(self, width: int, height: int, rng: torch.Generator) -> Tensor:
        """Independent normal values."""
        check_size(width, height, self.factor)
        shape = (1, self.channels, height // self.factor, width // self.factor)
        return torch.randn(shape, generator=rng, device=rng.device).to(self.model.device)

    def resize(self, latent: Tensor, width: int, height: int) -> Tensor:
        """`latent` resampled bilinearly between its cells."""
        return resample(latent, width, height, self.factor)

    @torch.no_grad()
    def clamp_(self, latent: Tensor) -> Tensor:
        """Keeps every value within `largest`."""
        return latent.clamp_(-self.largest, self.largest)

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """Moves the network."""
        nn.Module.to(self.model, device=device, dtype=dtype)
        for part in (self.encoder, self.chain):
            if part is not None:
                part.to(device, dtype)
        return self


def load_kl(folder: Path) -> Autoencoder:
    """The generator of a diffusers `AutoencoderKL` folder."""
    config = read_config(folder)
    return Autoencoder(
        load_module(networks.kind_of("AutoencoderKL", config), config, folder), name=folder.name
    )


def load_tiny(folder: Path) -> Autoencoder:
    """The generator of a diffusers `AutoencoderTiny` folder."""
    from diffusers import AutoencoderTiny

    return Autoencoder(load_module(AutoencoderTiny, read_config(folder), folder), name=folder.name)


kl_loader = Loader(recognises=lambda path: class_of(path) == "AutoencoderKL", load=load_kl)
tiny_loader = Loader(recognises=lambda path: class_of(path) == "AutoencoderTiny", load=load_tiny)
