"""A cluster's address: what is one, whether it answers, and what is said of one that does not."""

from __future__ import annotations

import socket
import time

import pytest

from doorways.errors import DoorwaysError, InputError
from doorways.explore import ray_cluster
from doorways.explore.ray_cluster import Needs, Node, connected, must_answer, threads_for

with_ray = pytest.mark.skipif(
    not ray_cluster.find_spec("ray"), reason="Ray is not installed; pip install 'doorways[ray]'"
)


@pytest.mark.parametrize(
    "on", ["", "local", "rays", "ray://", "ray://host", "http://host:10001", "ray://a b:1"]
)
def test_only_ray_and_its_addresses_name_a_cluster(on):
    with pytest.raises(InputError, match=f"--on {on}: must be ray, for this machine .* or ray://HOST:PORT"):
        must_answer(on)


def test_without_ray_the_remedy_is_said(monkeypatch):
    monkeypatch.setattr(ray_cluster, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"is not installed; pip install 'doorways\[ray\]'"):
        must_answer("ray")


@with_ray
@pytest.mark.parametrize(("on", "variable"), [("ray://{}", None), ("ray", "{}")])
@pytest.mark.parametrize("listens", [False, True], ids=["nobody listens", "somebody says nothing"])
def test_who_does_not_answer_is_waited_for_a_while(monkeypatch, on, variable, listens):
    monkeypatch.setattr(ray_cluster, "ANSWER_S", 2.0)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        if variable:
            monkeypatch.setenv("RAY_ADDRESS", variable.format(address))
        began = time.monotonic()
        with pytest.raises(InputError, match=f"no Ray cluster answers at .*{address}; check the address"):
            must_answer(on.format(address))
        assert time.monotonic() - began < 10


@with_ray
def test_a_cluster_that_is_started_here_is_not_asked(monkeypatch):
    monkeypatch.setattr(ray_cluster, "ANSWER_S", 0.0)
    must_answer("ray")


@with_ray
@pytest.mark.parametrize("listens", [False, True], ids=["killed", "running"])
def test_the_cluster_that_runs_here_is_joined_but_not_one_that_was_killed(monkeypatch, tmp_path, listens):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen()
        port = server.getsockname()[1]
        (tmp_path / "ray").mkdir()
        (tmp_path / "ray" / "ray_current_cluster").write_text(f"127.0.0.1:{port}")
        joined = []
        monkeypatch.setattr("ray.init", lambda address, **settings: joined.append(address))
        monkeypatch.setattr("ray.shutdown", lambda: None)
        with connected("ray"):
            (address,) = joined
    assert address is None if listens else address == "local"  # None: Ray joins what it finds there


@with_ray
@pytest.mark.parametrize(("aborted", "joins"), [(2, True), (3, False)])
def test_a_birth_that_failed_is_tried_again_a_few_times(monkeypatch, aborted, joins):
    births = iter([ConnectionAbortedError("failed:\nno server")] * aborted + [None])

    def init(address, **settings):
        if (error := next(births)) is not None:
            raise error

    monkeypatch.setattr("ray.init", init)
    monkeypatch.setattr("ray.shutdown", lambda: None)
    if joins:
        with connected("ray://host:10001"):
            assert list(births) == []
    else:
        with (
            pytest.raises(DoorwaysError, match=r"ray://host:10001 cannot be used \(no server\); mend that"),
            connected("ray://host:10001"),
        ):
            pass


def test_threads_are_shared_out_over_machines():
    machines = [Node(8, 0), Node(4, 0)]
    assert [threads_for(workers, machines) for workers in (1, 2, 3, 4, 12, 50)] == [8, 4, 4, 2, 1, 1]
    assert threads_for(1, []) == 1
    assert Needs(8, 0).room(machines) == 1
    assert Needs(1, 1).room([Node(2, 8), Node(8, 1), Node(8, 0)]) == 3
