"""The sketchbook: small drawings of what the embedded perceptor knows, found by words.

What is looked up gives the first outlines, and the descent paints over them (retrieval before synthesis: Blattmann et al.
2022).
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from doorways.errors import InputError
from doorways.models.specs import embedded_folder
from doorways.models.tensors import read_tensors
from doorways.perceptors import tower
from doorways.perceptors.words import Words, split_words

NEAR = 0.61
"""Cosine of the words' vectors from which on a drawing shows what a text says."""
AS_NEAR = 0.9
"""Names whose cosine is at least this share of the nearest one's are as good."""

PART = 4
"""Words in a part of a text, at most."""
JOINING = frozenset(
    split_words(
        "a am an and are at be between but by for from in into is of on or the to under over was were with without"
    )
)
"""Words that no part begins or ends with."""
STYLE = re.compile(r"\bby (?=[A-Z])")
"""What an artist's name stands behind."""


@dataclass(frozen=True, eq=False)
class Sketchbook:
    """Drawings with their names; several may share one.

    Args:
        words: the vocabulary that names and texts are compared by.
        names: of each drawing.
        webp: uint8 [N], the files of all drawings, one behind the other.
        ends: int64 [n], where each file ends.
    """

    words: Words
    names: tuple[str, ...]
    webp: Tensor
    ends: Tensor

    @classmethod
    def read(cls, folder: Path, words: Words) -> Sketchbook:
        """The sketchbook in a folder; InputError where it is not whole."""
        try:
            lines = (folder / "drawings.tsv").read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{folder}/drawings.tsv cannot be read ({error}); install doorways again"
            ) from None
        tensors = read_tensors(folder / "drawings.safetensors")
        webp, ends = (tensors.get(name, torch.empty(0)) for name in ("webp", "ends"))
        if not 0 < len(lines) == len(ends) or int(ends[-1]) != len(webp):
            raise InputError(
                f"{folder} is not a whole sketchbook: its names and drawings differ; install doorways again"
            )
        names = tuple(line.partition("\t")[0] for line in lines)
        return cls(words, names, webp, ends)

    @cached_property
    def vectors(self) -> Tensor:
        """Unit vectors [n, k] of the names."""
        places = {name: place for place, name in enumerate(dict.fromkeys(self.names))}
        return self.words.bag(list(places))[[places[name] for name in self.names]]

    @cached_property
    def forbidding(self) -> Tensor:
        """Booleans [n]: signs that say no to the thing that they are named after."""
        return torch.tensor(["no" in name.split() for name in self.names])

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits for the drawings and for how they are found."""
        digest = hashlib.sha256("\n".join(self.names).encode())
        for tensor in (self.vectors, self.webp, self.ends):
            digest.update(tensor.numpy().tobytes())
        return digest.hexdigest()[:16]

    def find(self, text: str) -> tuple[int, ...]:
        """Which drawings show what `text` says, as well as any; none where nothing is near enough.

        Where none shows all of it, those of its longest parts will do: "entrance to the Dragons realm" has dragons. Words that
        are not known say nothing here (what is spelt like them is something else), nor does an artist's name after "by".
        """
        words = [word for word in split_words(STYLE.split(text)[0]) if self.words.known(word) is not None]
        if JOINING.issuperset(words):
            return ()
        for length in dict.fromkeys((len(words), *range(min(PART, len(words)), 0, -1))):
            runs = [words[first : first + length] for first in range(len(words) - length + 1)]
            parts = [run for run in runs if run == words or not JOINING.intersection((run[0], run[-1]))]
            if not parts:
                continue
            cosines = self.words.bag([" ".join(part) for part in parts]) @ self.vectors.T
            if "no" not in words:
                cosines[:, self.forbidding] = -1
            nearest = cosines.amax(1, keepdim=True)
            near = (cosines >= AS_NEAR * nearest) & (nearest >= NEAR)
            if near.any():
                return tuple(near.any(0).nonzero()[:, 0].tolist())
        return ()

    def drawing(self, number: int) -> Tensor:
        """[1, 4, s, s] in [0, 1]: red, green and blue, premultiplied by the alpha behind them; InputError for a broken one."""
        begin = int(self.ends[number - 1]) if number else 0
        file = self.webp[begin : int(self.ends[number])].numpy().tobytes()
        try:
            with Image.open(io.BytesIO(file), formats=["WEBP"]) as image:
                pixels = np.array(image.convert("RGBA"))
        except (OSError, ValueError) as error:
            name = self.names[number]
            raise InputError(
                f"the drawing of {name!r} ({number + 1}) is broken ({error}); install doorways again"
            ) from None
        rgba = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        return torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]], 1)


@cache
def open_sketchbook() -> Sketchbook:
    """The one that comes with the package."""
    folder = embedded_folder("sketchbook")
    return Sketchbook.read(folder, tower.load(embedded_folder("perceptor")).words)
