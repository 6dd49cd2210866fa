"""The aims of a painting: which objectives count, and how much, when."""

from __future__ import annotations

import pytest
import torch

from doorways.aims import Aims
from doorways.errors import InputError
from doorways.objectives import Objective
from doorways.registry import objectives
from tests.recipes import quick


def test_only_what_has_a_weight_is_an_aim():
    assert list(Aims.read(quick()).objectives) == ["prompt_match"]
    settings = {"match": 0, "tone_symmetry": "0 -> 1", "smoothness": 2, "semantic_symmetry": "0"}
    assert list(Aims.read(quick(**settings)).objectives) == ["tone_symmetry", "smoothness"]


def test_values_are_weighed_as_the_run_goes():
    aims = Aims.read(quick(match="1 -> 3", tone_symmetry=10))
    values = {"prompt_match": torch.tensor(0.5), "tone_symmetry": torch.tensor(0.25)}
    assert [float(aims.weigh(values, progress)) for progress in (0, 0.5, 1)] == [3.0, 3.5, 4.0]


@pytest.mark.parametrize(
    ("settings", "paired"),
    [
        ({}, False),
        ({"tone_symmetry": 1}, False),
        ({"semantic_symmetry": "0 -> 1"}, True),
        ({"objectives": {"glow": 1}}, True),
    ],
)
def test_places_are_compared_where_an_objective_looks_at_embeddings(settings, paired, monkeypatch):
    glow = Objective("glow", "embeddings", lambda sight: sight.embeddings.mean())
    monkeypatch.setitem(objectives.things, "glow", glow)
    assert Aims.read(quick(**settings)).compare_places is paired


def test_a_plugin_must_bring_an_objective(monkeypatch):
    monkeypatch.setitem(objectives.things, "glow", len)
    with pytest.raises(InputError, match="registered <built-in function len> as objective 'glow'"):
        Aims.read(quick(objectives={"glow": 1}))


@pytest.mark.parametrize(("name", "setting"), [("smoothness", "smoothness"), ("prompt_match", "match")])
def test_what_has_a_setting_of_its_own_is_not_weighed_elsewhere(name, setting):
    with pytest.raises(
        InputError, match=f"objectives {name}: has a weight by the setting {setting} too .1.; give one"
    ):
        Aims.read(quick(smoothness=1, objectives={name: 0.25}))


def test_no_aim_at_all_is_refused():
    with pytest.raises(InputError, match="nothing to paint for; give one a weight"):
        Aims.read(quick(match=0))
