"""How trainings stop, go on and are done."""

from __future__ import annotations

import pytest
import torch

from doorways.errors import InputError
from training import resumable
from training.resumable import check_done, go_on


class Counting:
    """A training that counts."""

    def __init__(self, steps=3, **settings):
        self.step, self.settings = 0, {"steps": steps, **settings}

    def advance(self):
        self.step += 1
        return "counted"

    def state(self):
        return {"step": self.step}

    def restore(self, state):
        self.step = state["step"]

    def export(self, out):
        (out / "count.txt").write_text(str(self.step))


@pytest.fixture(autouse=True)
def work(monkeypatch, tmp_path):
    monkeypatch.setattr(resumable, "WORK", tmp_path)
    return tmp_path


def test_what_is_stopped_says_so_and_goes_on_until_it_is_done(work, capsys):
    done = [go_on(Counting(), "count", work / "out", 0) for _ in range(3)]
    assert done == [False, False, True]
    assert (work / "out" / "count.txt").read_text() == "3"
    assert "at step 1 of 3; run again" in capsys.readouterr().out
    check_done("count", {"steps": 3})


def test_what_is_done_is_left_as_it_is_and_says_how_to_begin_anew(work, capsys):
    for _ in range(2):
        assert go_on(Counting(), "count", work / "out", 1)
    said = capsys.readouterr().out
    assert f"3 of 3 steps are done; to begin anew, remove {work / 'count.pt'}" in said


def test_what_is_done_and_has_gone_from_its_folder_is_written_there_again(work):
    assert go_on(Counting(), "count", work / "out", 1)
    (work / "out" / "count.txt").rename(work / "count.txt")
    (work / "out").rmdir()
    assert go_on(Counting(), "count", work / "out", 1)
    assert (work / "out" / "count.txt").read_text() == "3"


def test_what_was_there_at_the_beginning_alone_is_remembered(work):
    go_on(Counting(begin="this"), "count", work / "out", 0)
    go_on(Counting(), "count", work / "out", 0)
    with pytest.raises(InputError, match="was begun with begin this, and begin is that now"):
        go_on(Counting(begin="that"), "count", work / "out", 0)


def test_other_settings_are_refused_in_mid_run(work):
    go_on(Counting(rate=0.1), "count", work / "out", 0)
    with pytest.raises(InputError, match=r"count\.pt was begun with rate 0\.1, and rate is 0\.2 now"):
        go_on(Counting(rate=0.2), "count", work / "out", 0)
    assert torch.load(work / "count.pt")["step"] == 1


@pytest.mark.parametrize("minutes", [None, 0])
def test_what_is_not_done_is_no_foundation(minutes, work):
    if minutes is not None:
        go_on(Counting(), "count", work / "out", minutes)
    with pytest.raises(
        InputError,
        match=f"{0 if minutes is None else 1} of the 3 steps of count are done; make train-count first",
    ):
        check_done("count", {"steps": 3})


def test_what_was_done_with_other_settings_is_no_foundation(work):
    go_on(Counting(rate=0.1), "count", work / "out", 1)
    with pytest.raises(InputError, match="begun with rate"):
        check_done("count", {"steps": 3, "rate": 0.2})
