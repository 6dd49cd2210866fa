"""The bench of scaling: its model, and a run of two tiny paintings."""

from __future__ import annotations

import pytest

from tests.recipes import clip

pytest.importorskip("ray", reason="Ray is not installed; pip install 'doorways[ray]'")

from bench.ray_scaling import BEYOND, Run, modelled, run, table
from doorways.explore.ray_cluster import connected


def made_up(workers, seconds):
    return Run(workers, paintings=10, seconds=seconds, coming_s=3.0, driver_s=0.5)


def test_the_model_is_a_line_up_to_what_the_driver_can_serve():
    one = made_up(1, 100.0)
    assert modelled(1, one) == one.per_hour == 360
    assert modelled(7, one) == pytest.approx(7 * 360)
    assert modelled(200, one) == modelled(9999, one) == 72000


def test_a_row_for_each_number_of_workers_measured_or_beyond():
    rows = table([made_up(1, 100.0), made_up(2, 55.0)])
    assert [row[0] for row in rows] == [1, 2, *BEYOND]
    assert rows[1][1] == pytest.approx(654.5, abs=0.1)
    assert rows[1][2] == 720


@pytest.mark.xdist_group("clusters")
def test_what_is_painted_is_timed():
    settings = {"prompts": "fire | ocean", "generator": "fourier", "perceptor": clip(), "size": "32x16"}
    with connected("ray"):
        told = run(settings | {"steps": 3, "cutouts": 4, "threads": 1}, 1, 2)
    assert (told.workers, told.paintings) == (1, 2)
    assert told.driver_s > 0
    assert 0 < told.seconds < 120
    assert told.coming_s > 0
