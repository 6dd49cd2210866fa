"""The embedded perceptors: a small convolutional tower for pictures and a bag of words for texts, in one space.

The picture tower is made for small CPUs (dense 3x3 convolutions) and is trained to keep its answer under attack
(`training/perceptor.py`): only such a perceptor has gradients that look like things (Santurkar et al. 2019,
"Image Synthesis with a Single (Robust) Classifier").
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from doorways.errors import InputError
from doorways.models.fingerprint import fingerprint
from doorways.perceptors.words import Words, split_words

MODEL_TYPE = "doorways-tower"


@dataclass(frozen=True)
class TowerConfig:
    """Shape of a tower: `channels` and `blocks` of its stages, each at half the resolution of the one before."""

    channels: tuple[int, ...] = (48, 96, 192)
    blocks: tuple[int, ...] = (2, 2, 3)
    activation: str = "silu"
    words_width: int = 128
    dimension: int = 256
    size_px: int = 48


class Block(nn.Module):
    """Residual block before which the features are normalised (He et al. 2016, "Identity Mappings")."""

    def __init__(self, channels: int, activation: nn.Module) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.GroupNorm(8, channels) for _ in range(2))
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1, bias=i == 1) for i in range(2))
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for norm, conv in zip(self.norms, self.convs, strict=True):
            y = conv(self.activation(norm(y)))
        return x + y


class PictureTower(nn.Module):
    """Pictures [n, 3, h, w] in [0, 1] -> embeddings [n, d], not normalised; any h, w >= 16."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        activation: nn.Module = {"silu": nn.SiLU, "gelu": nn.GELU, "relu": nn.ReLU}[config.activation]()
        first, last = config.channels[0], config.channels[-1]
        layers: list[nn.Module] = [nn.Conv2d(3, first, 3, stride=2, padding=1)]
        for width, count, wider in zip(
            config.channels, config.blocks, (*config.channels[1:], None), strict=True
        ):
            layers += [Block(width, activation) for _ in range(count)]
            if wider:
                layers.append(nn.Conv2d(width, wider, 3, stride=2, padding=1))
        self.layers = nn.Sequential(*layers, nn.GroupNorm(8, last), activation)
        self.head = nn.Linear(last, config.dimension)

    def forward(self, pictures: Tensor) -> Tensor:
        x = ((pictures - 0.5) * 4).contiguous(memory_format=torch.channels_last)
        return self.head(self.layers(x).mean((2, 3)))

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Features after each stage, finest first (for the generator's perceptual loss)."""
        x, kept = (pictures - 0.5) * 4, []
        for layer, after in pairwise([*self.layers, None]):
            x = layer(x)
            if isinstance(layer, Block) and not isinstance(after, Block):
                kept.append(x)
        return kept


class TextTower(nn.Module):
    """Bags of words [n, k] -> embeddings [n, d], not normalised."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.straight = nn.Linear(config.words_width, config.dimension, bias=False)
        self.bent = nn.Sequential(
            nn.Linear(config.words_width, config.dimension),
            nn.SiLU(),
            nn.Linear(config.dimension, config.dimension),
        )

    def forward(self, bags: Tensor) -> Tensor:
        return self.straight(bags) + self.bent(bags)


class TowerPerceptor:
    """An embedded perceptor, frozen: `embed_texts` and `embed_pictures` give unit vectors [n, d]."""

    def __init__(
        self, name: str, config: TowerConfig, words: Words, pictures: PictureTower, texts: TextTower
    ) -> None:
        self.name, self.config, self.words = name, config, words
        self.size_px, self.dimension = config.size_px, config.dimension
        self.picture_tower = pictures.eval().requires_grad_(False)
        self.picture_tower.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.text_tower = texts.eval().requires_grad_(False)
        spoken = nn.ParameterDict({"vectors": words.vectors, "weights": words.weights})
        self.fingerprint = fingerprint(pictures, texts, spoken)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.picture_tower.head.weight.device

    def to(self, device: str | torch.device, dtype: torch.dtype | None = None) -> TowerPerceptor:
        """Moves the weights; `dtype` is that of the picture tower alone: texts are embedded once, in float32."""
        self.picture_tower.to(device=device, dtype=dtype)
        self.text_tower.to(device=device)
        return self

    def embed_texts(self, texts: list[str]) -> Tensor:
        """Unit vectors [n, d] of any words; InputError for a text without a Latin letter in it."""
        for text in texts:
            if not split_words(text):
                raise InputError(
                    f"prompt {text!r} has no word the embedded perceptor could read; write it in English words"
                )
        return F.normalize(self.text_tower(self.words.bag(texts).to(self.device)), dim=-1)

    def embed_pictures(self, pictures: Tensor) -> Tensor:
        """Unit vectors [n, d] of pictures [n, 3, h, w] in [0, 1], resized to `size_px` where they differ from it."""
        if pictures.shape[-2:] != (self.size_px, self.size_px):
            pictures = F.interpolate(pictures, (self.size_px, self.size_px), mode="bilinear", antialias=True)
        weight = self.picture_tower.head.weight
        return F.normalize(self.picture_tower(pictures.to(weight.dtype)).float(), dim=-1)

    def fallbacks(self, text: str) -> dict[str, str]:
        """Words of `text` outside the vocabulary -> the words they fall back on."""
        return self.words.fallbacks(text)


def save(folder: Path, config: TowerConfig, words: Words, pictures: PictureTower, texts: TextTower) -> None:
    """Writes `config.json`, `vocabulary.txt` and `weights.safetensors` (half precision, word vectors as int8)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(
        json.dumps({"model_type": MODEL_TYPE, **asdict(config)}, indent=2) + "\n"
    )
    (folder / "vocabulary.txt").write_text("\n".join(words.vocabulary) + "\n")
    scales = words.vectors.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
    tensors = {
        "words.scaled": (words.vectors / scales).round().to(torch.int8),
        "words.weights": words.weights.half(),
    }
    for part, module in (("pictures", pictures), ("texts", texts)):
        tensors |= {f"{part}.{k}": v.detach().half().contiguous() for k, v in module.state_dict().items()}
    save_file(tensors, folder / "weights.safetensors")


def load(folder: Path, *, name: str | None = None) -> TowerPerceptor:
    """Reads what `save` wrote; InputError when a file is missing or does not fit its configuration."""
    try:
        fields = json.loads((folder / "config.json").read_text())
        fields.pop("model_type")
        config = TowerConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})  # type: ignore[arg-type]
        vocabulary = tuple((folder / "vocabulary.txt").read_text().split())
        tensors = {
            k: v if v.dtype == torch.int8 else v.float()
            for k, v in load_file(folder / "weights.safetensors").items()
        }
        vectors = F.normalize(tensors.pop("words.scaled").float(), dim=-1)
        words = Words(vocabulary, vectors, tensors.pop("words.weights"))
        if not len(vocabulary) == len(vectors) == len(words.weights):
            raise ValueError(
                f"{len(vocabulary)} words in vocabulary.txt, {len(vectors)} vectors in weights.safetensors"
            )
        pictures, texts = PictureTower(config), TextTower(config)
        for part, module in (("pictures", pictures), ("texts", texts)):
            prefix = part + "."
            module.load_state_dict(
                {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
            )
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{folder} is not a whole embedded perceptor ({' '.join(str(error).split())}); reinstall doorways or name "
            "another one"
        ) from error
    return TowerPerceptor(name or folder.name, config, words, pictures, texts)
