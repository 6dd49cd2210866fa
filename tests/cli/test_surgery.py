"""`doorways surgery` and `doorways heal`, from a painting to its healing, with real tiny models."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import tomllib

import pytest
import torch
from PIL import Image

from doorways.library import Library
from doorways.metadata import read_metadata
from doorways.pictures import read_mask, read_picture, to_image
from doorways.png import save_png
from doorways.recipe import Recipe
from doorways.surgery import OPERATIONS, Script
from doorways.surgery.record import read_record
from tests import tiny

SCRIPT = """
[[operation]]
do = "copy"
rectangle = [0.1, 0.2, 0.3, 0.7]
by = [0.5, 0]

[[operation]]
do = "brush"
strokes = [[[0.4, 0.9], [0.6, 0.9]]]
colour = "teal"
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.fixture
def painted(doorways, clip, tmp_path):
    recipe = Recipe.build(
        prompts="sea",
        generator="fourier",
        perceptor=clip,
        size="64x32",
        steps=4,
        cutouts=4,
        overviews=1,
        seed=1,
    )
    save_png(tmp_path / "sea.png", to_image(tiny.picture(64, 32)), recipe, step=4, finished=True)
    (tmp_path / "open.toml").write_text(SCRIPT, encoding="utf-8")
    return "sea.png"


def test_a_painting_is_operated_on_and_healed(doorways, painted, tmp_path):
    before = (tmp_path / painted).read_bytes()
    said = doorways("surgery", "apply", painted, "open.toml", "-o", "new.png")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("new.png: 2 operations, ")
    assert said.out.endswith(" this heals it:\n  doorways heal new.png\n")
    assert read_metadata("new.png") == read_metadata(painted)
    assert (tmp_path / painted).read_bytes() == before
    assert [step["do"] for step in read_record(tmp_path / "new.png").surgery] == ["copy", "brush"]

    said = doorways("heal", "new.png", "--steps", "3", "-o", "healed.png")
    assert said.code == 0, said.err
    assert names(tmp_path) == ["healed-mask.png", "healed.png", "new.png", "open.toml", "sea.png"]
    recipe = Recipe.from_png("healed.png")
    assert (recipe.prompts, recipe.steps, recipe.detail) == ("sea", 3, True)
    assert (str(recipe.init_image), str(recipe.mask)) == ("new.png", "healed-mask.png")
    mask = read_mask("healed-mask.png").expand(1, 3, -1, -1)
    healed, operated = read_picture("healed.png"), read_picture("new.png")
    assert torch.allclose(healed[mask == 0], operated[mask == 0], atol=1.01 / 255)
    assert not torch.equal(healed[mask == 1], operated[mask == 1])
    assert read_record(tmp_path / "healed.png") is None

    again = doorways("paint", "--recipe", "healed.png", "--out", "again.png")
    assert again.code == 0, again.err
    assert torch.equal(read_picture("again.png"), healed)


def test_names_are_found_where_none_are_given(doorways, painted, tmp_path):
    for _ in range(2):
        assert doorways("surgery", "apply", painted, "open.toml").code == 0
    assert doorways("heal", "sea-open.png", "--steps", "1").code == 0
    assert {"sea-open.png", "sea-open-2.png", "sea-open-healed.png", "sea-open-healed-mask.png"} <= {
        *names(tmp_path)
    }


def test_all_of_a_picture_is_healed(doorways, painted, tmp_path):
    doorways("surgery", "apply", painted, "open.toml", "-o", "new.png")
    said = doorways("heal", "new.png", "--all", "--steps", "3", "--strength", "1", "-o", "healed.png")
    assert said.code == 0, said.err
    recipe = Recipe.from_png("healed.png")
    assert (recipe.mask, recipe.hold.at(0)) == (None, 0)
    assert "healed-mask.png" not in names(tmp_path)


def test_only_what_a_mask_shows_is_healed(doorways, painted, tmp_path):
    doorways("surgery", "apply", painted, "open.toml", "-o", "new.png")
    mask = Image.new("L", (64, 32))
    mask.paste(255, (0, 0, 32, 32))
    mask.save("left.png")
    said = doorways("heal", "new.png", "--mask", "left.png", "--steps", "3", "-o", "healed.png")
    assert said.code == 0, said.err
    assert str(Recipe.from_png("healed.png").mask) == "left.png"
    assert "healed-mask.png" not in names(tmp_path)
    healed, operated = read_picture("healed.png"), read_picture("new.png")
    assert torch.allclose(healed[..., 32:], operated[..., 32:], atol=1.01 / 255)
    assert not torch.equal(healed[..., :32], operated[..., :32])


