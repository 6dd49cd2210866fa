"""Culling as it is done: at a terminal, key by key, with a real library."""

from __future__ import annotations

import base64
import io
import re

import pytest
from PIL import Image

from doorways.library import Library
from doorways.recipe import Recipe
from tests.terminal import Terminal

PROMPTS = ("fire | ocean", "forest | \x1b]0;evil\x07desert", "moon")


@pytest.fixture
def home(tmp_path):
    """A library of three finished paintings, red, lime and blue, and one that waits."""
    with Library.open(tmp_path / "home") as library:
        for seed, (prompts, colour) in enumerate(zip(PROMPTS, ("red", "lime", "blue"), strict=True)):
            recipe = Recipe.build(prompts=prompts, seed=seed, size="64x32", steps=6)
            entry = library.add(recipe)
            library.keep(entry.id, Image.new("RGB", (64, 32), colour), recipe, 6, True)
        library.add(Recipe.build(prompts="unpainted", seed=9))
    return tmp_path / "home"


@pytest.fixture
def at(home, tmp_path):
    """Begins culling, with the words given."""

    def begin(*words, **environment):
        environment = {"TERM": "xterm", "COLORTERM": "truecolor"} | environment
        return Terminal(["cull", "--library", str(home), *words], tmp_path, **environment)

    return begin


def entries(home):
    with Library.open(home) as library:
        return library.list()


def test_one_key_says_what_becomes_of_each(at, home):
    terminal = at()
    terminal.wait_for("1/3")
    terminal.press("x", "2/3")
    terminal.press("5", "3/3")
    terminal.press("f", "that was the last one")
    assert terminal.end("q") == 0
    assert "3 paintings: 1 favourite, 1 reject, 1 without a verdict" in terminal.screen
    assert [(one.verdict, one.rating) for one in entries(home)] == [
        ("reject", None), (None, 5), ("favourite", None), (None, None),
    ]  # fmt: skip


def test_where_the_terminal_shows_no_pictures_the_systems_viewer_does(at, home, tmp_path):
    viewer, seen = tmp_path / "viewer", tmp_path / "seen"
    viewer.write_text(f'#!/bin/sh\necho "$1" >> {seen}\n', "utf-8")
    viewer.chmod(0o700)
    terminal = at("--pictures", "open", DISPLAY=":0", BROWSER=f"{viewer} %s")
    terminal.wait_for("1/3")
    terminal.press("k", "2/3")
    assert terminal.end("q") == 0
    with Library.open(home) as library:
        first, second, *_ = (library.files(entry.id).picture.as_uri() for entry in library.list())
    assert seen.read_text("utf-8").splitlines() == [first, second]


def test_rerolls_and_variations_wait_with_their_parent_and_what_changed(at, home):
    terminal = at()
    terminal.wait_for("q quit")
    terminal.press("r", "waits with seed")
    terminal.press("v", "waits with its layout")
    assert terminal.end("q") == 0
    first, *_, again, varied = entries(home)
    assert [one.state for one in (again, varied)] == ["waiting", "waiting"]
    assert [one.parent for one in (again, varied)] == [first.id, first.id]
    assert again.change == {"seed": [0, again.recipe["seed"]]}
    assert again.recipe["seed"] != 0
    assert again.recipe == first.recipe | {"seed": again.recipe["seed"]}
    assert varied.change["suggest"][0] is None
    assert Recipe.build(**varied.recipe).suggest.name == "picture.png"
    assert all(one.pinned for one in (again, varied))


def test_everything_can_be_undone(at, home):
    terminal = at()
    terminal.wait_for("1/3")
    terminal.press("k", "2/3")
    terminal.press("3", "3/3")
    terminal.press("r", "waits with seed")
    terminal.press("u", "undone: ")
    terminal.press("u", "undone: rated 3")
    terminal.press("u", "undone: keep")
    terminal.wait_for("1/3")
    terminal.press("u", "there is nothing to undo")
    assert terminal.end("q") == 0
    assert len(entries(home)) == 4
    assert {(one.verdict, one.rating) for one in entries(home)} == {(None, None)}


