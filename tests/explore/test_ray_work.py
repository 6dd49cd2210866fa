"""Sweeps on real Ray clusters of this machine: a node killed, the driver killed, pictures that travel; the same bits."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ray", reason="Ray is not installed; pip install 'doorways[ray]'")

from ray.cluster_utils import Cluster

from doorways.errors import DoorwaysError
from doorways.events import Started, Stepped
from doorways.explore import ray_work
from doorways.explore.crew import at_work, hire
from doorways.explore.ray_cluster import Node, connected
from doorways.explore.ray_place import needs_of
from doorways.explore.ray_work import work_on_cluster
from doorways.recipe import Recipe
from tests.recipes import painted_alone

# Ray leaves its log files and pipes to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:unclosed file:ResourceWarning", "ignore:subprocess .* is still running:ResourceWarning"
    ),
    pytest.mark.xdist_group("clusters"),
]

PATIENCE_S = 300


@pytest.fixture(scope="module")
def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def cluster(free_port):
    """Two machines that paint, one painting each, and one between them that does not."""
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "ray_client_server_port": free_port})
    found.add_node(num_cpus=1)
    found.add_node(num_cpus=1)
    yield found
    found.shutdown()


@pytest.fixture
def joined(cluster, monkeypatch):
    monkeypatch.setattr(ray_work, "LOOK_S", 0.1)
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    with connected("ray"):
        yield cluster


def must_be_as_painted_alone(library, entry):
    picture = np.asarray(Image.open(library.files(entry.id).picture))
    assert (picture == painted_alone(Recipe.build(**entry.recipe))).all()


def steps_told(library, entry):
    lines = map(json.loads, library.files(entry.id).events.read_text("utf-8").splitlines())
    return [line["step"] for line in lines if line["event"] == "stepped"]


def pull_the_plug(cluster):
    """One of the machines that paint is gone, and all its processes with it."""
    node = cluster.list_all_nodes()[-1]
    raylet = str(node.all_processes["raylet"][0].process.pid)
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat")]
    cluster.remove_node(node, allow_graceful=False)
    for stat in stats:
        if stat.rpartition(")")[2].split()[1] == raylet:
            os.kill(int(stat.split()[0]), signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of a machine in /proc")
def test_the_painting_of_a_killed_node_goes_on_elsewhere_from_its_last_checkpoint(library, enlisted, joined):
    sweep = enlisted(seeds=4, steps=40, triage="false")
    both = threading.Barrier(2, timeout=PATIENCE_S)
    taken = defaultdict(list)
    killed = threading.Event()

    def seen(entry, event):
        if isinstance(event, Stepped):
            taken[entry.id].append(event.step)
            if event.step == 33 and not killed.is_set():
                if both.wait() == 0:
                    pull_the_plug(joined)
                    killed.set()
                assert killed.wait(PATIENCE_S)

    work_on_cluster(library, sweep.id, on_event=seen)
    assert library.counts(sweep.id) == {"finished": 4}
    assert library.get_sweep(sweep.id).state == "done"
    lost = [steps for steps in taken.values() if steps != list(range(1, 41))]
    assert lost == [[*range(1, 34), *range(26, 41)]]
    for entry in library.list(sweep=sweep.id):
        assert steps_told(library, entry) == list(range(1, 41))
        must_be_as_painted_alone(library, entry)
    joined.add_node(num_cpus=1)


def test_rungs_are_judged_there_and_settled_here(library, enlisted, joined):
    sweep = enlisted(seeds=4)
    work_on_cluster(library, sweep.id)
    assert library.counts(sweep.id) == {"stopped": 3, "finished": 1}
    assert all("rung:1:match" in entry.scores for entry in library.list(sweep=sweep.id))
    (whole,) = library.list(sweep=sweep.id, state="finished")
    must_be_as_painted_alone(library, whole)
    assert library.files(whole.id).samples.keys() == {1, 3, 5}


def test_pictures_that_a_recipe_names_travel_as_bytes_and_keep_their_names(
    library, enlisted, joined, tmp_path
):
    start = tmp_path / "start.png"
    Image.linear_gradient("L").convert("RGB").resize((48, 24)).save(start)
    sweep = enlisted(seeds=1, triage="false")
    (plain,) = library.list(sweep=sweep.id)
    recipe = plain.recipe | {"init_image": str(start), "prompts": f"fire | image({start})"}
    library.delete(plain.id)
    added = library.add(recipe, sweep=sweep.id)
    alone = painted_alone(Recipe.build(**recipe))
    start.unlink()
    recipes = []
    work_on_cluster(
        library,
        sweep.id,
        on_event=lambda _, event: isinstance(event, Started) and recipes.append(event.recipe),
    )
    painted = library.get(added.id)
    assert painted.state == "finished"
    assert (np.asarray(Image.open(library.files(added.id).picture)) == alone).all()
    assert painted.recipe["init_image"] == str(start)
    assert [str(recipe.init_image) for recipe in recipes] == [str(start)]


def test_what_cannot_be_painted_there_fails_with_one_sentence(library, enlisted, joined):
    sweep = enlisted(seeds=1, triage="false")
    (good,) = library.list(sweep=sweep.id)
    gone = library.add(good.recipe | {"generator": "/gone"}, sweep=sweep.id)
    wide = library.add(good.recipe | {"threads": 64}, sweep=sweep.id)
    work_on_cluster(library, sweep.id)
    assert library.counts(sweep.id) == {"finished": 1, "failed": 2}
    assert "failed: generator '/gone': there is no such folder" in library.get(gone.id).note
    assert "Traceback" not in library.get(gone.id).note
    assert "takes 64 processors, and no machine of the cluster has that" in library.get(wide.id).note


def test_when_everything_fails_the_sweep_pauses_and_all_workers_leave(library, enlisted, joined):
    sweep = enlisted(seeds=6)
    for entry in library.list(sweep=sweep.id):
        library.add(entry.recipe | {"generator": "/gone"}, sweep=sweep.id, subject="x")
        library.delete(entry.id)
    with pytest.raises(DoorwaysError, match="/gone"):
        work_on_cluster(library, sweep.id, workers=1)
    assert library.get_sweep(sweep.id).state == "paused"
    assert library.counts(sweep.id) == {"waiting": 3, "failed": 3}


def test_what_a_painting_takes_of_a_machine(monkeypatch):
    monkeypatch.setattr("doorways.explore.ray_place.nodes", lambda: [Node(8, 0)])
    assert needs_of({"threads": 4, "device": "cuda"}, 1).gpus == 1
    assert needs_of({}, 2) == needs_of({"device": "cpu", "threads": 2}, 1)
    monkeypatch.setattr("doorways.explore.ray_place.nodes", lambda: [Node(8, 2)])
    assert [needs_of({"device": device}, 1).gpus for device in ("auto", "cpu", "cuda")] == [1, 0, 1]


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_driver_that_stops_or_is_killed_comes_back(library, enlisted, cluster, free_port):
    sweep = enlisted(seeds=3, steps=60, triage="false")

    def paints(step):
        running = library.list(sweep=sweep.id, state="running")
        return any(
            entry.step >= step or steps_told(library, entry)[-1:] > [step]
            for entry in running
            if library.files(entry.id).events.exists()
        )

    for number in (signal.SIGTERM, signal.SIGKILL):
        (driver,) = hire(library, sweep, 1, on=f"ray://127.0.0.1:{free_port}")
        until = time.monotonic() + PATIENCE_S
        while not paints(2) and time.monotonic() < until:
            assert driver.poll() is None
            time.sleep(0.02)
        driver.send_signal(number)
        assert driver.wait(timeout=PATIENCE_S) == (0 if number == signal.SIGTERM else -number)
        assert at_work(library, sweep) == []
    (driver,) = hire(library, sweep, on=f"ray://127.0.0.1:{free_port}")
    assert driver.wait(timeout=PATIENCE_S) == 0
    assert library.counts(sweep.id) == {"finished": 3}
    for entry in library.list(sweep=sweep.id):
        assert steps_told(library, entry) == list(range(1, 61))
        must_be_as_painted_alone(library, entry)
