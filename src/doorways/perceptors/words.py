"""The open vocabulary of the embedded perceptors: any words in, one vector out.

A text is the weighted sum of its words' vectors (distilled from MiniLM sentence vectors, so that `ocean` lies
beside `sea`). A word that is not in the vocabulary falls back on its stem, or on the known word that shares
the most letter triples with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor

STEM_ENDINGS = ("s", "es", "ed", "ing", "er", "ly")
UNACCENTED = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
"""Letters that Unicode does not take apart into a plain one and an accent."""


def split_words(text: str) -> list[str]:
    """The words of a text: lower case, without accents, numbers or signs; only Latin letters are read.

    >>> split_words("Fólkvangr at 3:00 am, by James Gurney")
    ['folkvangr', 'at', 'am', 'by', 'james', 'gurney']
    """
    plain = unicodedata.normalize("NFKD", text.lower().translate(UNACCENTED))
    return re.findall(r"[a-z]+", "".join(c for c in plain if not unicodedata.combining(c)))


def letter_triples(word: str) -> frozenset[str]:
    """All runs of three letters of a word, its ends marked.

    >>> sorted(letter_triples("sea"))
    ['<se', 'ea>', 'sea']
    """
    padded = f"<{word}>"
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


@dataclass(frozen=True, eq=False)
class Words:
    """A vocabulary and its vectors.

    Args:
        vocabulary: v words, lower case, the frequent ones first.
        vectors: float [v, k], a unit vector for each word.
        weights: float [v] >= 0, how much each word says (`the` says next to nothing).
    """

    vocabulary: tuple[str, ...]
    vectors: Tensor
    weights: Tensor

    @cached_property
    def index(self) -> dict[str, int]:
        """The place of each word."""
        return {word: i for i, word in enumerate(self.vocabulary)}

    @cached_property
    def triples(self) -> list[frozenset[str]]:
        """The letter triples of each word."""
        return [letter_triples(word) for word in self.vocabulary]

    def lookup(self, word: str) -> int:
        """The place in the vocabulary of `word`, or of the known word it falls back on.

        The fallback is deterministic: the stem where that is known, else the word with the largest share of
        letter triples in common, the more frequent one where two are as near.
        """
        known = self.known(word)
        return self.nearest_spelling(word) if known is None else known

    def known(self, word: str) -> int | None:
        """The place in the vocabulary of `word` or of its stem, or None."""
        if word in self.index:
            return self.index[word]
        for ending in STEM_ENDINGS:
            stem = word.removesuffix(ending)
            for candidate in (stem, stem + "e", stem[:-1]):
                if stem != word and len(candidate) > 2 and candidate in self.index:
                    return self.index[candidate]
        return None

    def nearest_spelling(self, word: str) -> int:
        """The place of the known word that shares most letter triples with `word`; the first word if none does."""
        wanted = letter_triples(word)
        scores = [len(wanted & triples) / len(wanted | triples) for triples in self.triples]
        return max(range(len(scores)), key=scores.__getitem__)

    def fallbacks(self, text: str) -> dict[str, str]:
        """Words of `text` that are not known -> the known words that stand in for them."""
        return {
            word: self.vocabulary[self.lookup(word)] for word in split_words(text) if word not in self.index
        }

    def bag(self, texts: list[str]) -> Tensor:
        """Unit vectors [n, k]; a text without any letters is the zero vector."""
        rows = [
            torch.tensor([self.cached_lookup(word) for word in split_words(text)], dtype=torch.long)
            for text in texts
        ]
        sums = torch.stack([(self.vectors[row] * self.weights[row, None]).sum(0) for row in rows])
        return torch.nn.functional.normalize(sums, dim=-1)

    @cached_property
    def cached_lookup(self) -> Callable[[str], int]:
        """`lookup`, remembering."""
        return lru_cache(maxsize=65536)(self.lookup)

    def nearest(self, word: str, count: int = 8) -> list[tuple[str, float]]:
        """Known words that mean about the same, with their cosines, nearest first."""
        cosines = self.vectors @ self.vectors[self.lookup(word)]
        best = cosines.topk(min(count + 1, len(self.vocabulary)))
        found = [
            (self.vocabulary[i], float(c)) for c, i in zip(best.values, best.indices.tolist(), strict=True)
        ]
        return [(other, cosine) for other, cosine in found if other != word][:count]
