from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from doorways.errors import InputError
from doorways.library import ClaimLost, Library, this_worker
from doorways.library.workers import is_dead
from tests.library.conftest import settings

CLAIM_ALL = """
import sys
from doorways.library import Library, this_worker
with Library.open(sys.argv[1]) as library:
    while (entry := library.claim(this_worker())) is not None:
        print(entry.id, flush=True)
        library.release(entry.id, "finished", step=6, worker=this_worker())
"""


def dead_worker(folder):
    """The name of a process that claimed a painting and was killed."""
    program = (
        "import os, signal, sys; from doorways.library import Library, this_worker\n"
        "print(Library.open(sys.argv[1]).claim(this_worker()).worker, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, folder], capture_output=True, text=True, check=False
    )
    assert ended.returncode < 0, ended.stderr
    return ended.stdout.strip()


def test_claims_come_in_the_order_of_adding_with_pinned_ones_first(library):
    a, b, c = (library.add(settings()).id for _ in range(3))
    library.pin(b)
    claimed = [library.claim("me") for _ in range(4)]
    assert [entry and entry.id for entry in claimed] == [b, a, c, None]
    assert {(entry.state, entry.worker) for entry in claimed[:3]} == {("running", "me")}
    assert all(entry.started >= entry.created for entry in claimed[:3])


@pytest.mark.parametrize("state", ["resting", "stopped", "paused", "finished", "failed"])
def test_only_waiting_paintings_are_claimed(library, state):
    entry = library.add(settings(), state=state)
    assert library.claim("me") is None
    library.release(entry.id, "waiting")
    assert library.claim("me").id == entry.id


def test_claims_may_be_of_one_sweep_alone(library):
    library.add(settings())
    sweep = library.add_sweep("one", "").id
    ours = library.add(settings(), sweep=sweep)
    assert library.claim("me", sweep=sweep).id == ours.id
    assert library.claim("me", sweep=sweep) is None
    assert library.counts() == {"waiting": 1, "running": 1}
    assert library.counts(sweep) == {"running": 1}


def test_a_claim_that_ran_out_is_another_one_s_and_the_first_one_is_told(library):
    entry = library.add(settings())
    library.claim("slow", lease_s=-1)
    library.add(settings())
    assert library.claim("quick").id == entry.id
    with pytest.raises(ClaimLost, match=f"{entry.id}: is no longer slow's to paint: quick paints it"):
        library.beat(entry.id, "slow", 3)
    with pytest.raises(ClaimLost):
        library.release(entry.id, "failed", worker="slow")
    library.beat(entry.id, "quick", 2)
    assert library.get(entry.id).step == 2
    assert library.get(entry.id).state == "running"


def test_a_beat_renews_a_claim(library):
    entry = library.add(settings())
    library.claim("slow", lease_s=-1)
    library.beat(entry.id, "slow", 1)
    assert library.claim("quick") is None


def test_a_painting_that_was_stopped_or_deleted_meanwhile_is_no_longer_one_s_own(library):
    stopped, deleted = library.add(settings()), library.add(settings())
    library.claim("me")
    library.claim("me")
    library.release(stopped.id, "stopped")
    library.release(deleted.id, "stopped")
    library.delete(deleted.id)
    with pytest.raises(ClaimLost, match="it is stopped"):
        library.beat(stopped.id, "me", 1)
    with pytest.raises(ClaimLost, match="it was deleted"):
        library.beat(deleted.id, "me", 1)


def test_a_release_adds_to_the_time_and_keeps_what_is_not_given(library):
    entry = library.add(settings())
    library.claim("me")
    rested = library.release(entry.id, "resting", step=2, seconds=1.5, rung=1, worker="me")
    assert (rested.state, rested.step, rested.rung, rested.seconds, rested.worker) == (
        "resting",
        2,
        1,
        1.5,
        None,
    )
    ended = library.release(entry.id, "finished", seconds=1)
    assert (ended.step, ended.rung, ended.seconds) == (2, 1, 2.5)
    assert ended.finished
    with pytest.raises(InputError, match="state 'done': must be one of waiting, resting"):
        library.release(entry.id, "done")
    with pytest.raises(InputError, match="state 'running': must be one of waiting, resting"):
        library.add(settings(), state="running")


@pytest.mark.parametrize("state", ["waiting", "resting", "paused", "finished", "failed"])
def test_a_reject_is_not_gone_on_with(library, state):
    entry = library.add(settings())
    library.claim("me")
    assert library.verdict(entry.id, "reject").state == "running"
    left = library.release(entry.id, state, worker="me").state
    assert left == (state if state in ("finished", "failed") else "stopped")


def test_this_very_painting_can_be_taken_unless_another_one_paints_it(library):
    first, second = library.add(settings()), library.add(settings(), state="paused")
    assert library.take(second.id[:4], "me").worker == "me"
    assert library.take(second.id, "me").state == "running"
    with pytest.raises(InputError, match=f"{second.id}: is being painted by me; stop it there first"):
        library.take(second.id, "you")
    library.release(first.id, "finished")
    with pytest.raises(InputError, match="is finished, so there is nothing to go on with"):
        library.take(first.id, "me")


@pytest.mark.skipif(os.name == "nt", reason="processes are not looked at on Windows")
def test_what_a_killed_process_had_claimed_is_claimed_again_at_once(library):
    entry = library.add(settings())
    worker = dead_worker(library.folder)
    assert library.get(entry.id).worker == worker
    assert is_dead(worker)
    assert library.claim("me").id == entry.id


@pytest.mark.skipif(os.name == "nt", reason="processes are not looked at on Windows")
def test_what_a_killed_process_had_claimed_can_be_deleted(library):
    entry = library.add(settings())
    worker = dead_worker(library.folder)
    assert (library.get(entry.id).state, library.is_painted(entry.id)) == ("running", False)
    assert library.delete(entry.id).worker == worker
    assert library.list() == []


def test_of_processes_elsewhere_nobody_can_say_whether_they_live(library):
    library.add(settings())
    library.claim("elsewhere:1/999999999")
    assert library.claim("me") is None
    assert not is_dead(this_worker())
    assert not is_dead("some name")


def test_of_two_processes_none_gets_what_the_other_one_got(library):
    with library.together():
        ids = {library.add(settings(seed=seed)).id for seed in range(150)}
    command = [sys.executable, "-c", CLAIM_ALL, library.folder]
    both = [subprocess.Popen(command, stdout=-1, stderr=-1, text=True) for _ in range(2)]
    told = [process.communicate() for process in both]
    assert [error for _, error in told] == ["", ""]
    claimed = Counter(id for out, _ in told for id in out.split())
    assert set(claimed) == ids
    assert set(claimed.values()) == {1}
    with Library.open(library.folder) as again:
        assert again.counts() == {"finished": 150}
        assert again.database.rows("PRAGMA integrity_check")[0][0] == "ok"