def test_what_another_program_made_is_healed_with_its_parent(doorways, painted, tmp_path):
    with Image.open(painted) as image:
        edited = image.convert("RGB")
    edited.paste((255, 0, 0), (10, 10, 30, 20))
    edited.save("edited.png")
    assert "does not say what was changed" in doorways("heal", "edited.png", "--prompts", "sea").err
    assert "--parent" in doorways("heal", "edited.png").err
    said = doorways("heal", "edited.png", "--parent", painted, "--steps", "2", "-o", "healed.png")
    assert said.code == 0, said.err
    assert float(read_mask("healed-mask.png")[0, 0, 15, 20]) == 1
    assert float(read_mask("healed-mask.png")[0, 0, 15, 60]) == 0


def test_the_library_keeps_script_and_parent(doorways, small, painted, tmp_path):
    assert doorways("paint", "sea", *small(), "--seed", "5", "--out", "kept.png").code == 0
    with Library.open() as library:
        parent = library.with_picture("kept.png")
        assert doorways("surgery", "apply", parent.id, "open.toml").code == 0
        assert read_record(tmp_path / f"{parent.id}-open.png").parent == parent.id
        assert doorways("surgery", "apply", "kept.png", "open.toml", "-o", "new.png").code == 0
        for given, healed in ((f"{parent.id}-open.png", None), ("new.png", "healed.png")):
            out = ["-o", healed] if healed else []
            said = doorways("heal", given, "--steps", "1", *out)
            assert said.code == 0, said.err
            entry = library.with_picture(healed or f"{parent.id}-open-healed.png")
            assert entry.parent == parent.id
            assert entry.change["surgery"] == "copy, brush"
            assert Script.build(tomllib.loads(entry.change["script"])["operation"])
            assert entry.change["steps"] == [4, 1]
    assert "surgery copy, brush" in doorways("library", "tree", parent.id).out


