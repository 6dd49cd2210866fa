"""What is known of models, and the one switch between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants

from doorways import InputError, load_generator, load_perceptor
from doorways.models import PRESETS, find, is_here, known_models, preset
from doorways.models.hub import Repository
from doorways.models.specs import EMBEDDED
from tests import tiny
from tests.generators import flax_port


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def test_every_known_model_says_what_it_is_its_size_and_its_terms() -> None:
    models = known_models()
    assert len({(model.spec, model.role) for model in models}) == len(models)
    for model in models:
        assert model.what
        assert model.licence
        assert model.source
        if model.spec.startswith("hub:"):
            assert Repository.parse(model.spec).name
            assert model.size_bytes > 1e6
        else:
            assert model.spec in {*EMBEDDED, "fourier"}


def test_a_model_is_found_by_its_spec() -> None:
    assert {model.role for model in find("embedded")} == {"generator", "perceptor"}
    assert find("hub:openai/clip-vit-base-patch32")[0].role == "perceptor"
    with pytest.raises(InputError, match="'nonsense' is not in the catalogue; known are embedded, fourier"):
        find("nonsense")


def test_is_here_follows_the_cache_and_the_disk(home: Path) -> None:
    spec = "hub:openai/clip-vit-base-patch32"
    assert not is_here(spec)
    assert not find(spec)[0].is_here
    tiny.clip(tiny.hub_cache(home, "openai/clip-vit-base-patch32"))
    assert find(spec)[0].is_here
    assert is_here("fourier")
    assert is_here(str(home))
    assert not is_here(str(home / "nothing"))


@pytest.mark.parametrize(
    "index", ["{", "[1]", "[" * 9999, "{}", '{"weight_map": ["a"]}', '{"weight_map": {"a": [1], "b": 2}}']
)
def test_a_model_whose_index_is_broken_is_not_here(home: Path, index: str) -> None:
    spec = "hub:openai/clip-vit-base-patch32"
    folder = tiny.hub_cache(home, "openai/clip-vit-base-patch32")
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-1-of-1.safetensors"}}')
    (folder / "model-1-of-1.safetensors").touch()
    assert is_here(spec)
    (folder / "model.safetensors.index.json").write_text(index)
    assert not is_here(spec)


def test_the_presets_are_what_they_promise() -> None:
    assert list(PRESETS) == ["embedded", "piece", "large"]
    assert preset("embedded").download_bytes == 0
    piece, large = preset("piece"), preset("large")
    assert "f16_16384" in piece.generator
    assert [spec.rsplit("-", 1)[-1] for spec, _ in piece.perceptors] == ["patch32", "patch16"]
    extra = {spec for spec, _ in large.perceptors} - {spec for spec, _ in piece.perceptors}
    assert any("large-patch14" in spec for spec in extra)
    assert any("siglip2" in spec for spec in extra)
    assert len(extra) == 2
    known = {model.spec for model in known_models()}
    assert all(spec in known for name in PRESETS for spec in preset(name).specs)
    for name in ("huge", [1], {"piece": 1}, 3):
        with pytest.raises(InputError, match=r"models .*: must be one of embedded, piece, large"):
            preset(name)


def test_a_preset_says_its_download_and_memory_and_what_is_still_missing(home: Path) -> None:
    piece = preset("piece")
    assert piece.download_bytes == sum(model.size_bytes for spec in piece.specs for model in find(spec))
    assert piece.missing_bytes == piece.download_bytes
    assert "1.5 GB to download" in piece.note
    assert "of memory at 768x384" in piece.note
    tiny.clip(tiny.hub_cache(home, "openai/clip-vit-base-patch32"))
    assert (
        piece.missing_bytes == piece.download_bytes - find("hub:openai/clip-vit-base-patch32")[0].size_bytes
    )
    assert "0.9 GB still missing" in piece.note
    assert "no download" in preset("embedded").note


def test_a_preset_loads_whole_from_a_cache_offline(home: Path) -> None:
    """The cache as the hub lays it out, with small models of the same classes in it."""
    large = preset("large")
    for seed, (spec, _) in enumerate(large.perceptors):
        build = tiny.siglip if "siglip" in spec else tiny.clip
        build(tiny.hub_cache(home, Repository.parse(spec).name), seed=seed)
    flax_port.save(flax_port.network(), tiny.hub_cache(home, Repository.parse(large.generator).name))
    assert large.missing_bytes == 0
    assert "all here already" in large.note
    generator = load_generator(large.generator)
    picture = generator.decode(generator.encode(tiny.picture(40, 24)))
    perceptors = [load_perceptor(spec) for spec, _ in large.perceptors]
    scores = [(p.embed_pictures(picture) @ p.embed_texts(["kelp forest"]).T).item() for p in perceptors]
    assert len(set(scores)) == 4
    assert len({p.fingerprint for p in perceptors}) == 4


def test_sizes_of_embedded_models_are_those_of_their_files() -> None:
    from doorways.models.specs import embedded_folder

    folder = embedded_folder("generator", must_exist=False)
    expected = sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
    assert next(m for m in find("embedded") if m.role == "generator").size_bytes == expected
