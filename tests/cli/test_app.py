"""What holds for every command: exit codes, one sentence, help that is quick and whole."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console

import doorways as package
from doorways.cli.app import app


def help_of(*words, width=100):
    page = io.StringIO()
    app.help_print(words, console=Console(file=page, width=width, color_system=None))
    return page.getvalue()


def test_help_names_the_commands(doorways):
    said = doorways("--help")
    assert said.code == 0
    for word in ("paint", "show", "library", "models", "--debug"):
        assert word in said.out


def test_without_words_it_shows_its_help(doorways):
    assert doorways() == doorways("--help")


def test_the_version_is_the_package_s(doorways):
    assert doorways("--version").out.strip() == package.__version__


@pytest.mark.parametrize(
    "words", [(), ("paint",), ("show",), ("models",), ("models", "pull"), ("library",), ("library", "list")]
)
def test_help_fits_a_terminal_of_100_columns(words):
    page = help_of(*words)
    assert max(map(len, page.splitlines())) <= 100
    assert "Display" not in page or words == ()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("pant",), 'Unknown command "pant".*'),
        (("paint", "a", "--sise", "3"), "Unknown option: --sise. Did you mean --size?"),
        (("paint", "a", "b"), "Unused Tokens: ['b']"),
        (("paint", "a", "--steps"), "--steps requires an argument"),
        (("paint", "a", "--seed", "1", "--seed", "2"), "--seed specified multiple times"),
        (("paint", "a", "--preview-every", "x"), 'unable to convert "x" into int'),
        (("show",), "PICTURE requires an argument"),
    ],
)
def test_words_that_are_no_command_are_one_sentence_and_exit_code_2(doorways, words, sentence):
    said = doorways(*words)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("doorways: ")
    assert said.err.count("\n") == 1
    assert sentence.removesuffix(".*") in said.err
    assert "--help` lists what there is" in said.err


@pytest.mark.parametrize("words", [("--debug", "show", "no.png"), ("show", "no.png", "--debug")])
def test_debug_shows_the_traceback_and_may_stand_anywhere(doorways, words):
    said = doorways(*words)
    assert said.code == 2
    assert "Traceback (most recent call last)" in said.err
    assert said.err.endswith("doorways: no.png: there is no such file; check the picture's name\n")


def test_after_two_hyphens_debug_is_a_word_like_any_other(doorways):
    said = doorways("show", "--", "--debug")
    assert said.err == "doorways: --debug: there is no such file; check the picture's name\n"


def test_help_is_shown_without_torch_numpy_or_pillow():
    for words in (["--help"], ["paint", "--help"], ["library", "--help"], ["library", "list"]):
        program = (
            f"import sys; sys.argv = ['doorways', *{words}]\nfrom doorways.cli.app import main\n"
            "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
            "heavy = {'torch', 'numpy', 'PIL', 'diffusers', 'transformers', 'huggingface_hub'} & set(sys.modules)\n"
            "assert not heavy, heavy"
        )
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr


@pytest.mark.embedded
def test_the_embedded_models_paint_without_diffusers_transformers_or_torchs_compiler(tmp_path):
    program = (
        "import sys; sys.argv = ['doorways', 'paint', 'forest', '--size', '128x64', '--steps', '1', '--no-library']\n"
        "from doorways.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
        "heavy = {'diffusers', 'transformers', 'huggingface_hub', 'torch._dynamo', 'sympy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert len(list(tmp_path.glob("*.png"))) == 1


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise on Windows")
def test_a_reader_that_has_seen_enough_is_no_error():
    command = f"'{sys.executable}' -m doorways.cli models show piece | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
