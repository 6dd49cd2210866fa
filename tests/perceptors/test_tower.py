"""The embedded perceptors: both towers, their files, and what they refuse."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import interpolate

from doorways.errors import InputError
from doorways.perceptors import Perceptor, load_perceptor, tower
from tests import tiny, towers


@pytest.fixture
def folder(tmp_path):
    return towers.save(tmp_path / "tower")


@pytest.fixture
def perceptor(folder):
    return tower.load(folder)


def unsaved(seed=0):
    return tower.TowerPerceptor("unsaved", towers.CONFIG, towers.words(seed), *towers.towers(seed))


def test_it_is_a_perceptor_and_is_recognised(folder):
    loaded = load_perceptor(str(folder))
    assert isinstance(loaded, tower.TowerPerceptor)
    assert isinstance(loaded, Perceptor)
    assert (loaded.name, loaded.size_px, loaded.dimension) == (str(folder), 16, 12)


def test_embeddings_are_unit_vectors_that_depend_on_what_is_shown(perceptor):
    texts = perceptor.embed_texts(["forest", "kelp forest", "fire"])
    pictures = perceptor.embed_pictures(tiny.picture(16, 16, count=3))
    for vectors in (texts, pictures):
        assert vectors.shape == (3, 12)
        assert vectors.dtype == torch.float32
        assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)
        assert torch.cdist(vectors, vectors)[[0, 0, 1], [1, 2, 2]].min() > 0.01


def test_one_picture_at_a_time_is_the_same(perceptor):
    pictures = tiny.picture(16, 16, count=3)
    one_by_one = torch.cat([perceptor.embed_pictures(picture[None]) for picture in pictures])
    assert torch.allclose(perceptor.embed_pictures(pictures), one_by_one, atol=1e-5)


def test_pictures_of_another_size_are_resized(perceptor):
    pictures = tiny.picture(40, 24, count=2)
    resized = interpolate(pictures, (16, 16), mode="bilinear", antialias=True)
    assert torch.equal(perceptor.embed_pictures(pictures), perceptor.embed_pictures(resized))


def test_gradients_reach_pictures_and_not_weights(perceptor):
    pictures = tiny.picture(16, 16).requires_grad_()
    (perceptor.embed_pictures(pictures) @ perceptor.embed_texts(["fire"]).T).sum().backward()
    assert pictures.grad.abs().max() > 0
    modules = (perceptor.picture_tower, perceptor.text_tower)
    assert not any(weight.requires_grad for module in modules for weight in module.parameters())


def test_saving_keeps_it_within_the_precision_of_the_file(perceptor):
    before = unsaved()
    texts, pictures = ["kelp forest", "the moon"], tiny.picture(16, 16, count=4)
    assert torch.allclose(perceptor.embed_texts(texts), before.embed_texts(texts), atol=0.02)
    assert torch.allclose(perceptor.embed_pictures(pictures), before.embed_pictures(pictures), atol=0.01)
    assert perceptor.words.vocabulary == tiny.WORDS
    assert torch.allclose(perceptor.words.vectors.norm(dim=1), torch.ones(len(tiny.WORDS)))


def test_the_file_has_the_names_that_training_writes(folder):
    assert {path.name for path in folder.iterdir()} == {
        "config.json",
        "vocabulary.txt",
        "weights.safetensors",
    }
    tensors = load_file(folder / "weights.safetensors")
    assert tensors["words.scaled"].dtype == torch.int8
    assert {tensor.dtype for name, tensor in tensors.items() if name != "words.scaled"} == {torch.float16}
    assert {name.split(".")[0] for name in tensors} == {"words", "pictures", "texts"}
    assert "pictures.layers.1.convs.0.weight" in tensors
    assert "texts.bent.2.bias" in tensors
    assert json.loads((folder / "config.json").read_text())["model_type"] == "doorways-tower"


def test_words_alone_make_other_weights():
    other = tower.TowerPerceptor("unsaved", towers.CONFIG, towers.words(1), *towers.towers(0))
    assert unsaved().fingerprint == unsaved().fingerprint
    assert len({unsaved(0).fingerprint, unsaved(1).fingerprint, other.fingerprint}) == 3


@pytest.mark.parametrize("text", ["3:00", "", "海", "!?"])
def test_a_text_without_words_is_refused(text, perceptor):
    with pytest.raises(
        InputError, match=f"prompt {text!r} has no word .*; write it in English words".replace("?", r"\?")
    ):
        perceptor.embed_texts(["fire", text])


def test_unknown_words_are_told(perceptor):
    assert perceptor.fallbacks("forests of fire") == {"forests": "forest"}
    assert torch.equal(perceptor.embed_texts(["forests"]), perceptor.embed_texts(["forest"]))


def test_half_precision_is_for_the_picture_tower_alone(perceptor):
    pictures = tiny.picture(16, 16, count=2)
    full, texts = perceptor.embed_pictures(pictures), perceptor.embed_texts(["fire"])
    half = perceptor.to("cpu", torch.bfloat16).embed_pictures(pictures)
    assert half.dtype == torch.float32
    assert torch.allclose(half, full, atol=0.1)
    assert not torch.equal(half, full)
    assert torch.equal(perceptor.embed_texts(["fire"]), texts)
    assert perceptor.device == torch.device("cpu")


def test_features_are_those_after_each_stage():
    pictures, picture_tower = tiny.picture(32, 16, count=2), towers.towers()[0]
    fine, coarse = picture_tower.features(pictures)
    assert fine.shape == (2, 8, 8, 16)
    assert coarse.shape == (2, 16, 4, 8)
    head = picture_tower.head(picture_tower.layers[-2:](coarse).mean((2, 3)))
    assert torch.allclose(head, picture_tower(pictures), atol=1e-5)


@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_towers_may_bend_otherwise(activation, tmp_path):
    config = replace(towers.CONFIG, activation=activation)
    pictures = tiny.seeded(tower.PictureTower(config))
    tower.save(tmp_path, config, towers.words(), pictures, towers.towers()[1])
    loaded = tower.load(tmp_path, name="bent")
    assert (loaded.name, loaded.config) == ("bent", config)
    shown = tiny.picture(16, 16)
    assert not torch.allclose(loaded.embed_pictures(shown), unsaved().embed_pictures(shown), atol=1e-3)


def spoil_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


SPOILT = {
    "no weights": lambda folder: (folder / "weights.safetensors").unlink(),
    "half the weights": lambda folder: (folder / "weights.safetensors").write_bytes(
        (folder / "weights.safetensors").read_bytes()[:999]
    ),
    "no vocabulary": lambda folder: (folder / "vocabulary.txt").unlink(),
    "a word too few": lambda folder: (folder / "vocabulary.txt").write_text("forest\n"),
    "another shape": lambda folder: spoil_config(folder, dimension=13),
    "an unknown setting": lambda folder: spoil_config(folder, depth=3),
    "an unknown activation": lambda folder: spoil_config(folder, activation="step"),
    "no JSON": lambda folder: (folder / "config.json").write_text("{"),
    "a tensor missing": lambda folder: save_file(
        {k: v for k, v in load_file(folder / "weights.safetensors").items() if k != "texts.straight.weight"},
        folder / "weights.safetensors",
    ),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_damaged_folder_is_refused(spoil, folder):
    spoil(folder)
    with pytest.raises(InputError, match=r"tower is not a whole embedded perceptor .*; reinstall doorways"):
        tower.load(folder)
