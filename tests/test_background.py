"""Jobs are done in their order, at once or aside; what fails is told and costs the others nothing."""

from __future__ import annotations

import threading

import pytest

from doorways.background import MOST, Background


def fail():
    raise OSError("the disk is full")


def test_at_once_a_job_is_done_by_who_brings_it():
    with Background(aside=False) as background:
        done = []
        background.do(lambda: done.append(threading.current_thread()))
        assert done == [threading.current_thread()]
        with pytest.raises(OSError, match="disk is full"):
            background.do(fail)


def test_aside_jobs_are_done_in_order_while_others_go_on():
    done, may = [], threading.Event()
    with Background(aside=True) as background:
        background.do(may.wait)
        for number in range(MOST):
            background.do(lambda number=number: done.append(number))
        assert done == [], "nobody waited"
        may.set()
        background.do(lambda: done.append(threading.current_thread()))
        background.wait()
        assert done[:-1] == list(range(MOST))
        assert done[-1] is not threading.current_thread()


def test_what_fails_aside_is_raised_once_and_the_rest_is_done():
    done = []
    with Background(aside=True) as background:
        background.do(fail)
        with pytest.raises(OSError, match="disk is full"):
            background.wait()
        background.do(lambda: done.append(1))
    assert done == [1], "the end waits"
    assert threading.active_count() < 20
