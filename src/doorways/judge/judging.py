"""Judging: one perceptor, loaded once, and all measures of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from doorways.canvas import field_of
from doorways.errors import InputError
from doorways.judge.aesthetic import Head
from doorways.judge.count import count
from doorways.judge.edge_symmetry import edge_symmetry
from doorways.judge.judgement import Judgement
from doorways.judge.look import Look
from doorways.judge.match import curve, match
from doorways.judge.presence import COMMON, others, presence
from doorways.judge.repetition import repetition
from doorways.judge.semantic_symmetry import semantic_symmetry
from doorways.judge.sharpness import sharpness
from doorways.judge.squares import HEIGHTS, SIZES, along
from doorways.judge.tone_symmetry import tone_symmetry
from doorways.perceptors import Perceptor, load_perceptor
from doorways.prompts import Prompt, parse_prompts
from doorways.recipe import Recipe
from doorways.symmetry import parse_symmetry

EYES = "embedded-judge"
"""Who judges unless another is named: it never paints."""
Asked = Recipe | Mapping[str, Any] | str
"""What a picture was painted of: its recipe, the recipe's settings, or prompts alone."""


def judge(
    picture: Tensor,
    recipe: Asked,
    perceptor: str = EYES,
    *,
    count: Sequence[str] = (),
    unwanted: Sequence[str] = (),
    aesthetic: Path | None = None,
    machine: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> Judgement:
    """Measures a picture, finished or not.

    Args:
        picture: [1, 3, H, W], sRGB in [0, 1].
        recipe: what it was painted of.
        perceptor: the spec of who judges; it is loaded once a process.
        count: things to count from left to right, such as "a doorway".
        unwanted: things that had better not be there, such as "a person"; negative prompts without a place are among
            them unasked.
        aesthetic: a file with one of LAION's aesthetic heads, for the CLIP it was made for.
        machine: what the picture says of the machine that painted it: by its fingerprints a perceptor is known under
            another name too.
        device: where the perceptor looks.

    Raises:
        InputError: prompts or a perceptor that cannot be read, an image prompt whose file is gone, a picture of another
            shape, a head that was made for another CLIP.
    """
    judged = Judge.load(perceptor, device=device, aesthetic=aesthetic)
    return judged.judge(picture, recipe, count=count, unwanted=unwanted, machine=machine)


def judge_all(
    pictures: Iterable[tuple[Tensor, Asked]],
    perceptor: str = EYES,
    *,
    count: Sequence[str] = (),
    unwanted: Sequence[str] = (),
    aesthetic: Path | None = None,
    device: str = "cpu",
) -> Iterator[Judgement]:
    """Judges many pictures, each with what it was painted of, one after the other by the same perceptor; as `judge`."""
    judged = Judge.load(perceptor, device=device, aesthetic=aesthetic)
    for picture, recipe in pictures:
        yield judged.judge(picture, recipe, count=count, unwanted=unwanted)


class Judge:
    """A perceptor that judges, and the words that it compares with.

    Args:
        perceptor: its eyes.
        head: what tells its embeddings' aesthetic, or None.
    """

    def __init__(self, perceptor: Perceptor, *, device: str = "cpu", head: Head | None = None) -> None:
        self.perceptor, self.head, self.device = perceptor, head, torch.device(device)
        if head is not None:
            head.check(perceptor)

    @staticmethod
    @lru_cache(maxsize=4)
    def load(spec: str = EYES, *, device: str = "cpu", aesthetic: Path | None = None) -> Judge:
        """The judge with the perceptor `spec`, loaded once a process; InputError as `load_perceptor`."""
        head = None if aesthetic is None else Head.read(aesthetic)
        return Judge(load_perceptor(spec, device=device), device=device, head=head)

    @cached_property
    def common(self) -> Tensor:
        """Unit vectors [k, d] of the common words."""
        return self.perceptor.embed_texts(list(COMMON))

    @torch.no_grad()
    def judge(
        self,
        picture: Tensor,
        recipe: Asked,
        *,
        count: Sequence[str] = (),
        unwanted: Sequence[str] = (),
        machine: Mapping[str, Any] | None = None,
    ) -> Judgement:
        """All measures of one picture; see the function `judge`."""
        if picture.ndim != 4 or picture.shape[:2] != (1, 3):
            raise InputError(f"picture of shape {list(picture.shape)}: must be [1, 3, H, W], sRGB in [0, 1]")
        asked = as_recipe(recipe)
        picture = picture.to(self.device)
        prompts = parse_prompts(asked.prompts, style=asked.style)
        field = field_of(asked, prompts, picture.shape[-1] / picture.shape[-2])
        symmetry = parse_symmetry(asked.symmetry)
        look = Look.at(picture, self.perceptor, field, symmetry)
        scores = {"match": self._match(look, prompts)}
        scores |= _comparisons(look)
        scores["tone_symmetry"] = tone_symmetry(picture, symmetry)
        scores["edge_symmetry"] = edge_symmetry(picture, symmetry)
        scores["sharpness"] = sharpness(picture)
        curves = {name_of(prompt): curve(look.sliding, look.words[i]) for i, prompt in enumerate(prompts)}
        for thing in count:
            scores[f"count:{thing}"], curves[thing] = self._count(look, thing)
        everywhere = [
            prompt.text for prompt in prompts if prompt.weight < 0 and not prompt.places and prompt.text
        ]
        if avoided := dict.fromkeys([*unwanted, *everywhere]):
            found = {f"unwanted:{thing}": self._presence(look, thing) for thing in avoided}
            scores |= found | {"unwanted": max(found.values())}
        if self.head is not None:
            scores["aesthetic"] = self.head.score(self.perceptor, picture)
        return Judgement(
            self.perceptor.name,
            scores,
            tuple(one.x / look.aspect for one in along(look.aspect)[::HEIGHTS]),
            {name: tuple(values) for name, values in curves.items()},
            self._notes(recipe, scores, machine),
            tuple(look.portrait().tolist()),
        )

    def _match(self, look: Look, prompts: tuple[Prompt, ...]) -> float:
        own = (look.shares(along(look.aspect)) * (look.sliding @ look.words.T)).sum(1)
        return match(own, look.sliding @ self._others(" ".join(prompt.text for prompt in prompts)).T)

    def _others(self, text: str) -> Tensor:
        """Unit vectors [k, d] of the common words that `text` does not hold."""
        return self.common[[COMMON.index(word) for word in others(text)]]

    def _standing_out(self, embeddings: Tensor, thing: str) -> Tensor:
        """The presence [n] of a thing at each piece."""
        word = self.perceptor.embed_texts([thing])[0]
        return presence(embeddings @ word, embeddings @ self._others(thing).T)

    def _presence(self, look: Look, thing: str) -> float:
        """The presence of a thing in the whole picture: the largest of all pieces of all sizes."""
        return float(self._standing_out(torch.cat([look.sliding, look.left, look.right]), thing).max())

    def _count(self, look: Look, thing: str) -> tuple[int, list[float]]:
        """How many of a thing there are, and its curve."""
        values = curve(look.sliding, self.perceptor.embed_texts([thing])[0])
        shown = self._standing_out(look.sliding, thing).view(-1, HEIGHTS).amax(1)
        return count(shown.tolist()), values

    def _notes(
        self, recipe: Asked, scores: Mapping[str, float], machine: Mapping[str, Any] | None
    ) -> tuple[str, ...]:
        """What to know before the scores are believed."""
        notes = []
        if not isinstance(recipe, str) and self._painted(as_recipe(recipe), machine or {}):
            notes.append(
                f"{self.perceptor.name} painted this picture, and what it steered looks good to it; a second "
                f"opinion needs another perceptor, such as {EYES}"
            )
        missing = [name for name in ("contrast", "semantic_symmetry", "repetition") if name not in scores]
        if missing:
            notes.append(f"{', '.join(missing)}: not measured; one prompt, or a canvas too small for pairs")
        return tuple(notes)

    def _painted(self, recipe: Recipe, machine: Mapping[str, Any]) -> bool:
        """Whether these eyes steered the painting: by their spec, or by the fingerprint of their weights."""
        weights = machine.get("weights")
        prints = (
            [value for name, value in weights.items() if str(name).startswith("perceptor ")]
            if isinstance(weights, Mapping)
            else []
        )
        named = [spec for spec, _ in recipe.weighted_perceptors]
        return self.perceptor.name in named or self.perceptor.fingerprint in prints


def as_recipe(asked: Asked) -> Recipe:
    """The recipe that was asked for; prompts alone get the defaults of everything else."""
    if isinstance(asked, Recipe):
        return asked
    return Recipe.build(prompts=asked, seed=0) if isinstance(asked, str) else Recipe.build(**asked)


def name_of(prompt: Prompt) -> str:
    """What a prompt's curve is called."""
    return prompt.text or f"image({prompt.image})"


def _comparisons(look: Look) -> dict[str, float]:
    """The measures that compare places, those that the canvas has room for."""
    scores = {}
    if outer := look.outer_prompts():
        scores["contrast"] = sum(look.contrast(*outer)) / 2
    if len(look.pairs[0]) > 1:
        scores["semantic_symmetry"] = semantic_symmetry(*look.residuals, look.pair_sizes)
    smallest = [rank for rank, one in enumerate(look.sides[0]) if one.side == SIZES[0]]
    if smallest:
        squares = tuple(side[rank] for side in look.sides for rank in smallest)
        scores["repetition"] = repetition(torch.cat([look.left[smallest], look.right[smallest]]), squares)
    return scores
