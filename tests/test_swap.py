from __future__ import annotations

from pathlib import Path

import pytest

from doorways.errors import DoorwaysError, InputError
from doorways.swap import whole_folder

MARK = "mark.json"


def fill(folder: Path, text: str) -> None:
    with whole_folder(folder) as new:
        (new / MARK).write_text(text, "utf-8")


def test_a_folder_takes_the_place_of_the_one_before(tmp_path):
    fill(tmp_path / "site", "one")
    (tmp_path / "site" / "old.html").write_text("", "utf-8")
    fill(tmp_path / "site", "two")
    assert [path.name for path in (tmp_path / "site").iterdir()] == [MARK]
    assert (tmp_path / "site" / MARK).read_text("utf-8") == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_fails_leaves_everything_as_it_was(tmp_path):
    fill(tmp_path / "site", "one")
    with pytest.raises(UnicodeEncodeError):
        fill(tmp_path / "site", "two, and then a letter that no file can hold: \ud800")
    assert (tmp_path / "site" / MARK).read_text("utf-8") == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_when_the_swap_itself_fails_the_old_folder_comes_back(tmp_path, monkeypatch):
    fill(tmp_path / "site", "one")
    rename = Path.rename

    def fails_for_the_new(self, target):
        if Path(target).name == "site" and not self.name.endswith("-before"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new)
    with pytest.raises(DoorwaysError, match="cannot be written"):
        fill(tmp_path / "site", "two")
    assert (tmp_path / "site" / MARK).read_text("utf-8") == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_empty_folder_is_filled_and_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "site").symlink_to("real")
    fill(tmp_path / "site", "one")
    assert (tmp_path / "real" / MARK).exists()
    assert (tmp_path / "site").is_symlink()


def test_home_the_current_folder_and_those_above_are_never_replaced(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    for folder in (tmp_path / "a", tmp_path, Path.home(), Path("/")):
        with pytest.raises(InputError, match=r"holds the folder you are in, or your home"):
            fill(folder, "one")


def test_a_file_or_a_missing_place_is_an_error(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(InputError, match="is a file"):
        fill(tmp_path / "file", "one")
    with pytest.raises(InputError, match="there is no folder"):
        fill(tmp_path / "no" / "site", "one")
