from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from doorways.errors import InputError
from doorways.prompts import Place, Prompt, format_prompts, parse_prompts


def only(text: str, **options: str) -> Prompt:
    """The prompt that `text` describes, beside one that rules the canvas."""
    prompt, _ = parse_prompts(f"{text} | ground", **options)
    return prompt


# What is read


@pytest.mark.parametrize("count", [1, 2, 3, 17])
def test_bars_separate_any_number_of_prompts(count):
    texts = [f"world {index}" for index in range(count)]
    assert [prompt.text for prompt in parse_prompts(" | ".join(texts))] == texts
    assert [prompt.text for prompt in parse_prompts("|".join(texts))] == texts


@pytest.mark.parametrize(
    ("source", "text", "weight"),
    [
        ("forest", "forest", 1),
        ("forest :0.5", "forest", 0.5),
        ("forest:0.5", "forest", 0.5),
        ("forest : -.5", "forest", -0.5),
        ("forest :+2.", "forest", 2),
        ("forest :1e-3", "forest", 0.001),
        ("forest :0", "forest", 0),
        ("room 4 :2", "room 4", 2),
        ("psalm 23:4 :2", "psalm 23:4", 2),
        ("3:00 am :2", "3:00 am", 2),
        # No number ends the text, or a digit stands before the colon: all text.
        ("3:00 am", "3:00 am", 1),
        ("psalm 23:4", "psalm 23:4", 1),
        ("a ratio of 16:9", "a ratio of 16:9", 1),
        ("forest:1:2", "forest:1:2", 1),
        ("23:nan", "23:nan", 1),
        ("note: moss", "note: moss", 1),
        ("forest :", "forest :", 1),
        ("forest :1,5", "forest :1,5", 1),
        ("forest :1_000", "forest :1_000", 1),
        ("forest :٣", "forest :٣", 1),
        ("forest :infinite", "forest :infinite", 1),
        # Escapes.
        (r"forest \:2", "forest :2", 1),
        (r"forest \:nan", "forest :nan", 1),
        (r"forest \:1 :2", "forest :1", 2),
        (r"forest :1 \:2", "forest :1 :2", 1),
        (r"this\|that", "this|that", 1),
        (r"me\@home", "me@home", 1),
        (r"image\(s) of moss", "image(s) of moss", 1),
        ("two\\\\:2", "two\\", 2),
        (r"C:\moss\n", r"C:\moss\n", 1),
        ("forest\\", "forest\\", 1),
        ("forêt 森林 🌲 :2", "forêt 森林 🌲", 2),
        ("two\nlines", "two\nlines", 1),
    ],
)
def test_texts_and_weights(source, text, weight):
    prompt = only(source)
    assert (prompt.text, prompt.weight) == (text, weight)


@pytest.mark.parametrize(
    ("source", "places", "weight"),
    [
        ("door @0.25", [(0.25, None)], 1),
        ("door@0.25", [(0.25, None)], 1),
        ("door @0 @1", [(0, None), (1, None)], 1),
        ("door @0.25,.75", [(0.25, 0.75)], 1),
        ("door @0.25 @0.5,1 @1e-1", [(0.25, None), (0.5, 1), (0.1, None)], 1),
        ("door @0.25 @0.75 :-0.5", [(0.25, None), (0.75, None)], -0.5),
        ("door :-0.5 @0.25", [(0.25, None)], -0.5),
        ("door @0.25 :2 @0.75", [(0.25, None), (0.75, None)], 2),
        ("door @0.5:-0.5", [(0.5, None)], -0.5),  # the digit belongs to the place
        ("psalm 23:4 @0.5", [(0.5, None)], 1),
    ],
)
def test_places(source, places, weight):
    prompt = only(source)
    assert [(place.x, place.y) for place in prompt.places] == places
    assert prompt.weight == weight
    assert prompt.text in {"door", "psalm 23:4"}
    assert not prompt.everywhere


@pytest.mark.parametrize("source", ["mist @all :0.3", "mist :0.3 @all"])
def test_all_is_everywhere(source):
    assert only(source) == Prompt("mist", 0.3, everywhere=True)
    assert not only(source).takes_share


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("image(moss.png)", "moss.png"),
        ("image( a b.png )", "a b.png"),
        (r"image(C:\pics\a|b@2:3.png)", r"C:\pics\a|b@2:3.png"),
        ("image(moss (1).png)", "moss (1).png"),
        ('image("moss).png")', "moss).png"),
        ('image("a"b.png")', 'a"b.png'),
    ],
)
def test_images(source, path):
    for suffix, expected in (
        ("", Prompt("", image=Path(path))),
        (" @0.5 :2", Prompt("", 2, (Place(0.5),), image=Path(path))),
        (":2", Prompt("", 2, image=Path(path))),
    ):
        assert only(source + suffix) == expected


