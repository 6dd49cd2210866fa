"""Copies of the pictures that recipes name: whole, shared, and gone with what they were made for."""

from __future__ import annotations

import pytest
from PIL import Image

from doorways.errors import InputError
from tests.library.conftest import settings


@pytest.fixture
def start(tmp_path):
    path = tmp_path / "start.png"
    Image.new("RGB", (48, 24), "teal").save(path)
    return path


def copies(library):
    return sorted((library.folder / "paintings").rglob("*start.png"))


def test_paintings_that_begin_with_one_picture_hold_it_once(library, start):
    first, second = (library.add(settings(init_image=str(start))) for _ in range(2))
    one, other = copies(library)
    assert one.samefile(other)
    library.delete(first.id)
    assert copies(library)[0].read_bytes() == start.read_bytes(), "the other one is still there"
    Image.new("RGB", (48, 24), "red").save(start)
    third = library.add(settings(init_image=str(start)))
    changed = next(iter(library.files(third.id).sources.iterdir()))
    assert changed.read_bytes() == start.read_bytes()
    assert not changed.samefile(next(iter(library.files(second.id).sources.iterdir())))


def test_what_fails_together_leaves_no_copies(library, start):
    kept = library.add(settings(init_image=str(start)))

    def add_two():
        with library.together():
            library.add(settings(init_image=str(start)))
            library.add(settings(init_image=str(start.with_name("gone.png"))))

    with pytest.raises(InputError, match="there is no such picture"):
        add_two()
    assert [path.parents[1].name for path in copies(library)] == [kept.id]
    assert library.check() == []
    library.add(settings(init_image=str(start)))
    assert len(copies(library)) == 2, "nothing is taken back of what went well"
