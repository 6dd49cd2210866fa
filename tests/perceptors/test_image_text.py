"""CLIP, SigLIP and SigLIP 2 folders compute what transformers computes, from texts and pictures in [0, 1]."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F
from transformers import AutoTokenizer, CLIPModel, PreTrainedTokenizerFast, Siglip2Model, SiglipModel
from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

from doorways import InputError, load_perceptor
from doorways.perceptors import Perceptor
from doorways.perceptors.base import fit
from tests import tiny

TEXTS = [
    "a forest",
    "Kelp  Forest, the ocean!",
    "fire of the moon at the castle of the volcano of the garden of it",
]
BUILDERS = {"clip": tiny.clip, "siglip": tiny.siglip, "siglip2": tiny.siglip2}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("perceptors")
    for name, build in BUILDERS.items():
        build(root / name)
    return {name: root / name for name in BUILDERS}


@pytest.fixture(params=BUILDERS)
def folder(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    return folders[request.param]


@pytest.fixture
def perceptor(folder: Path) -> Perceptor:
    return load_perceptor(str(folder))


def unit(embeddings: torch.Tensor) -> torch.Tensor:
    return F.normalize(embeddings, dim=-1)


@torch.no_grad()
def test_clip(folders: dict[str, Path]) -> None:
    perceptor, model = load_perceptor(str(folders["clip"])), CLIPModel.from_pretrained(folders["clip"])
    inputs = AutoTokenizer.from_pretrained(folders["clip"])(
        TEXTS, padding=True, truncation=True, max_length=12, return_tensors="pt"
    )
    pictures = tiny.picture(16, 16, count=3)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ([0.48, 0.46, 0.41], [0.27, 0.26, 0.28]))
    expected = model(**inputs, pixel_values=(pictures - mean) / std)
    torch.testing.assert_close(perceptor.embed_texts(TEXTS), expected.text_embeds, atol=1e-5, rtol=0)
    torch.testing.assert_close(perceptor.embed_pictures(pictures), expected.image_embeds, atol=1e-5, rtol=0)
    assert (perceptor.size_px, perceptor.dimension) == (16, 20)


@torch.no_grad()
def test_siglip(folders: dict[str, Path]) -> None:
    perceptor, model = load_perceptor(str(folders["siglip"])), SiglipModel.from_pretrained(folders["siglip"])
    canonical = ["a forest", "kelp forest the ocean", TEXTS[2]]
    inputs = PreTrainedTokenizerFast.from_pretrained(folders["siglip"])(
        canonical, padding="max_length", truncation=True, max_length=10, return_tensors="pt"
    )
    pictures = tiny.picture(16, 16, count=3)
    expected = model(input_ids=inputs["input_ids"], pixel_values=pictures * 2 - 1)
    torch.testing.assert_close(perceptor.embed_texts(TEXTS), expected.text_embeds, atol=1e-5, rtol=0)
    torch.testing.assert_close(perceptor.embed_pictures(pictures), expected.image_embeds, atol=1e-5, rtol=0)
    assert (perceptor.size_px, perceptor.dimension) == (16, 16)


@torch.no_grad()
def test_siglip2(folders: dict[str, Path]) -> None:
    perceptor, model = (
        load_perceptor(str(folders["siglip2"])),
        Siglip2Model.from_pretrained(folders["siglip2"]),
    )
    inputs = PreTrainedTokenizerFast.from_pretrained(folders["siglip2"])(
        ["a forest", "kelp forest the ocean", TEXTS[2]],
        padding="max_length", truncation=True, max_length=10, return_tensors="pt",
    )  # fmt: skip
    bytes_ = (tiny.picture(24, 24, count=3) * 255).round().to(torch.uint8)
    processor = Siglip2ImageProcessorPil(patch_size=8, max_num_patches=9)
    images = processor([image.permute(1, 2, 0).numpy() for image in bytes_], return_tensors="pt")
    expected = model(input_ids=inputs["input_ids"], **images)
    torch.testing.assert_close(perceptor.embed_texts(TEXTS), expected.text_embeds, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        perceptor.embed_pictures(bytes_ / 255), expected.image_embeds, atol=1e-5, rtol=0
    )
    assert perceptor.size_px == 24


def test_embeddings_are_unit_vectors_that_depend_on_what_is_seen_and_said(perceptor: Perceptor) -> None:
    pictures = torch.cat([tiny.picture(perceptor.size_px, perceptor.size_px, seed=seed) for seed in (0, 1)])
    for embeddings in (perceptor.embed_texts(TEXTS[:2]), perceptor.embed_pictures(pictures)):
        assert embeddings.shape == (2, perceptor.dimension)
        assert embeddings.dtype == torch.float32
        torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(2))
        assert (embeddings[0] - embeddings[1]).norm() > 1e-3
    assert isinstance(perceptor, Perceptor)
    assert not perceptor.embed_texts(TEXTS).requires_grad


def test_pictures_of_any_size_are_resized_and_those_that_fit_are_not(perceptor: Perceptor) -> None:
    side = perceptor.size_px
    wide = tiny.picture(5 * side, 3 * side)
    resized = F.interpolate(wide, (side, side), mode="bicubic", antialias=True).clamp(0, 1)
    torch.testing.assert_close(
        perceptor.embed_pictures(wide), perceptor.embed_pictures(resized), atol=1e-5, rtol=0
    )
    fitting = tiny.picture(side, side)
    assert fit(fitting, side) is fitting


def test_a_text_is_embedded_alike_alone_and_among_longer_ones(perceptor: Perceptor) -> None:
    torch.testing.assert_close(
        perceptor.embed_texts(TEXTS)[:1], perceptor.embed_texts(TEXTS[:1]), atol=1e-5, rtol=0
    )


def test_a_text_beyond_the_limit_is_cut_not_refused(perceptor: Perceptor) -> None:
    long = "moon " * 400
    torch.testing.assert_close(perceptor.embed_texts([long]), perceptor.embed_texts([long + "fire"]))


def test_descent_brings_a_picture_nearer_to_a_text(perceptor: Perceptor) -> None:
    target = perceptor.embed_texts(["kelp forest"])
    pixels = tiny.picture(perceptor.size_px, perceptor.size_px).requires_grad_()
    optimiser = torch.optim.Adam([pixels], lr=0.05)
    losses = []
    for _ in range(20):
        optimiser.zero_grad()
        loss = 1 - (perceptor.embed_pictures(pixels) * target).sum()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.05


def test_half_precision_is_the_networks_alone(folder: Path, perceptor: Perceptor) -> None:
    half = load_perceptor(str(folder), dtype=torch.bfloat16)
    picture = tiny.picture(perceptor.size_px, perceptor.size_px)
    embedded = half.embed_pictures(picture)
    assert embedded.dtype == torch.float32
    assert not torch.equal(embedded, perceptor.embed_pictures(picture))
    assert (embedded * perceptor.embed_pictures(picture)).sum() > 0.98
    assert (half.embed_texts(TEXTS) * perceptor.embed_texts(TEXTS)).sum(1).min() > 0.98


def test_loading_is_silent_and_draws_no_random_numbers(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = torch.get_rng_state()
    load_perceptor(str(folder))
    assert torch.equal(before, torch.get_rng_state())
    assert capfd.readouterr() == ("", "")


def test_several_perceptors_work_side_by_side(folders: dict[str, Path]) -> None:
    loaded = [load_perceptor(str(folder)) for folder in folders.values()]
    assert len({perceptor.fingerprint for perceptor in loaded}) == 3
    picture = tiny.picture(40, 24).requires_grad_()
    sum((p.embed_pictures(picture) @ p.embed_texts(["a forest"]).T).sum() for p in loaded).backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0


def test_weights_saved_by_torch_load_without_code(folders: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file

    tiny.clip(tmp_path)
    torch.save(load_file(tmp_path / "model.safetensors"), tmp_path / "pytorch_model.bin")
    (tmp_path / "model.safetensors").unlink()
    assert load_perceptor(str(tmp_path)).fingerprint == load_perceptor(str(folders["clip"])).fingerprint


DAMAGE = {"cut off": b"{", "a list": b"[1]", "binary": b"\xff\xfe\x00", "nested": b"[" * 9999}


@pytest.mark.parametrize(
    "spoilt",
    [
        "tokenizer.json",
        "tokenizer_config.json",
        "preprocessor_config.json",
        "model.safetensors",
        "config.json",
    ],
)
@pytest.mark.parametrize("how", ["missing", *DAMAGE])
def test_a_folder_that_is_not_whole_says_what_is_wrong(tmp_path: Path, spoilt: str, how: str) -> None:
    tiny.clip(tmp_path)
    if how == "missing":
        (tmp_path / spoilt).unlink()
    else:
        (tmp_path / spoilt).write_bytes(DAMAGE[how])
    if how == "missing" and spoilt in ("tokenizer_config.json", "preprocessor_config.json"):
        assert load_perceptor(str(tmp_path)).dimension == 20
        return
    with pytest.raises(InputError, match=r"(?s)fetch the model again|no kind that can be loaded"):
        load_perceptor(str(tmp_path))


def test_missing_weights_are_named(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    tiny.clip(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["visual_projection.weight"]
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=r"lacks 1 weights of CLIPModel, visual_projection\.weight first"):
        load_perceptor(str(tmp_path))


@pytest.mark.parametrize(
    ("part", "setting", "value"),
    [
        ("vision_config", "hidden_size", -3),
        ("vision_config", "hidden_size", "many"),
        ("vision_config", "patch_size", 0),
        ("text_config", "hidden_size", 0),
        ("text_config", "num_attention_heads", 0),
        ("text_config", "hidden_act", "nonsense"),
        (None, "projection_dim", 0),
        (None, "text_config", []),
        (None, "dtype", "x"),
    ],
)
def test_settings_of_nonsense_are_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], part: str | None, setting: str, value: object
) -> None:
    tiny.clip(tmp_path)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    (config if part is None else config[part])[setting] = value
    path.write_text(json.dumps(config))
    with pytest.raises(InputError, match=r"(?s)holds no whole CLIPModel .*; fetch the model again$"):
        load_perceptor(str(tmp_path))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "settings",
    [
        {"image_mean": [0.5, 0.5]},
        {"image_mean": "grey"},
        {"image_mean": 0.5},
        {"image_mean": [0.5, None, 0.5]},
        {"image_std": [0.5, 0.5, 0]},
        {"image_std": [0.5, 0.5, float("nan")]},
        {"image_processor": [1]},
    ],
    ids=str,
)
def test_colours_that_are_not_three_numbers_are_named(tmp_path: Path, settings: dict[str, object]) -> None:
    tiny.clip(tmp_path)
    path = tmp_path / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    with pytest.raises(
        InputError, match=r"preprocessor_config\.json: image_mean and image_std must be three"
    ):
        load_perceptor(str(tmp_path))
