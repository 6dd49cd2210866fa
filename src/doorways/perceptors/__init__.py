"""Perceptors embed pictures and texts in one space, so that a picture can be asked how well it shows a text."""

from __future__ import annotations

from doorways.perceptors.base import Loader, Perceptor
from doorways.perceptors.load import load_perceptor

__all__ = ["Loader", "Perceptor", "load_perceptor", "register"]


def register() -> None:
    """Registers the built-in kinds of perceptors."""
    from doorways.perceptors import clip, embedded, siglip
    from doorways.registry import perceptors

    perceptors.register("clip", clip.loader)
    perceptors.register("siglip", siglip.loader)
    perceptors.register("siglip2", siglip.naflex_loader)
    perceptors.register("embedded", embedded.loader)
