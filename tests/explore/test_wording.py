"""Wordings: what they stand for, how many there are, and that what fills them is read as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorways.errors import InputError
from doorways.explore.wording import Wording
from doorways.prompts import parse_prompts

LISTS = {
    "colour": ["red", "deep blue"],
    "door": ["a __colour__ door", "{an|one} arch"],
    "loop": ["again", "__pool__"],
    "pool": ["__loop__"],
    "empty": [],
    "in_the_sky": ["stars"],
}


def texts(template, **holes):
    return [variant.fill(holes) for variant in Wording.parse(template, LISTS.__getitem__).variants()]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a gate", ["a gate"]),
        ("{a|b}", ["a", "b"]),
        ("{a|b} {c|d}", ["a c", "a d", "b c", "b d"]),
        ("{a|{b|c}} x", ["a x", "b x", "c x"]),
        ("{enormous |}door", ["enormous door", "door"]),
        ("a __colour__ sky", ["a red sky", "a deep blue sky"]),
        ("__door__", ["a red door", "a deep blue door", "an arch", "one arch"]),
        ("__in_the_sky__", ["stars"]),
        (r"\{a|b\} and \__colour__", ["{a|b} and __colour__"]),
        ("gate @0.3 | crowd :-1", ["gate @0.3 | crowd :-1"]),
        ("some_name, one __ two", ["some_name, one __ two"]),
    ],
)
def test_a_wording_stands_for_every_way_to_choose(template, expected):
    assert texts(template) == expected
    assert Wording.parse(template, LISTS.__getitem__).count == len(expected)


def test_counting_does_not_list():
    assert Wording.parse("{a|b|c|d|e|f|g|h|i|j}" * 30).count == 10**30


def test_holes_are_filled_and_spaces_do_not_pile_up():
    assert texts("{a|b} way to {subject} {style}", subject="Mars", style="") == [
        "a way to Mars",
        "b way to Mars",
    ]
    assert Wording.parse("{a {subject}|b}").holes == {"subject"}


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("to {subjct}", r"the hole \{subjct\} is left unfilled; holes are \{style\} and \{subject\}"),
        ("{subject} {style}", "give the theme a style"),
        ("{a|b", r"'\{a\|b': the \{ before 'a\|b' is never closed"),
        ("a} b", "closes nothing"),
        ("__loop__", "names itself .__loop__ -> __pool__ -> __loop__."),
        ("__empty__", "the list __empty__ is empty"),
    ],
)
def test_a_wording_that_cannot_be_used_says_why(template, sentence):
    with pytest.raises(InputError, match=sentence):
        texts(template, subject="Mars")


def test_without_lists_there_are_none():
    with pytest.raises(InputError, match="there is no list __colour__ here"):
        Wording.parse("__colour__")


@pytest.mark.parametrize("subject", ["Act: 2", "Rome|Carthage", "me@home", "x :-.5e3", "image(moss.png)", "a\\", "\\|:1",
                                     "nan", ":inf", "12:5", "a:1:2", "Sea: -", "x: infinity"])  # fmt: skip
@pytest.mark.parametrize("wording", ["{subject}", "gate to {subject} {style} :0.5", "{subject} @0.2"])
def test_a_subject_is_text_whatever_it_holds(subject, wording):
    (text,) = texts(wording, subject=subject, style="by: 3")
    prompt, other = parse_prompts(f"{text} | ocean")
    literal = wording.partition(" :")[0].partition(" @")[0]
    assert prompt.text == literal.replace("{subject}", subject).replace("{style}", "by: 3")
    assert prompt.weight == (0.5 if ":0.5" in wording else 1)
    assert other.text == "ocean"


@given(st.text(st.sampled_from("a3 :|@\\(.-e{nif)"), min_size=1).map(lambda text: " ".join(text.split())))
def test_any_subject_is_read_back_as_it_is(subject):
    if subject:
        (text,) = texts("gate to {subject} :0.5", subject=subject)
        (prompt,) = parse_prompts(text)
        assert (prompt.text, prompt.weight) == (f"gate to {subject}", 0.5)