def test_the_style_follows_every_positive_text():
    prompts = parse_prompts("a :2 | b :-1 | c @all | image(d.png) | e :0 @0.5", style="  by James Gurney ")
    assert [prompt.text for prompt in prompts] == [
        "a by James Gurney",
        "b",
        "c by James Gurney",
        "",
        "e by James Gurney",
    ]
    assert only("a", style=", oil on canvas").text == "a, oil on canvas"
    assert only("a", style="by @someone | and :nan").text == "a by @someone | and :nan"
    assert only("a", style=" ").text == "a"


def test_columns_say_where_prompts_began():
    assert [prompt.column for prompt in parse_prompts("  a |b|   image(c)")] == [3, 6, 11]
    assert Prompt("a", column=3) == Prompt("a", column=6)


# What is refused: always the prompt, the column and the remedy


@pytest.mark.parametrize(
    ("source", "start", "part"),
    [
        ("", "prompt 1 (''), column 1:", "is empty"),
        ("  \n ", "prompt 1 (''), column 5:", "is empty"),
        ("a |", "prompt 2 (''), column 4:", "is empty"),
        ("| a", "prompt 1 (''), column 1:", "is empty"),
        ("a | | b", "prompt 2 (''), column 5:", "remove the |"),
        ("a | :0.5", "prompt 2 (':0.5'), column 5:", "is empty"),
        ("a | @0.5", "prompt 2 ('@0.5'), column 5:", "is empty"),
        ("a | b :nan", "prompt 2 ('b :nan'), column 7:", "'nan' is not a finite number"),
        ("a:inf", "prompt 1 ('a:inf'), column 2:", "write a number"),
        ("a :-Infinity", "prompt 1 ('a :-Infinity'), column 3:", r"or \:"),
        ("a :1e999", "prompt 1 ('a :1e999'), column 3:", "not a finite number"),
        ("a @0.5 :x", "prompt 1 ('a @0.5 :x'), column 8:", "'x' is not a finite number"),
        ("a @0.5 :", "prompt 1 ('a @0.5 :'), column 8:", "''"),
        ("a :1 :2", "prompt 1 ('a :1 :2'), column 3:", "two weights, 1 and 2"),
        ("a :1 @0.5 :2", "prompt 1 ('a :1 @0.5 :2'), column 11:", "two weights"),
        ("a | b @1.5", "prompt 2 ('b @1.5'), column 7:", "place 1.5 is outside [0, 1]"),
        ("a @0.5,-0.1", "prompt 1 ('a @0.5,-0.1'), column 3:", "place -0.1 is outside"),
        ("a @1e999", "prompt 1 ('a @1e999'), column 3:", "outside [0, 1]"),
        ("a @", "prompt 1 ('a @'), column 3:", "'@' is no place"),
        ("a @ 0.5", "prompt 1 ('a @ 0.5'), column 3:", "'@' is no place"),
        ("a @left", "prompt 1 ('a @left'), column 3:", "'@left' is no place"),
        ("a @nan", "prompt 1 ('a @nan'), column 3:", "is no place"),
        ("a @ALL", "prompt 1 ('a @ALL'), column 3:", "@all"),
        ("a @0.1,0.2,0.3", "prompt 1 ('a @0.1,0.2,0.3'), column 3:", "is no place"),
        ("a @0.1, 0.2", "prompt 1 ('a @0.1, 0.2'), column 3:", "'@0.1,' is no place"),
        ("me@home.com", "prompt 1 ('me@home.com'), column 3:", r"\@ for the character"),
        ("a @0.5 door", "prompt 1 ('a @0.5 door'), column 8:", "'door' stands where only places"),
        ("a @0.5 @0.50", "prompt 1 ('a @0.5 @0.50'), column 1:", "same place is given twice"),
        ("a @all @0.5", "prompt 1 ('a @all @0.5'), column 1:", "contradict"),
        ("a | image(b.png", "prompt 2 ('image(b.png'), column 5:", "never closed"),
        ("image(b(c.png) | d", "prompt 1 ('image(b(c.png)'), column 1:", "do not pair up"),
        ('image("b.png)', "prompt 1 ('image(\"b.png)'), column 1:", "never closed"),
        ("image( )", "prompt 1 ('image( )'), column 1:", "names no file"),
        ('image("")', "prompt 1 ('image(\"\")'), column 1:", "names no file"),
        ("image(a\0b)", "prompt 1 ('image(a\\x00b)'), column 1:", "names no file"),
        ("image(s) of moss", "prompt 1 ('image(s) of moss'), column 10:", "'of moss' stands where"),
        ("a :-1 | b @all", "prompt 1, column 1:", "every prompt is negative or @all"),
    ],
)
def test_what_is_no_prompt_is_refused_by_name_and_column(source, start, part):
    with pytest.raises(InputError) as refused:
        parse_prompts(source)
    message = str(refused.value)
    assert message.startswith(start)
    assert part in message
    assert ";" in message, "every message ends with the remedy"


