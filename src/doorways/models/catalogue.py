"""The models that are known to paint well, and what to know of each before it is fetched.

Any other model of a kind that can be loaded may be named as well: the catalogue recommends, it does not limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from doorways.errors import InputError
from doorways.models.hub import HUB, Repository
from doorways.models.specs import EMBEDDED, embedded_folder


@dataclass(frozen=True)
class Model:
    """A model: its spec, what it is, and on what terms."""

    spec: str
    role: Literal["generator", "perceptor"]
    what: str
    size_bytes: int
    """Bytes to fetch (about, for models of the hub); for embedded ones, bytes in the package."""
    licence: str
    source: str

    @property
    def is_here(self) -> bool:
        """Whether it can be loaded without a download."""
        return is_here(self.spec)


_MIT, _APACHE = "MIT", "Apache-2.0"
_IMAGENET_TERMS = "MIT (code); trained on ImageNet, whose terms are for research"

_ON_THE_HUB = (
    Model(
        f"{HUB}dalle-mini/vqgan_imagenet_f16_16384", "generator",
        "VQGAN of ImageNet, factor 16, 16,384 codes: what artists of 2021 painted with", 304_000_000,
        _IMAGENET_TERMS, "CompVis taming-transformers, as ported to flax for DALL-E mini",
    ),
    Model(
        f"{HUB}flax-community/vqgan_f16_16384", "generator",
        "the same, trained further on captioned photographs: better people, less of ImageNet's strangeness",
        304_000_000, _IMAGENET_TERMS, "DALL-E mini's authors",
    ),
    Model(
        f"{HUB}amused/amused-512/vqvae", "generator",
        "VQGAN of the aMUSEd text-to-image model, factor 16, 8,192 codes", 293_000_000,
        "OpenRAIL++ (use-based restrictions)", "aMUSEd's authors",
    ),
    Model(
        f"{HUB}stabilityai/sd-vae-ft-mse", "generator",
        "Stable Diffusion's KL autoencoder, factor 8: fine detail, a weak prior", 335_000_000, _MIT, "Stability AI",
    ),
    Model(
        f"{HUB}madebyollin/taesd", "generator",
        "TAESD, a tiny copy of that autoencoder: fast previews", 9_800_000, _MIT, "Ollin Boer Bohan",
    ),
    Model(
        f"{HUB}openai/clip-vit-base-patch32", "perceptor",
        "CLIP ViT-B/32 at 224 px: the fastest of the classics", 608_000_000, _MIT, "OpenAI",
    ),
    Model(
        f"{HUB}openai/clip-vit-base-patch16", "perceptor",
        "CLIP ViT-B/16 at 224 px: finer, three times the work", 601_000_000, _MIT, "OpenAI",
    ),
    Model(
        f"{HUB}openai/clip-vit-large-patch14", "perceptor",
        "CLIP ViT-L/14 at 224 px: knows most, for GPUs", 1_713_000_000, _MIT, "OpenAI",
    ),
    Model(
        f"{HUB}laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "perceptor",
        "CLIP ViT-B/32 trained on LAION-2B at 224 px", 608_000_000, _MIT, "LAION",
    ),
    Model(
        f"{HUB}google/siglip-base-patch16-224", "perceptor",
        "SigLIP ViT-B/16 at 224 px", 815_000_000, _APACHE, "Google",
    ),
    Model(
        f"{HUB}google/siglip2-base-patch16-224", "perceptor",
        "SigLIP 2 ViT-B/16 at 224 px: many languages", 1_535_000_000, _APACHE, "Google",
    ),
)  # fmt: skip


def known_models() -> tuple[Model, ...]:
    """The embedded models, the one that needs no weights, and those of the hub."""
    return (
        Model("embedded", "generator", "the VQGAN that comes with doorways", _bytes("embedded"),
              _MIT, "trained by training/"),
        Model("fourier", "generator", "Fourier pixels: no network and no prior", 0, _MIT, "part of doorways"),
        Model("embedded", "perceptor", "the perceptor that comes with doorways", _bytes("embedded", "perceptor"),
              _MIT, "trained by training/"),
        Model("embedded-judge", "perceptor", "a second one that judges pictures and does not paint",
              _bytes("embedded-judge"), _MIT, "trained by training/"),
        *_ON_THE_HUB,
    )  # fmt: skip


def find(spec: str) -> tuple[Model, ...]:
    """The known models with this spec (`embedded` is two); InputError, listing all specs, where there is none."""
    if found := tuple(model for model in known_models() if model.spec == spec.strip()):
        return found
    specs = ", ".join(dict.fromkeys(model.spec for model in known_models()))
    raise InputError(f"model {spec!r} is not in the catalogue; known are {specs}")


def is_here(spec: str) -> bool:
    """Whether a spec of any sort can be loaded without a download."""
    if spec == "fourier":
        return True
    if spec in EMBEDDED:
        return all(folder.is_dir() for folder in _folders(spec))
    if spec.startswith(HUB):
        return Repository.parse(spec).cached() is not None
    return Path(spec).expanduser().exists()


def _folders(spec: str) -> list[Path]:
    return [embedded_folder(name, must_exist=False) for name in EMBEDDED[spec]]


def _bytes(spec: str, only: str = "generator") -> int:
    """Bytes of an embedded model in this installation; 0 where it is missing."""
    names = EMBEDDED[spec] if len(EMBEDDED[spec]) == 1 else (only,)
    folders = (embedded_folder(name, must_exist=False) for name in names)
    return sum(file.stat().st_size for folder in folders for file in folder.glob("*") if file.is_file())
