"""`doorways models`, and `--models`, with small real models in a hub and a cache of their own."""

from __future__ import annotations

import re

import pytest
from huggingface_hub import constants

from doorways.metadata import read_metadata
from doorways.models.catalogue import known_models
from doorways.models.presets import preset
from doorways.recipe import Recipe
from tests import tiny
from tests.generators import flax_port
from tests.models import fake_hub

NAME = "artist/tiny-vqgan"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "home"


@pytest.fixture
def hub(home, tmp_path, monkeypatch):
    tiny.save(tiny.vqmodel(), tmp_path / "served")
    with fake_hub.serving(NAME, tmp_path / "served") as running:
        template = running.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield running


def test_the_list_says_of_each_what_it_is_its_size_its_licence_and_whether_it_is_here(doorways, home):
    tiny.clip(tiny.hub_cache(home, "openai/clip-vit-base-patch32"))
    page = " ".join(doorways("models", "list").out.split())
    for model in known_models():
        assert model.spec in page
        assert " ".join(model.what.split()) in page
        assert model.licence in page
    assert re.search(r"hub:openai/clip-vit-base-patch32 608 MB here", page)
    assert re.search(r"hub:openai/clip-vit-base-patch16 601 MB not here", page)
    assert "piece: the ImageNet VQGAN" in page


def test_models_alone_lists_them(doorways, home):
    assert doorways("models") == doorways("models", "list")
    assert "see its model card" not in doorways("models").out


def test_a_broken_model_in_the_cache_is_listed_as_not_here(doorways, home):
    snapshot = tiny.hub_cache(home, "openai/clip-vit-base-patch32")
    (snapshot / "model.safetensors.index.json").write_text("{")
    said = doorways("models", "list")
    assert (said.code, said.err) == (0, "")
    assert "hub:openai/clip-vit-base-patch32 608 MB not here" in " ".join(said.out.split())


def test_one_model_is_shown_whole_and_a_preset_with_all_of_its(doorways, home):
    one = doorways("models", "show", "hub:amused/amused-512/vqvae").out
    for part in ("generator: ", "293 MB", "licence: ", "source: ", "here:    no"):
        assert part in one
    piece = doorways("models", "show", "piece").out
    assert all(spec in piece for spec in preset("piece").specs)
    assert "to download" in piece
    assert doorways("models", "show", "nonsense").code == 2


def test_words_are_told_to_be_known_or_what_they_are_read_as(doorways):
    said = doorways("models", "show", "embedded", "--words", "castle", "a qxzzt")
    castle, a, other = said.out.splitlines()
    assert castle.startswith("castle: known; near it: ")
    assert "fortress" in castle
    assert a.startswith("a: known")
    read_as = re.match(r"qxzzt: not known, read as (\w+); near it: (.*)", other)
    assert read_as[1] not in read_as[2].split(", ")


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("3:00", "--words '3:00': has no Latin letters; give English words"),
        ("", "--words '': has no Latin letters"),
    ],
)
def test_words_without_letters_are_refused(doorways, words, rule):
    said = doorways("models", "show", "embedded", "--words", words)
    assert said.code == 2
    assert rule in said.err


def test_a_perceptor_without_a_list_of_words_says_so(doorways, tmp_path):
    tiny.clip(tmp_path / "clip")
    for spec in (str(tmp_path / "clip"), "piece"):
        said = doorways("models", "show", spec, "--words", "castle")
        assert said.code == 2
        assert "has no list of them; ask it of embedded" in said.err


def test_pull_fetches_and_says_where(doorways, hub, home):
    said = doorways("models", "pull", f"hub:{NAME}")
    assert said.code == 0, said.err
    folder = said.out.strip().removeprefix(f"hub:{NAME}: ")
    assert folder.startswith(str(home))
    assert said.err == f"fetching hub:{NAME}\n"


def test_a_terminal_shows_a_bar_that_ends_at_all_bytes_of_the_model(
    doorways, hub, home, tmp_path, monkeypatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    total = sum(path.stat().st_size for path in (tmp_path / "served").iterdir())
    said = doorways("models", "pull", f"hub:{NAME}")
    assert said.code == 0, said.err
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", said.err)
    done = re.findall(rf"fetching hub:{NAME} .* ([\d.,]+)/([\d.,]+) kB", shown)
    assert done[-1] == (f"{total / 1000:,.1f}",) * 2
    assert f"fetching hub:{NAME}\n" not in shown


def test_a_model_that_is_not_here_is_fetched_before_it_paints(doorways, hub, small):
    said = doorways("paint", "sea", *small(generator=f"hub:{NAME}"), "--seed", "1")
    assert said.code == 0, said.err
    assert said.err.startswith(f"fetching hub:{NAME}\n")
    assert Recipe.from_png("sea-1.png").generator == f"hub:{NAME}"
    again = doorways("paint", "sea", *small(generator=f"hub:{NAME}"), "--seed", "2")
    assert "fetching" not in again.err


@pytest.mark.parametrize(
    "words", [("models", "pull", "piece"), ("paint", "sea", "--models", "piece", "--out", "a.png")]
)
def test_offline_it_says_what_to_do(doorways, home, tmp_path, words):
    said = doorways(*words)
    assert said.code == 2
    assert "HF_HUB_OFFLINE" in said.err
    assert "--models embedded" in said.err
    assert not (tmp_path / "a.png").exists()


def test_a_preset_in_a_recipe_says_what_it_costs_too(doorways, home, tmp_path):
    (tmp_path / "a.toml").write_text('prompts = "sea"\nmodels = "piece"\n', "utf-8")
    assert preset("piece").note in doorways("paint", "--recipe", "a.toml").err


def test_pull_of_what_needs_no_download_says_so_and_of_nothing_what_to_give(doorways, home):
    assert doorways("models", "pull", "fourier").out.startswith("fourier: nothing to fetch")
    assert doorways("models", "pull", "nonsense").code == 2
    assert "needs a spec" in doorways("models", "pull").err


@pytest.mark.parametrize("name", ["piece", "large"])
def test_one_switch_takes_the_real_models_from_the_cache_and_says_what_they_cost(doorways, home, small, name):
    chosen = preset(name)
    flax_port.save(flax_port.network(), tiny.hub_cache(home, chosen.generator.removeprefix("hub:")))
    for seed, (spec, _) in enumerate(chosen.perceptors):
        build = tiny.siglip if "siglip" in spec else tiny.clip
        build(tiny.hub_cache(home, spec.removeprefix("hub:")), seed=seed)
    models = small(generator=None, perceptor=None, steps=2)
    said = doorways("paint", "sea", "--models", name, *models, "--seed", "1")
    assert said.code == 0, said.err
    assert said.err.startswith(f"{chosen.note}\n")
    recipe = Recipe.from_png("sea-1.png")
    assert (recipe.generator, recipe.weighted_perceptors) == (chosen.generator, chosen.perceptors)
    painted_with = " ".join(read_metadata("sea-1.png").machine["weights"])
    assert all(spec in painted_with for spec in chosen.specs)