def test_a_note_is_typed_and_arrows_go_to_and_fro(at, home):
    terminal = at()
    terminal.wait_for("1/3")
    terminal.press("\x1b[C", "2/3")
    terminal.press("\x1b[D", "1/3")
    terminal.press("n", "note: ")
    terminal.press("the doors are good, keep 5\n", "noted")
    assert terminal.end("q") == 0
    first = entries(home)[0]
    assert (first.note, first.rating, first.verdict) == ("the doors are good, keep 5", None, None)


def test_the_picture_is_shown_in_blocks_of_its_colour(at):
    terminal = at()
    terminal.wait_for("q quit")
    assert "\x1b[38;2;255;0;0;48;2;255;0;0m▀▀▀" in terminal.screen
    terminal.press(" ", "2/3")
    terminal.wait_for("q quit")
    assert "\x1b[38;2;0;255;0;" in terminal.screen
    terminal.end("q")


def test_a_broken_picture_and_a_deleted_painting_are_passed_by(at, home):
    with Library.open(home) as library:
        first, second, *_ = library.list()
        picture = library.files(first.id).picture
        picture.write_bytes(picture.read_bytes()[:60])
    terminal = at()
    terminal.wait_for("its picture cannot be read")
    with Library.open(home) as library:
        library.delete(second.id)
    terminal.press("\x1b[C", "there is no such painting")
    terminal.press("\x1b[C", "3/3")
    terminal.press("f", "that was the last one")
    assert terminal.end("q") == 0
    assert "2 paintings: 1 favourite, 1 without a verdict" in terminal.screen


def test_kitty_and_iterm2_get_the_picture_itself(at):
    def sent(text, pattern):
        data = "".join(re.findall(pattern, text))
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            return image.convert("RGB").getpixel((0, 0))

    terminal = at(TERM="xterm-kitty")
    terminal.wait_for("q quit")
    assert sent(terminal.screen, r"\x1b_G[^;]*m=[01];([^\x1b]+)\x1b") == (255, 0, 0)
    terminal.end("q")
    terminal = at(TERM_PROGRAM="iTerm.app")
    terminal.wait_for("q quit")
    assert sent(terminal.screen, r"1337;File=[^:]*:([^\x07]+)\x07") == (255, 0, 0)
    terminal.end("q")


def test_where_nothing_can_be_shown_or_opened_it_says_where_the_picture_lies(at):
    terminal = at(COLORTERM="")
    terminal.wait_for("q quit")
    assert "picture.png" in terminal.screen.replace("\r\r\n", "")
    assert "▀" not in terminal.screen
    terminal.end("q")


def test_what_a_prompt_says_commands_no_terminal(at):
    terminal = at()
    terminal.wait_for("q quit")
    terminal.press(" ", "2/3")
    terminal.wait_for("q quit")
    assert "\x1b]0;evil" not in terminal.screen
    assert "]0;evildesert" in terminal.screen
    terminal.end("q")


def test_ctrl_c_leaves_the_terminal_as_it_was(at):
    terminal = at()
    terminal.wait_for("q quit")
    assert terminal.end("\x03") == 0
    assert "\x1b[?25h\x1b[?1049l" in terminal.screen


def test_only_those_asked_for_are_gone_through(at, home):
    first = entries(home)[0]
    with Library.open(home) as library:
        library.verdict(first.id, "keep")
    terminal = at()
    terminal.wait_for("1/2")
    terminal.end("q")
    terminal = at("--again", "--pictures", "none")
    terminal.wait_for("1/3")
    terminal.end("q")
    terminal = at("--limit", "2", "--pictures", "none")
    terminal.wait_for("1/2")
    terminal.end("q")
    terminal = at("--limit", "1")
    terminal.wait_for("1/1")
    terminal.end("q")
    terminal = at(first.id[:6])
    terminal.wait_for("1/1")
    terminal.end("q")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "this needs a terminal with somebody at it"),
        (("--board", "none"), "there is nothing left to go through"),
        (("--limit", "-1"), "limit -1: must be 0 or more"),
        (("--pictures", "oil"), "pictures 'oil': must be one of auto, kitty"),
    ],
)
def test_where_it_cannot_be_done_it_says_so(doorways, home, words, sentence):
    said = doorways("cull", "--library", str(home), *words)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