def test_the_library_keeps_the_script_of_a_picture_that_it_does_not_have(doorways, painted, tmp_path):
    doorways("surgery", "apply", painted, "open.toml", "-o", "new.png")
    assert doorways("heal", "new.png", "--steps", "1", "-o", "healed.png").code == 0
    with Library.open() as library:
        entry = library.with_picture("healed.png")
    assert entry.parent is None
    assert (entry.change["surgery"], entry.change["of"]) == ("copy, brush", painted)
    assert Script.build(tomllib.loads(entry.change["script"])["operation"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("surgery", "apply", "no.png", "open.toml"), "no.png: there is no such picture"),
        (("surgery", "apply", "sea.png", "no.toml"), "no.toml: there is no such file"),
        (("surgery", "apply", "sea.png", "open.toml", "-o", "sea.png"), "sea.png exists already; --force"),
        (("surgery", "apply", "sea.png", "open.toml", "-o", "a.jpg"), "out a.jpg: must end in .png"),
        (("surgery", "apply", "sea.png", "wrong.toml"), "wrong.toml: operation 1 (blur): radius 70: must be at most 1"),
        (("surgery", "show", "sea.png"), "sea.png: nothing in it says that it was operated on"),
        (("surgery", "show", "no.png"), "no.png: there is no such picture"),
        (("heal", "no.png"), "no.png: there is no such picture"),
        (("heal", "."), "out .: is no name of a file"),
        (("surgery", "apply", "sea.png", "open.toml", "-o", "."), "out .: is no name of a file"),
        (("heal", "new.png", "--generator", "nowhere"), "nowhere"),
        (("heal", "sea.png"), "sea.png: does not say what was changed; heal all of it with --all"),
        (("heal", "sea.png", "--all", "--strength", "2"), "strength 2: must be more than 0 and at most 1"),
        (("heal", "sea.png", "--all", "--mask", "m.png"), "--all heals everywhere and --mask only"),
        (("heal", "sea.png", "--all", "--steps", "0"), "steps '0': must be at least 1"),
        (("surgery", "edit", "sea.png", "--editor", "no-such-editor"), "editor 'no-such-editor': there is no such"),
        (("surgery", "edit", "sea.png", "--editor", "true", "--steps", "0"), "steps '0': must be at least 1"),
        (("surgery", "edit", "sea.png", "--editor", "true", "-o", "a.png"), "--out a.png: edit names each healing"),
        (("surgery", "edit", "sea.png", "--editor", "true", "--video", "a.mp4"), "--video a.mp4: edit names each"),
        (("surgery", "edit", "sea.png", "--editor", "false"), "editor 'false': ended with exit code 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence_and_nothing_is_left(doorways, painted, tmp_path, words, sentence):
    (tmp_path / "wrong.toml").write_text("[[operation]]\ndo = 'blur'\nradius = 70\n", encoding="utf-8")
    doorways("surgery", "apply", painted, "open.toml", "-o", "new.png")
    before = names(tmp_path)
    said = doorways(*words)
    assert said.code == (1 if "false" in words else 2)
    assert sentence in said.err
    assert [name for name in names(tmp_path) if name not in before] == (
        ["sea-edit.png"] if "false" in words else []
    )


def test_what_was_done_is_shown_as_a_script_that_does_it_again(doorways, painted, tmp_path):
    doorways("surgery", "apply", painted, "open.toml", "-o", "new.png")
    said = doorways("surgery", "show", "new.png")
    assert said.code == 0
    assert said.out.startswith("# new.png: ")
    assert "of it changed since sea.png\n" in said.out
    (tmp_path / "again.toml").write_text(said.out, encoding="utf-8")
    assert doorways("surgery", "apply", painted, "again.toml", "-o", "again.png").code == 0
    assert torch.equal(read_picture("again.png"), read_picture("new.png"))


def test_operations_are_listed_in_words_and_as_schemas(doorways):
    said = doorways("surgery", "operations")
    assert all(f'do = "{name}"' in said.out for name in OPERATIONS)
    assert [*json.loads(doorways("surgery", "operations", "--json").out)] == [*OPERATIONS]


def editor(folder, text):
    """The command of a program that acts as an editor; its last argument is the picture."""
    path = folder / "an editor.py"
    head = "import sys, time\nfrom PIL import Image\npath = sys.argv[-1]\nimage = Image.open(path).convert('RGB')\n"
    path.write_text(head + text, encoding="utf-8")
    return shlex.join([sys.executable, str(path), "--new window"])


def test_an_edit_is_healed_whenever_it_is_saved(doorways, painted, tmp_path):
    acting = editor(
        tmp_path,
        "image.paste((255, 0, 0), (10, 10, 20, 20))\nimage.save(path)\n"
        "while not __import__('glob').glob('sea-edit-1-healed.png'):\n    time.sleep(0.1)\n"
        "image.paste((0, 255, 0), (40, 10, 50, 20))\nimage.save(path)\n",
    )
    said = doorways("surgery", "edit", painted, "--editor", acting, "--steps", "2")
    assert said.code == 0, said.err
    made = {
        f"sea-edit{part}.png"
        for part in ("", "-1", "-1-healed", "-1-healed-mask", "-2", "-2-healed", "-2-healed-mask")
    }
    assert made == {*names(tmp_path)} - {"sea.png", "open.toml", "an editor.py"}
    record = read_record(tmp_path / "sea-edit-2.png")
    assert record.surgery == ({"editor": acting},)
    assert record.changed[0, 0, 15, 15] == record.changed[0, 0, 15, 45] == 1
    assert record.changed.sum() == 200
    recipe = Recipe.from_png("sea-edit-2-healed.png")
    assert (recipe.prompts, recipe.steps, recipe.detail) == ("sea", 2, True)


def test_an_edit_of_a_painting_in_the_library_is_its_child(doorways, small, tmp_path):
    assert doorways("paint", "sea", *small(), "--seed", "5", "--out", "kept.png").code == 0
    acting = editor(tmp_path, "image.paste((255, 0, 0), (10, 10, 20, 20))\nimage.save(path)\n")
    with Library.open() as library:
        (parent,) = library.list()
        said = doorways("surgery", "edit", parent.id, "--editor", acting, "--steps", "1")
        assert said.code == 0, said.err
        (child,) = (entry for entry in library.list() if entry.id != parent.id)
    assert child.parent == parent.id
    assert "edited with" in child.change["script"]


def test_what_cannot_be_healed_is_told_and_the_editor_is_watched_on(doorways, painted, tmp_path):
    acting = editor(
        tmp_path,
        "image.resize((10, 10)).save(path)\ntime.sleep(1.5)\nopen(path, 'w').write('no picture')\ntime.sleep(1.5)\n"
        "image.save(path)\n",
    )
    said = doorways("surgery", "edit", painted, "--editor", acting)
    assert said.code == 0
    assert "the picture is 10x10 and was 64x32 before" in said.err
    assert "cannot be read as a picture" in said.err
    assert "nothing in it was changed yet" in said.err
    assert "the editor ended, and nothing was changed in sea-edit.png" in said.err


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_an_editor_that_leaves_a_window_open_is_watched_until_ctrl_c(doorways, painted, tmp_path):
    acting = editor(
        tmp_path,
        "import os, signal, subprocess\n"
        "late = 'import os, signal, sys, time; from PIL import Image; time.sleep(1); image = Image.open(sys.argv[1]);'\\\n"
        "    'image.putpixel((3, 3), (255, 0, 0)); image.save(sys.argv[1]);'\\\n"
        "    'exec(\"while not os.path.exists(\\'sea-edit-1-healed.png\\'): time.sleep(0.1)\"); time.sleep(1);'\\\n"
        f"    'os.kill({os.getpid()}, signal.SIGINT)'\n"
        "subprocess.Popen([sys.executable, '-c', late, path])\n",
    )
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        said = doorways("surgery", "edit", painted, "--editor", acting, "--keep-watching", "--steps", "1")
    finally:
        signal.signal(signal.SIGINT, before)
    assert said.code == 130
    assert "sea-edit-1-healed.png" in names(tmp_path)
