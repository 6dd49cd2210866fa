"""`--models`: one word for a generator and its perceptors, with what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from doorways.errors import InputError
from doorways.models.catalogue import is_here, known_models
from doorways.models.hub import HUB

GIB = 1 << 30


@dataclass(frozen=True)
class Preset:
    """A generator and perceptors (spec and weight) that go well together."""

    name: str
    generator: str
    perceptors: tuple[tuple[str, float], ...]
    memory_bytes: int
    """What a painting of 768x384 with 32 cutouts takes in float32, weights included, about: `piece` measured on CPU,
    `large` reckoned from it; bf16 takes half."""
    what: str

    @property
    def specs(self) -> tuple[str, ...]:
        """All its specs, each once, the generator first."""
        return tuple(dict.fromkeys((self.generator, *(spec for spec, _ in self.perceptors))))

    @property
    def download_bytes(self) -> int:
        """Bytes to fetch for it on a machine that has nothing yet, about."""
        return _download(self.specs)

    @property
    def missing_bytes(self) -> int:
        """Bytes still to fetch for it on this machine, about."""
        return _download(tuple(spec for spec in self.specs if not is_here(spec)))

    @property
    def note(self) -> str:
        """One sentence on what it is, its download and its memory, to be said before it starts."""
        download = f"{_gigabytes(self.download_bytes)} to download" if self.download_bytes else "no download"
        if self.download_bytes and self.missing_bytes < self.download_bytes:
            rest = self.missing_bytes
            download += f" ({_gigabytes(rest)} still missing)" if rest else " (all here already)"
        memory = f"about {self.memory_bytes / GIB:.0f} GiB of memory at 768x384 (half in bf16)"
        return f"models {self.name}: {self.what}; {download}, {memory}"


_PIECE = (f"{HUB}openai/clip-vit-base-patch32", f"{HUB}openai/clip-vit-base-patch16")

PRESETS = {
    "embedded": Preset(
        "embedded", "embedded", (("embedded", 1.0),), GIB, "the small models that come with doorways"
    ),
    "piece": Preset(
        "piece", f"{HUB}dalle-mini/vqgan_imagenet_f16_16384", tuple((spec, 1.0) for spec in _PIECE), 12 * GIB,
        "the ImageNet VQGAN with CLIP ViT-B/32 and ViT-B/16, as artists of 2021 used them",
    ),
    "large": Preset(
        "large", f"{HUB}dalle-mini/vqgan_imagenet_f16_16384",
        tuple((spec, 1.0) for spec in (
            *_PIECE, f"{HUB}openai/clip-vit-large-patch14", f"{HUB}google/siglip2-base-patch16-224")),
        33 * GIB, "the same with CLIP ViT-L/14 and SigLIP 2 besides",
    ),
}  # fmt: skip


def preset(name: object) -> Preset:
    """The preset called `name`; InputError, listing all names, where there is none.

    >>> preset("piece").generator
    'hub:dalle-mini/vqgan_imagenet_f16_16384'
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise InputError(f"models {name!r}: must be one of {', '.join(PRESETS)}")
    return PRESETS[name]


def _download(specs: tuple[str, ...]) -> int:
    sizes = {model.spec: model.size_bytes for model in known_models()}
    return sum(sizes[spec] for spec in specs if spec.startswith(HUB))


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
