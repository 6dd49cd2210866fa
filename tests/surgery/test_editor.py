"""An editor is any program; here it is a Python script that saves as editors do."""

from __future__ import annotations

import shlex
import sys

import pytest
import torch

from doorways.errors import DoorwaysError, InputError
from doorways.pictures import read_picture, to_image
from doorways.surgery.editor import Editor
from tests import tiny

BEFORE = tiny.picture(20, 12)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a copy.png"
    to_image(BEFORE).save(path)
    return path


def acting(folder, text, *options):
    """The command of an editor that runs `text`, with the picture's path as last argument."""
    script = folder / "an editor.py"
    head = "import os, sys, time\nfrom PIL import Image\npath = sys.argv[-1]\nimage = Image.open(path).convert('RGB')\n"
    script.write_text(head + text, encoding="utf-8")
    return shlex.join([sys.executable, str(script), *options])


def test_each_save_is_seen_as_it_was_and_the_last_one_too(file, tmp_path):
    editor = Editor(
        acting(
            tmp_path,
            "for red in (10, 200):\n"
            "    image.paste((red, 0, 0), (0, 0, 5, 5))\n"
            "    image.save(path)\n"
            "    time.sleep(1.5)\n"
            "image.paste((0, 255, 0), (0, 0, 5, 5))\n"
            "image.save(path + '.part', 'PNG')\n"
            "os.replace(path + '.part', path)\n",
        ),
        file,
    )
    seen = [round(float(saved[0, 0, 2, 2]) * 255) for saved in editor.saves()]
    assert seen == [10, 200, 0]
    assert editor.code == 0


def test_an_editor_that_saves_nothing_yields_nothing(file, tmp_path):
    editor = Editor(acting(tmp_path, "sys.exit(3)"), file)
    assert list(editor.saves()) == []
    assert editor.code == 3


def test_what_is_no_picture_is_an_error_to_tell_and_the_next_save_counts(file, tmp_path):
    editor = Editor(
        acting(
            tmp_path,
            "open(path, 'wb').write(b'no picture')\ntime.sleep(1.5)\nimage.save(path)\n",
        ),
        file,
    )
    first, second = editor.saves()
    assert isinstance(first, InputError)
    assert "cannot be read as a picture" in str(first)
    assert torch.equal(second, read_picture(file))


def test_a_command_is_split_into_words_and_nothing_in_it_is_interpreted(file, tmp_path):
    said = tmp_path / "said.txt"
    command = acting(tmp_path, f"open({str(said)!r}, 'w').write('|'.join(sys.argv[1:]))\n", "two words")
    assert list(Editor(f"{command} $HOME * ; touch evil > out", file).saves()) == []
    assert said.read_text() == f"two words|$HOME|*|;|touch|evil|>|out|{file}"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("no-such-editor --fast", "editor 'no-such-editor': there is no such program"),
        ("", "editor '': names no program"),
        ("gimp 'half", "cannot be split into words"),
    ],
)
def test_a_command_that_is_none_is_one_sentence(command, sentence, file):
    with pytest.raises(InputError, match=sentence):
        Editor(command, file)


def test_a_program_that_cannot_start_says_so(file, tmp_path):
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    with pytest.raises(DoorwaysError, match="cannot be started"):
        next(Editor(str(broken), file).saves())