def test_long_prompts_are_quoted_in_short():
    with pytest.raises(InputError) as refused:
        parse_prompts("x" * 9_000 + " @" + "y" * 900)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "source",
    [
        "x" * 10_000,
        "x|" * 4_999 + "xx",
        ":1" * 5_000,
        "\\" * 10_000,
        "image(" * 1_666,
        "@0.1" * 2_500,
        " " * 10_000,
        "x :1 " * 2_000,
        " " * 9_990 + "x @0.5" + " " * 10,
        "x @0.1" + " " * 9_990,
    ],
    ids=lambda source: f"{source[:6]!r}...",
)
def test_ten_thousand_characters_are_read_or_refused_at_once(source):
    began = time.process_time()
    with contextlib.suppress(InputError):
        assert parse_prompts(source)
    assert time.process_time() - began < 1


# What holds for all prompts

texts = st.text(min_size=1, max_size=30).map(str.strip).filter(bool)
tricky = st.text(alphabet='a4 :@|\\(),."-+enif', min_size=1, max_size=16)
fractions = st.floats(0, 1)
places = st.builds(Place, fractions, st.none() | fractions)
weights = st.just(1.0) | st.floats(allow_nan=False, allow_infinity=False)
grammatical = st.sampled_from(
    ["image(", "image(a)", "a :1", "a:nan", "3:00", ":", "a\\", "@all", "a @0.5 :2", "a:1:2"]
)


@st.composite
def prompts_of_any_kind(draw) -> Prompt:
    image = draw(
        st.none() | (texts | tricky).filter(lambda path: "\0" not in path and '")' not in path).map(Path)
    )
    everywhere = draw(st.booleans())
    return Prompt(
        "" if image else draw(texts | tricky.map(str.strip).filter(bool) | grammatical),
        draw(weights),
        () if everywhere else tuple(draw(st.lists(places, max_size=3, unique=True))),
        everywhere,
        image,
    )


@settings(deadline=None)
@given(st.lists(prompts_of_any_kind(), min_size=1, max_size=4))
@example([Prompt("a :1 :2"), Prompt("image(b)", 2), Prompt("c\\", -0.0)])
def test_what_is_written_is_read_back_as_it_was(prompts):
    assume(any(prompt.takes_share for prompt in prompts))
    assert list(parse_prompts(format_prompts(prompts))) == prompts


@settings(deadline=None)
@given(st.text(alphabet='ab4 .:@|\\()",-enifallmg', max_size=40) | st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_column_inside_it(source):
    try:
        prompts = parse_prompts(source)
    except InputError as error:
        column = int(str(error).partition("column ")[2].partition(":")[0])
        assert 1 <= column <= len(source) + 1
    else:
        assert parse_prompts(format_prompts(prompts)) == prompts


@settings(deadline=None)
@given(texts)
def test_text_without_signs_of_the_grammar_is_taken_as_it_stands(text):
    assume(not set(text) & set("|:@\\") and not text.startswith("image("))
    assert only(text) == Prompt(text)


def test_common_prompts_are_written_without_escapes():
    for source in ("3:00 am", "psalm 23:4", "door @0.25 @0.75,0.5 :-0.5", "mist @all", "image(a (1).png) :2"):
        assert str(only(source)) == source


# Prompts built by hand


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"text": " "}, "is empty"),
        ({"text": "a", "image": Path("b")}, "a text ('a') and an image"),
        ({"text": "a", "weight": float("nan")}, "weight nan"),
        ({"text": "a", "everywhere": True, "places": (Place(0.5),)}, "contradict"),
        ({"text": "a", "places": (Place(0.5), Place(0.5))}, "twice"),
    ],
)
def test_a_prompt_that_makes_no_sense_cannot_be_built(settings, part):
    with pytest.raises(InputError) as refused:
        Prompt(**settings)
    assert part in str(refused.value)


@pytest.mark.parametrize("coordinates", [(-0.1,), (1.1,), (0.5, 2), (float("nan"),), (0.5, float("nan"))])
def test_a_place_off_the_canvas_cannot_be_built(coordinates):
    with pytest.raises(InputError, match=r"outside \[0, 1\]"):
        Place(*coordinates)


def test_a_path_that_cannot_be_written_is_refused():
    with pytest.raises(InputError, match="rename the file"):
        str(Prompt("", image=Path('a").png')))
