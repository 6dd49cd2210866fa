"""Themes and their product: the piece's own theme works as it stands, and bad ones say what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from doorways.canvas import Canvas
from doorways.errors import InputError
from doorways.explore.sweep import count, plan, recipe_key
from doorways.explore.theme import Theme
from doorways.generators import load_generator
from doorways.prompts import parse_prompts
from doorways.start import Start

PIECE = Path(__file__).parents[2] / "docs" / "themes" / "doorways.toml"


def theme(tmp_path, text, **lists):
    for name, lines in lists.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(lines), "utf-8")
    path = tmp_path / "seasons.toml"
    path.write_text(text, "utf-8")
    return Theme.from_file(path)


def prompts(found):
    return [planned.recipe.prompts for planned in plan(found)]


def test_the_theme_of_the_piece_works_as_it_stands():
    piece = Theme.from_file(PIECE)
    planned = list(plan(piece))
    subjects = list(dict.fromkeys(one.subject for one in planned))
    assert (
        (piece.title, len(subjects), len(planned)) == ("Doorways", 42, count(piece)) == ("Doorways", 42, 168)
    )
    assert list(dict.fromkeys(one.section for one in planned)) == [
        "Afterlife", "Nature", "Other Worlds", "Future", "Studies",
    ]  # fmt: skip
    said = {one.subject: one.recipe.prompts for one in planned}
    assert said["Heaven | Hell"] == "entrance to Heaven by James Gurney | entrance to Hell by James Gurney"
    assert said["Fae | Dragons"] == (
        "entrance to the Fae realm by James Gurney | entrance to the Dragons realm by James Gurney"
    )
    assert said["Deciduous forest | Evergreen forest | Underwater kelp forest"].count(" | ") == 2
    assert said["Fields of A'aru | Maw of Ammut"].startswith("entrance to Fields of A'aru by")
    assert {one.recipe.seed for one in planned} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("size", "pieces", "worlds"), [("768x384", "[0.2, 0.4]", "abcdef"), ("256x512", "[0.3, 1]", "abc")]
)
def test_a_theme_takes_as_many_worlds_as_a_painting_does(tmp_path, size, pieces, worlds):
    recipe = f'[recipe]\nsize = ["{size}"]\nsize_range = {pieces}\n'
    found = theme(tmp_path, f"seeds = 1\npairs = [{list(worlds)}]\n{recipe}")
    (one,) = plan(found)
    Canvas.stretch(
        one.recipe.size, one.recipe, parse_prompts(one.recipe.prompts), Start.read(one.recipe), load_generator("fourier"),
        torch.device("cpu"),
    )  # fmt: skip


def test_everything_is_multiplied_and_what_is_equal_folds_together(tmp_path):
    found = theme(
        tmp_path,
        """
        style = ["by Gurney", "by Gurney"]
        seeds = [3, 5]
        pairs = [["Fall", "{a|b} Spring"]]
        [wordings]
        gate = "{gate|arch} to {subject} {style}"
        [recipe]
        steps = [10, 20]
        size = [64, 32]
        grow_at = [0.3, 0.6]
        """,
    )
    planned = list(plan(found))
    assert count(found) == 2 * 2 * 2 * 2 * 2
    assert len(planned) == len({one.key for one in planned}) == 16
    assert {(one.recipe.steps, one.recipe.seed) for one in planned} == {(10, 3), (10, 5), (20, 3), (20, 5)}
    assert prompts(found)[0] == "gate to Fall by Gurney | gate to a Spring by Gurney"
    assert {one.subject for one in planned} == {"Fall | {a|b} Spring"}


def test_lists_are_files_beside_the_theme_or_its_own(tmp_path):
    found = theme(
        tmp_path,
        'seeds = 1\nsubjects = ["__world__"]\n[wordings]\na = "{subject} at __hour__"\n[lists]\nhour = ["dawn", "dusk"]',
        world=["# worlds", "", "Mars ", "Luna: 2"],
    )
    assert prompts(found) == ["Mars at dawn", "Mars at dusk", "Luna\\: 2 at dawn", "Luna\\: 2 at dusk"]


def test_what_is_said_nearer_wins(tmp_path):
    found = theme(
        tmp_path,
        """
        seeds = 2
        wording = "a"
        recipe = { steps = 10, cutouts = 8 }
        [wordings]
        a = "{subject} {style}"
        b = "the {subject}"
        [[section]]
        style = "x"
        seeds = "7-8"
        recipe.steps = 20
        pairs = [["l", "r"], { sides = ["l", "r"], wording = "b", seeds = [9], style = "y", recipe = { steps = 30 } }]
        """,
    )
    said = [
        (one.recipe.prompts, one.recipe.steps, one.recipe.cutouts, one.recipe.seed) for one in plan(found)
    ]
    assert said == [("l x | r x", 20, 8, 7), ("l x | r x", 20, 8, 8), ("the l | the r", 30, 8, 9)]


def test_lists_go_side_by_side_where_asked(tmp_path):
    found = theme(
        tmp_path,
        'zip = [["size", "seeds"]]\nseeds = [1, 2]\nsubjects = ["a"]\n'
        '[recipe]\nsize = ["64x32", "128x64"]\ncutouts = [4, 8]',
    )
    said = [(str(one.recipe.size), one.recipe.seed, one.recipe.cutouts) for one in plan(found)]
    assert said == [("64x32", 1, 4), ("64x32", 1, 8), ("128x64", 2, 4), ("128x64", 2, 8)]
    assert count(found) == 4


def test_a_million_is_counted_in_no_time(tmp_path):
    found = theme(
        tmp_path, 'subjects = ["a"]\nseeds = 100000\n[recipe]\nsteps = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]'
    )
    assert count(found) == 1_000_000


def test_the_key_of_a_recipe_does_not_depend_on_the_order_of_its_settings():
    assert recipe_key({"a": 1, "b": [2]}) == recipe_key({"b": [2], "a": 1}) != recipe_key({"a": 1, "b": [3]})


PAIRS = 'pairs = [["Fall", "Spring"]]\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "names nothing to paint; add for example pairs"),
        ("pairs = []", "names nothing to paint"),
        (PAIRS + "seeds = []", r"seeds \[\]: must not be empty; write for example seeds = 4"),
        (PAIRS + "style = []", "style .*: must not be empty; write for example style"),
        ("subjects = [[]]", "subjects? .*: must not be empty; write for example"),
        ("pairs = 'ab'", r"pairs 'ab': must be a list; write for example pairs = \[\["),
        (PAIRS + "unwanted = 3", "unwanted 3: must be a list; write for example"),
        (PAIRS + "[wordings]\ngate = 'a gate'", "wording gate has no {subject}, so that every subject"),
        (PAIRS + "wordng = 'a'", "seasons.toml: there is no field 'wordng'; did you mean wording?"),
        (
            "[[section]]\nname = 'Sky'\n" + PAIRS + "qq = 1",
            r"section 1 \(Sky\): there is no field 'qq'; take it out",
        ),
        ("[[section]]\npairs = [{ side = ['a'] }]", "section 1, pair 1: sides is missing"),
        (PAIRS + "[recipe]\nstpes = 3", r"Fall \| Spring: there is no setting 'stpes'; did you mean steps\?"),
        (PAIRS + "[recipe]\nsteps = 0", r"Fall \| Spring: steps 0: must be at least 1"),
        (PAIRS + "[recipe]\nsteps = []", "steps is an empty list"),
        (PAIRS + "[recipe]\nseed = 3", "which a theme says as seeds"),
        (PAIRS + "[recipe]\nprompts = 'a'", "which a theme says as pairs and wordings"),
        ("pairs = [['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']]", "8 prompts on a canvas 2.00 times as wide"),
        (PAIRS + "wording = 'plan'", "there is no wording 'plan'; did you mean plain?"),
        (
            PAIRS + "[wordings]\na = '{subject} {style}'",
            r"Fall \| Spring: the hole \{style\} is left unfilled; give",
        ),
        (PAIRS + "[wordings]\na = '{sbject}'", r"the hole \{sbject\} is left unfilled"),
        (PAIRS + "[wordings]\na = '{subject'", "wording a: .* is never closed"),
        (
            PAIRS + "[wordings]\na = '{subject} __hue__'",
            "wording a: there is no list __hue__; put its texts into .*hue.txt",
        ),
        (PAIRS + "seeds = 0", "seeds 0: must be at least one"),
        (PAIRS + "seeds = 'a-b'", "seeds 'a-b': must be how many"),
        (PAIRS + "seeds = 1000001", "at most 100000"),
        (
            PAIRS + "[weights]\nmtach = 1",
            "weights .*: has 'mtach', which the judge does not measure; it knows match",
        ),
        (PAIRS + "[weights]\nmatch = nan", "weights|match"),
        (PAIRS + "zip = [['size', 'seeds']]", "zip names size, which the theme does not give"),
        (PAIRS + "zip = [['steps', 'seeds']]\nseeds = 3\nrecipe.steps = [1, 2]", "steps has 2, seeds has 3"),
        (PAIRS + "[triage]\nat = [0.5, 0.1]", r"\[triage\]: at .*each larger"),
        (PAIRS + "[triage]\nats = [0.5, 0.1]", r"\[triage\]: there is no field 'ats'; did you mean at\?"),
        ("pairs = [['', 'a']]", "the prompt is empty"),
        ("text = 'a'", "no field 'text'"),
        ("pairs = ", "is not TOML"),
        ("pairs = " + "[" * 9999, "too deep to be read"),
    ],
)
def test_a_theme_that_cannot_be_used_is_one_sentence(tmp_path, text, sentence):
    with pytest.raises(InputError, match=sentence):
        list(plan(theme(tmp_path, text)))


def test_triage_may_be_left_out(tmp_path):
    assert theme(tmp_path, PAIRS + "triage = false").triage is None
    assert theme(tmp_path, PAIRS + "[triage]\nat = [0.2]\nkeep = [0.5]").triage.counts(8) == (8, 4)
