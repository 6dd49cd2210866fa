"""The meter: bytes of what is made inside and alive, views and what was there before aside."""

from __future__ import annotations

import torch

from doorways.memory import Meter

CPU = torch.device("cpu")


def test_it_counts_what_is_alive_at_once():
    meter = Meter(CPU, "first")
    with meter:
        one = torch.zeros(1000)
        del one
        two = torch.zeros(500)
        meter.phase = "second"
        three = two + 1
    assert meter.peaks == {"first": 4000, "second": 4000}
    del two, three


def test_views_and_what_was_there_before_count_nothing():
    before = torch.zeros(1000)
    meter = Meter(CPU, "only")
    with meter:
        view = before.view(10, 100).T[2:]
        view.add_(1)
    assert meter.peaks == {"only": 0}


def test_it_sees_what_the_way_back_needs():
    x = torch.zeros(1000, requires_grad=True)
    meter = Meter(CPU, "there")
    with meter:
        y = x.exp().exp().exp()
        meter.phase = "back"
        torch.autograd.grad(y.sum(), x)
    assert meter.peaks["there"] == 12000, "each of the three results is kept"
    assert meter.peaks["back"] > 12000


def test_other_devices_do_not_count():
    meter = Meter(torch.device("meta"), "only")
    with meter:
        torch.zeros(1000)
    assert meter.peaks == {"only": 0}
