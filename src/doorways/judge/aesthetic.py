"""LAION's aesthetic heads: how well people liked pictures, told linearly from one certain CLIP's embeddings.

A head knows nothing but the space it was trained in. Another model of the same width gives it numbers that look like
scores and are none, so a head refuses every perceptor but its own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from doorways.errors import InputError
from doorways.models.tensors import read_tensors
from doorways.perceptors import Perceptor
from doorways.perceptors.image_text import ImageText

MADE_FOR = "perceptor_fingerprint"
"""The metadata of a safetensors head that names the weights of its perceptor."""
OPENAI = {
    "vit_l_14": ("hub:openai/clip-vit-large-patch14", 768, 14),
    "vit_b_32": ("hub:openai/clip-vit-base-patch32", 512, 32),
    "vit_b_16": ("hub:openai/clip-vit-base-patch16", 512, 16),
}
"""The CLIPs that LAION's heads were made for: spec, width of the embeddings, side of the patches in pixels."""
NAMES = {r"vit_l_14|l14": "vit_l_14", r"vit_b_32|b32": "vit_b_32", r"vit_b_16|b16": "vit_b_16"}
"""What LAION's file names say of it: sa_0_4_vit_l_14_linear.pth, sac+logos+ava1-l14-linearMSE.pth."""


@dataclass(frozen=True, eq=False)
class Head:
    """A linear map from embeddings to a score, and whose embeddings.

    Attributes:
        weight: [d].
        bias: a number.
        kind: a key of `OPENAI`, or "" where `fingerprint` says it.
        fingerprint: of the weights of the one perceptor it was made for, or "".
    """

    path: Path
    weight: Tensor
    bias: float
    kind: str = ""
    fingerprint: str = ""

    @classmethod
    def read(cls, path: Path) -> Head:
        """The head in a file, safetensors or PyTorch's (read without executing anything).

        Takes `weight` and `bias`, or a chain of linear layers with nothing between them (the "improved" predictor),
        which is one linear map.

        Raises:
            InputError: no such file, not a linear head to one number, or nothing says which CLIP it was made for.
        """
        fingerprint = _metadata(path).get(MADE_FOR, "")
        tensors = {key: value.double() for key, value in read_tensors(path).items()}
        kind = next((kind for form, kind in NAMES.items() if re.search(form, path.stem, re.IGNORECASE)), "")
        if not fingerprint and not kind:
            raise InputError(
                f"aesthetic head {path}: its name does not say which CLIP it was made for; keep LAION's name, such as "
                "sa_0_4_vit_l_14_linear.pth"
            )
        weight, bias = _folded(tensors, path)
        if kind and not fingerprint and len(weight) != OPENAI[kind][1]:
            raise InputError(
                f"aesthetic head {path}: takes {len(weight)} numbers, but the CLIP that its name says gives "
                f"{OPENAI[kind][1]}; fetch the head again"
            )
        return cls(path, weight.float(), bias, "" if fingerprint else kind, fingerprint)

    def check(self, perceptor: Perceptor) -> None:
        """InputError unless `perceptor` is the one that the head was made for."""
        if self.fingerprint:
            if perceptor.fingerprint != self.fingerprint or perceptor.dimension != len(self.weight):
                raise InputError(
                    f"aesthetic head {self.path.name} was made for the perceptor with fingerprint {self.fingerprint}, not "
                    f"for {perceptor.name} ({perceptor.fingerprint}); judge with that one, or leave the head out"
                )
            return
        spec, dimension, patch = OPENAI[self.kind]
        if not _is_openai(perceptor, spec, dimension, patch):
            raise InputError(
                f"aesthetic head {self.path.name} was made for {spec} and means nothing to {perceptor.name}; judge with "
                f"--perceptor {spec}, or leave the head out"
            )

    @torch.no_grad()
    def score(self, perceptor: Perceptor, picture: Tensor) -> float:
        """The mean over squares along the longer side of w . e + b; for LAION's heads about 1 to 10, larger the better.

        LAION Aesthetics Predictor V1 (2022), and Schuhmann's improved one. They were trained on whole pictures cut square
        in the middle; a panorama is several of these.
        """
        height, width = picture.shape[-2:]
        side, count = min(height, width), math.ceil(max(height, width) / min(height, width))
        starts = torch.linspace(0, max(height, width) - side, count).round().int().tolist()
        squares = [
            picture[..., x : x + side] if width > height else picture[..., x : x + side, :] for x in starts
        ]
        embeddings = torch.cat([perceptor.embed_pictures(square) for square in squares])
        return float((embeddings @ self.weight.to(embeddings)).mean()) + self.bias


def _metadata(path: Path) -> dict[str, str]:
    """What a safetensors file says beside its tensors; nothing for other files (`read_tensors` says what is wrong)."""
    if path.suffix != ".safetensors" or not path.is_file():
        return {}
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError):
        return {}


def _folded(tensors: dict[str, Tensor], path: Path) -> tuple[Tensor, float]:
    """Weight [d] and bias of the one linear map that a chain of linear layers is."""
    found = {re.sub(r"\.?(weight|bias)$", "", key) for key in tensors}
    layers = sorted(found, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])
    weight, bias = torch.eye(0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
    try:
        for name in layers:
            dot = "." if name else ""
            w, b = tensors[f"{name}{dot}weight"], tensors[f"{name}{dot}bias"]
            weight, bias = (w @ weight, w @ bias + b) if len(weight) else (w, b)
        if weight.ndim != 2 or weight.shape[0] != 1 or bias.shape != (1,):
            raise ValueError(f"its layers end in {list(weight.shape)}, not in one number")
    except (KeyError, RuntimeError, ValueError) as error:
        raise InputError(
            f"aesthetic head {path}: is no linear head ({' '.join(str(error).split())}); give one of LAION's files"
        ) from error
    return weight[0], float(bias[0])


def _is_openai(perceptor: Perceptor, spec: str, dimension: int, patch: int) -> bool:
    """Whether a perceptor can be OpenAI's CLIP of this shape.

    Its hub name tells; of a folder, the shape and the activation do, which the CLIPs that others trained have otherwise.
    """
    if perceptor.name.startswith("hub:") and perceptor.name.partition("@")[0] != spec:
        return False
    if not isinstance(perceptor, ImageText) or perceptor.model.config.model_type != "clip":
        return False
    vision = perceptor.model.config.vision_config
    return (perceptor.dimension, vision.patch_size, vision.image_size, vision.hidden_act) == (
        dimension, patch, 224, "quick_gelu",
    )  # fmt: skip
