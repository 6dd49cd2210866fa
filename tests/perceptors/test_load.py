"""Specs of perceptors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import doorways
from doorways import DoorwaysError, InputError, load_perceptor
from doorways.registry import perceptors


def test_all_built_in_kinds_are_registered() -> None:
    assert {"clip", "siglip", "siglip2", "embedded"} <= set(perceptors.names())


def test_what_is_not_there_is_refused_with_what_could_be_given() -> None:
    with pytest.raises(
        InputError, match=r"'nowhere'.*no such folder.*embedded, embedded-judge, or hub:owner/name"
    ):
        load_perceptor("nowhere")


def test_a_folder_of_no_known_kind_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(
        InputError, match="no kind that can be loaded; known are clip, embedded, siglip, siglip2"
    ):
        load_perceptor(str(tmp_path))


def test_a_plugin_that_registers_something_else_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perceptors.names()
    monkeypatch.setitem(perceptors.things, "a-theirs", "not a loader")
    with pytest.raises(InputError, match="perceptor 'a-theirs'; it must register a Loader"):
        load_perceptor(str(tmp_path))


@pytest.mark.parametrize(("spec", "part"), [("embedded", "perceptor"), ("embedded-judge", "judge")])
def test_an_installation_without_the_embedded_models_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, part: str
) -> None:
    monkeypatch.setattr(doorways, "__path__", [str(tmp_path)])
    with pytest.raises(DoorwaysError, match=f"the embedded {part} is missing .*install doorways again"):
        load_perceptor(spec)


@pytest.mark.parametrize(("spec", "part"), [("embedded", "perceptor"), ("embedded-judge", "judge")])
def test_the_embedded_specs_mean_folders_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, part: str
) -> None:
    from doorways.perceptors import tower
    from doorways.perceptors.words import Words

    config = tower.TowerConfig(channels=(8, 8, 8), blocks=(1, 1, 1), words_width=6, dimension=5, size_px=16)
    vectors = torch.nn.functional.normalize(
        torch.randn(2, 6, generator=torch.Generator().manual_seed(0)), dim=1
    )
    words = Words(("forest", "ocean"), vectors, torch.ones(2))
    tower.save(
        tmp_path / "embedded" / part, config, words, tower.PictureTower(config), tower.TextTower(config)
    )
    monkeypatch.setattr(doorways, "__path__", [str(tmp_path)])
    perceptor = load_perceptor(spec)
    assert (perceptor.name, perceptor.size_px, perceptor.dimension) == (spec, 16, 5)
    assert perceptor.embed_texts(["forest", "ocean"]).shape == (2, 5)
