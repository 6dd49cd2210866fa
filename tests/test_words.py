"""Any words in, one vector out."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from doorways.perceptors.words import Words, letter_triples, split_words
from tests import towers

VOCABULARY = ("the", "forest", "sea", "ocean", "glow", "castle", "paint", "painter", "house", "run")


def table(**rows):
    """A table whose vectors are the axes, but for those given."""
    vectors = torch.eye(len(VOCABULARY))
    for word, vector in rows.items():
        vectors[VOCABULARY.index(word)] = torch.nn.functional.normalize(vector, dim=0)
    return Words(VOCABULARY, vectors, torch.linspace(0.1, 1, len(VOCABULARY)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A Forest", ["a", "forest"]),
        ("Fólkvangr, Straße", ["folkvangr", "strasse"]),
        ("Bjørn's Ærøskøbing", ["bjorn", "s", "aeroskobing"]),
        ("3:00 am – 4K", ["am", "k"]),
        ("kelp-forest/sea", ["kelp", "forest", "sea"]),
        ("海 123 !", []),
        ("", []),
    ],
)
def test_texts_are_split_into_plain_words(text, words):
    assert split_words(text) == words


@given(st.text(max_size=60))
def test_any_text_can_be_split(text):
    assert all(word.isascii() and word.isalpha() and word.islower() for word in split_words(text))


def test_letter_triples_mark_the_ends():
    assert letter_triples("sea") == {"<se", "sea", "ea>"}
    assert letter_triples("a") == {"<a>"}


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("sea", "sea"),
        ("forests", "forest"),
        ("glowing", "glow"),
        ("painted", "paint"),
        ("painter", "painter"),
        ("housing", "house"),
        ("running", "run"),
        ("oceanic", "ocean"),
        ("kastle", "castle"),
        ("xyz", "the"),
    ],
)
def test_an_unknown_word_falls_back_on_a_known_one(word, read):
    words = table()
    assert words.vocabulary[words.lookup(word)] == read


def test_of_two_spellings_as_near_the_frequent_one_is_read():
    vectors, weights = torch.eye(2), torch.ones(2)
    assert Words(("bat", "cat"), vectors, weights).lookup("zat") == 0
    assert Words(("cat", "bat"), vectors, weights).lookup("zat") == 0


def test_fallbacks_are_told():
    assert table().fallbacks("The forests of the kastle") == {
        "forests": "forest",
        "of": "the",
        "kastle": "castle",
    }
    assert table().fallbacks("the sea") == {}


def test_a_text_is_the_weighted_sum_of_its_words():
    words = table()
    bags = words.bag(["forest sea", "Sea, forests!", "forest", "123"])
    expected = words.weights[1] * words.vectors[1] + words.weights[2] * words.vectors[2]
    assert torch.allclose(bags[0], expected / expected.norm())
    assert torch.equal(bags[1], bags[0])
    assert torch.allclose(bags[2], words.vectors[1])
    assert bags[3].tolist() == [0] * len(VOCABULARY)


def test_near_words_are_found_with_their_cosines():
    both = torch.zeros(len(VOCABULARY))
    both[2], both[3] = 3.0, 4.0
    words = table(ocean=both)
    assert words.nearest("sea", count=1) == [("ocean", pytest.approx(0.6))]
    assert words.nearest("seas", count=1) == [("sea", pytest.approx(1))]
    assert len(words.nearest("sea", count=99)) == len(VOCABULARY) - 1


def test_the_tiny_words_of_other_tests_are_words():
    assert towers.words().bag(["kelp forest"]).norm() == pytest.approx(1)
