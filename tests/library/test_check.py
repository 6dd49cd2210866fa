from __future__ import annotations

import shutil

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from doorways.errors import DoorwaysError, InputError
from doorways.recipe import Recipe
from tests.library.conftest import settings


@pytest.fixture
def kept(library):
    """A finished painting with all its files."""
    entry = library.add(settings())
    library.keep(entry.id, Image.new("RGB", (48, 24), "teal"), Recipe.build(prompts="sea", seed=1), 6, True)
    files = library.files(entry.id)
    save_file({"latent": torch.zeros(3, 4), "two": torch.ones(2)}, files.latent)
    files.events.write_text('{"event": "finished", "step": 6}\n', "utf-8")
    return library.get(entry.id)


def told(library):
    return [(problem.kind, problem.id, problem.path.name) for problem in library.check()]


def test_all_is_well(library, kept):
    library.add(settings())
    library.add(settings(), state="paused")
    library.claim("elsewhere")
    assert library.check() == []


def test_a_picture_that_is_gone_or_another_one_is_told(library, kept):
    picture = library.files(kept.id).picture
    content = picture.read_bytes()
    picture.write_bytes(content[:-1])
    assert told(library) == [("changed", kept.id, "picture.png")]
    assert (
        f"checksum differs); `doorways paint --recipe {kept.id}` paints it again" in library.check()[0].text
    )
    picture.unlink()
    assert told(library) == [("missing", kept.id, "picture.png")]
    picture.write_bytes(content)
    assert told(library) == []


def test_a_latent_that_is_gone_or_cut_off_is_told(library, kept):
    latent = library.files(kept.id).latent
    content = latent.read_bytes()
    for wrong in (content[:-1], content[:20], b"", content + b"x", b"\2\0\0\0\0\0\0\0[]"):
        latent.write_bytes(wrong)
        assert told(library) == [("cut off", kept.id, "latent.safetensors")]
    latent.unlink()
    assert told(library) == [("missing", kept.id, "latent.safetensors")]


@pytest.mark.parametrize("state", ["waiting", "resting", "paused"])
def test_a_checkpoint_that_is_gone_is_told(library, state):
    entry = library.add(settings())
    library.release(entry.id, state, step=3)
    assert told(library) == [("missing", entry.id, "checkpoint.safetensors")]
    save_file({"latent": torch.zeros(3)}, library.files(entry.id).checkpoint)
    assert told(library) == []


def test_what_is_left_over_is_told(library, kept):
    files = library.files(kept.id)
    save_file({"latent": torch.zeros(3)}, files.checkpoint)
    (files.folder / ".doorways-0123.png").touch()
    (files.folder / "Thumbs.db").touch()
    assert told(library) == [
        ("left over", kept.id, "checkpoint.safetensors"),
        ("left over", kept.id, ".doorways-0123.png"),
        ("left over", kept.id, "Thumbs.db"),
    ]
    assert "half a file that a killed process left" in library.check()[1].text


def test_a_folder_without_a_row_is_told(library, kept):
    shutil.copytree(library.files(kept.id).folder, library.folder / "paintings" / "kbcdfghj")
    (library.folder / "paintings" / ".import-12").mkdir()
    assert told(library) == [("orphan", None, ".import-12"), ("orphan", None, "kbcdfghj")]
    assert "`doorways library import` of the picture in it brings it back" in library.check()[1].text


def test_a_claim_that_ran_out_is_told(library):
    entry = library.add(settings())
    library.claim("elsewhere", lease_s=-1)
    assert told(library) == [("interrupted", entry.id, entry.id)]
    assert "elsewhere ended without a word" in library.check()[0].text


def test_a_row_that_belongs_to_nothing_is_told(library):
    library.database.rows("PRAGMA foreign_keys = OFF")
    library.database.rows("INSERT INTO tags VALUES ('kbcdfghj', 'lost')")
    assert [(problem.kind, problem.id) for problem in library.check()] == [("database", None)]
    assert "a row of tags belongs to nothing" in library.check()[0].text


def damage(library, change):
    """Ends the library and changes the bytes of its database."""
    library.close()
    content = library.database.path.read_bytes()
    library.database.path.write_bytes(change(content))


def test_a_database_of_which_a_few_bytes_changed_is_told(library, kept):
    damage(library, lambda content: content.replace(kept.id.encode(), b"kbcdfghj", 1))
    with type(library).open(library.folder) as again:
        (problem,) = [problem for problem in again.check() if problem.kind == "database"]
    assert problem.path.name == "library.sqlite3"
    assert "is damaged (" in problem.text


def test_a_database_that_cannot_be_read_is_told_in_one_sentence(library, kept):
    damage(library, lambda content: content[:100] + b"\xff" * (len(content) - 100))
    with pytest.raises(DoorwaysError, match=r"is damaged .*; put back a copy") as caught:
        type(library).open(library.folder)
    assert not isinstance(caught.value, InputError)
