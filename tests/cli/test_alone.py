"""Only one process paints into a file, and one that is killed holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from doorways.cli.alone import alone, is_painted
from doorways.cli.outputs import unused
from doorways.errors import InputError

PAINT = """
import sys, time
from pathlib import Path
from doorways.cli.alone import alone
with alone(Path(sys.argv[1])):
    print("painting", flush=True)
    time.sleep(60)
"""


def test_a_file_that_another_process_paints_into_is_refused_until_that_is_gone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture = tmp_path / "sea.png"
    with subprocess.Popen(
        [sys.executable, "-c", PAINT, "sea.png"], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "painting\n"
        with pytest.raises(InputError, match=r"sea\.png is being painted by another process"), alone(picture):
            pass
        assert unused(picture).name == "sea-2.png"
        other.send_signal(signal.SIGKILL)
    with alone(picture):
        assert is_painted(picture)
    assert not is_painted(picture)
    assert list(tmp_path.iterdir()) == []


def test_where_no_lock_can_be_written_it_says_so_and_looks_for_no_other_name(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "file"))
    for ask in (is_painted, unused):
        with pytest.raises(InputError, match="there is no folder"):
            ask(tmp_path / "sea.png")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are Unicode")
def test_a_folder_whose_name_is_no_text_may_be_painted_in(tmp_path):
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()
    with alone(folder / "sea.png"):
        assert is_painted(folder / "sea.png")
        assert unused(folder / "sea.png").name == "sea-2.png"
