from __future__ import annotations

import pytest

from doorways.errors import InputError
from doorways.export.gallery import MARK, exhibits_of, gallery_of
from tests.painted import painted


def test_a_folder_is_a_gallery_and_its_folders_are_sections(tmp_path):
    home = tmp_path / "my-worlds"
    for name in (
        "10.png",
        "2.png",
        "02-other_worlds/a.png",
        "01-nature/b.PNG",
        ".hidden/c.png",
        "site/d.png",
    ):
        painted(home / name)
    (home / "site" / MARK).write_text("{}", "utf-8")
    (home / "notes.txt").write_text("", "utf-8")
    gallery = gallery_of([home])
    assert gallery.title == "My worlds"
    found = [(section.title, [one.name for one in section.exhibits]) for section in gallery.sections]
    assert found == [("", ["2", "10"]), ("Nature", ["b"]), ("Other worlds", ["a"])]


def test_single_pictures_are_one_section_in_the_order_given(tmp_path):
    paths = [painted(tmp_path / name) for name in ("b.png", "a.png")]
    gallery = gallery_of(paths, title="Two", introduction="Hello.")
    assert (gallery.title, gallery.introduction, len(gallery.sections)) == ("Two", "Hello.", 1)
    assert [one.name for one in exhibits_of(paths)] == ["b", "a"]


def test_nothing_to_show_is_an_error(tmp_path):
    with pytest.raises(InputError, match="there is no PNG in it"):
        gallery_of([tmp_path])
    with pytest.raises(InputError, match=r"no\.png: there is no such file"):
        gallery_of([tmp_path / "no.png"])
