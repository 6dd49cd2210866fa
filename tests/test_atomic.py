from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from doorways.atomic import check_writable, unwritable, whole
from doorways.errors import DoorwaysError, InputError

FULL = OSError(errno.ENOSPC, "No space left on device")


def write_half(part):
    part.write_text("half", "utf-8")
    raise KeyError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_place_when_all_is_written(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    with whole(path) as part:
        part.write_text("new", "utf-8")
        assert path.read_text("utf-8") == "old"
        assert part.suffix == ".txt"
    assert path.read_text("utf-8") == "new"
    assert names(tmp_path) == ["a.txt"]


def test_what_stood_there_stays_when_writing_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    with pytest.raises(KeyError), whole(path) as part:
        write_half(part)
    assert path.read_text("utf-8") == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_process_that_is_killed_while_it_writes_leaves_what_stood_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    program = (
        "import os, signal, sys; from doorways.atomic import whole\n"
        "with whole(sys.argv[1]) as part:\n    part.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert ended.returncode < 0
    assert path.read_text("utf-8") == "old"


@pytest.mark.skipif(os.name == "nt", reason="permissions are others on Windows")
def test_a_new_file_has_the_permissions_of_any_other(tmp_path):
    with whole(tmp_path / "a") as part:
        part.write_text("x", "utf-8")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_missing_folder_is_named(tmp_path):
    path = tmp_path / "no" / "a.txt"
    for attempt in (lambda: check_writable(path), lambda: whole(path).__enter__()):
        with pytest.raises(InputError, match=r"a.txt: there is no folder .*no; make it first"):
            attempt()


def test_a_folder_is_no_file(tmp_path):
    for attempt in (lambda: check_writable(tmp_path), lambda: whole(tmp_path).__enter__()):
        with pytest.raises(InputError, match="is a folder; give the name of a file in it"):
            attempt()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="may not be written to; write elsewhere"):
        check_writable(tmp_path / "a.txt")
    tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (FULL, DoorwaysError, "a.png: the disk is full; free some space, and go on"),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            InputError,
            "the folder .* may not be written to",
        ),
        (OSError(errno.EROFS, "Read-only file system"), InputError, "the folder .* may not be written to"),
        (FileNotFoundError(errno.ENOENT, "as in /proc"), InputError, "the folder .* may not be written to"),
        (
            OSError(errno.EIO, "Input/output error"),
            DoorwaysError,
            r"cannot be written \(Input/output error\)",
        ),
    ],
)
def test_what_the_system_says_becomes_one_sentence(tmp_path, error, kind, message):
    found = unwritable(tmp_path / "a.png", error)
    assert type(found) is kind
    with pytest.raises(kind, match=message):
        raise found


def test_an_error_of_the_system_inside_the_block_is_told_of_the_file(tmp_path):
    with pytest.raises(DoorwaysError, match=r"a\.png: the disk is full"), whole(tmp_path / "a.png"):
        raise FULL
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_called_by_its_name(tmp_path):
    with pytest.raises(DoorwaysError, match="the disk is full") as caught, whole(tmp_path / "a.png"):
        Path("/dev/full").write_bytes(b"x")
    assert not isinstance(caught.value, InputError)


def test_a_long_name_is_called_so(tmp_path):
    with (
        pytest.raises(InputError, match="the name is too long for this disk"),
        whole(tmp_path / ("a" * 300 + ".png")),
    ):
        pass


def test_the_check_leaves_nothing(tmp_path):
    check_writable(tmp_path / "a.png")
    assert names(tmp_path) == []
