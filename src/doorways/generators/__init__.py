"""Generators turn a latent, which is what a painting optimises, into a picture."""

from __future__ import annotations

from doorways.generators.base import LEARNING_RATES, Generator, Loader, check_size
from doorways.generators.load import load_generator

__all__ = ["LEARNING_RATES", "Generator", "Loader", "check_size", "load_generator", "register"]


def register() -> None:
    """Registers the built-in kinds of generators."""
    from doorways.generators import autoencoder, flax_vqgan, fourier, taesd, taming, vqgan
    from doorways.registry import generators

    generators.register("vqmodel", vqgan.loader)
    generators.register("autoencoder-kl", autoencoder.kl_loader)
    generators.register("autoencoder-tiny", autoencoder.tiny_loader)
    generators.register("taesd", taesd.loader)
    generators.register("taming", taming.loader)
    generators.register("flax-vqgan", flax_vqgan.loader)
    generators.register("fourier", fourier.loader)
