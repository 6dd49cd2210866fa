"""LAION's heads: read from either kind of file, worked out as they are, and refused by every CLIP but their own."""

from __future__ import annotations

import pickle
from itertools import pairwise

import pytest
import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel

from doorways.errors import InputError
from doorways.judge.aesthetic import MADE_FOR, OPENAI, Head
from doorways.judge.judging import Judge
from doorways.perceptors import load_perceptor
from doorways.perceptors.clip import COLOURS
from doorways.perceptors.image_text import ImageText
from tests import recipes, tiny


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def shaped(kind, *, spec=None, patch=None, dimension=None, activation="quick_gelu"):
    """A small real CLIP with the widths and patches of OpenAI's, and next to no layers."""
    name, width, side = OPENAI[kind]
    vision = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
              "image_size": 224, "patch_size": patch or side, "hidden_act": activation}  # fmt: skip
    text = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
            "vocab_size": 10, "eos_token_id": 1, "bos_token_id": 0, "pad_token_id": 0}  # fmt: skip
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=dimension or width)
    return ImageText(
        tiny.seeded(CLIPModel(config)),
        None,
        name=spec or name,
        size_px=224,
        dimension=dimension or width,
        colours=COLOURS,
        masked=True,
    )


def linear(path, width=768):
    torch.save({"weight": numbers(1, width), "bias": torch.tensor([5.0])}, path)
    return path


@pytest.fixture
def own(tmp_path):
    """A head for the tiny CLIP, as safetensors that say so."""
    perceptor = load_perceptor(recipes.clip())
    tensors = {"weight": numbers(1, 20), "bias": torch.tensor([0.5])}
    save_file(tensors, tmp_path / "head.safetensors", metadata={MADE_FOR: perceptor.fingerprint})
    return tmp_path / "head.safetensors"


def test_a_head_is_the_mean_over_squares_of_a_linear_map(own):
    perceptor, picture = load_perceptor(recipes.clip()), tiny.picture(48, 24)
    head = Head.read(own)
    head.check(perceptor)
    squares = torch.cat([picture[..., :24], picture[..., 24:]])
    expected = (perceptor.embed_pictures(squares) @ numbers(1, 20)[0]).mean() + 0.5
    assert head.score(perceptor, picture) == pytest.approx(float(expected), abs=1e-5)
    assert head.score(perceptor, picture.mT) != head.score(perceptor, picture)


def test_a_judge_with_a_head_scores_and_one_without_does_not(own):
    picture = tiny.picture(48, 24)
    with_head = Judge.load(recipes.clip(), aesthetic=own).judge(picture, "fire | ocean")
    expected = Head.read(own).score(load_perceptor(recipes.clip()), picture)
    assert with_head.scores["aesthetic"] == pytest.approx(expected)
    assert "aesthetic" not in Judge.load(recipes.clip()).judge(picture, "fire | ocean").scores


def test_other_weights_of_the_same_shape_are_refused(own):
    with pytest.raises(InputError, match=r"was made for the perceptor with fingerprint .* not for"):
        Judge(load_perceptor(recipes.clip(seed=1)), head=Head.read(own))


@pytest.mark.parametrize("kind", OPENAI)
def test_laions_heads_take_openais_clip_of_their_kind(tmp_path, kind):
    head = Head.read(linear(tmp_path / f"sa_0_4_{kind}_linear.pth", OPENAI[kind][1]))
    head.check(shaped(kind))
    head.check(shaped(kind, spec=str(tmp_path)))
    for other in set(OPENAI) - {kind}:
        with pytest.raises(InputError, match=f"was made for {OPENAI[kind][0]} and means nothing to"):
            head.check(shaped(other))


@pytest.mark.parametrize(
    "changes",
    [
        {"spec": "hub:laion/CLIP-ViT-L-14-laion2B-s32B-b82K"},
        {"activation": "gelu"},
        {"patch": 16},
        {"dimension": 512},
    ],
)
def test_clips_that_others_trained_are_refused_though_they_are_as_wide(tmp_path, changes):
    head = Head.read(linear(tmp_path / "sa_0_4_vit_l_14_linear.pth"))
    with pytest.raises(InputError, match=r"judge with --perceptor hub:openai/clip-vit-large-patch14"):
        head.check(shaped("vit_l_14", **{"spec": "folder", **changes}))


def test_perceptors_that_are_no_clip_are_refused(tmp_path):
    from tests import towers

    tower = load_perceptor(str(towers.save(tmp_path / "tower")))
    with pytest.raises(InputError, match="means nothing to"):
        Head.read(linear(tmp_path / "sa_0_4_vit_l_14_linear.pth")).check(tower)


def test_the_improved_predictor_is_a_chain_of_linear_layers(tmp_path):
    widths = (768, 1024, 128, 64, 16, 1)
    chain = torch.nn.Sequential()
    for place, (wide, narrow) in zip((0, 2, 4, 6, 7), pairwise(widths), strict=True):
        chain.add_module(str(place), tiny.seeded(torch.nn.Linear(wide, narrow), seed=place))
    path = tmp_path / "sac+logos+ava1-l14-linearMSE.pth"
    torch.save({f"layers.{name}": value for name, value in chain.state_dict().items()}, path)
    perceptor, picture = shaped("vit_l_14"), tiny.picture(32, 32)
    expected = chain(perceptor.embed_pictures(picture))
    head = Head.read(path)
    head.check(perceptor)
    assert head.score(perceptor, picture) == pytest.approx(float(expected.detach()), rel=1e-4, abs=1e-5)


def test_what_is_no_head_is_told(tmp_path):
    with pytest.raises(InputError, match="do not exist"):
        Head.read(tmp_path / "sa_0_4_vit_l_14_linear.pth")
    with pytest.raises(InputError, match="its name does not say which CLIP"):
        Head.read(linear(tmp_path / "mine.pth"))
    with pytest.raises(InputError, match="takes 512 numbers"):
        Head.read(linear(tmp_path / "sa_0_4_vit_l_14_linear.pth", 512))
    torch.save({"weight": numbers(3, 768), "bias": numbers(3)}, tmp_path / "b_vit_l_14.pth")
    with pytest.raises(InputError, match=r"no linear head \(its layers end in \[3, 768\]"):
        Head.read(tmp_path / "b_vit_l_14.pth")
    torch.save({"weight": numbers(1, 768)}, tmp_path / "c_vit_l_14.pth")
    with pytest.raises(InputError, match="is no linear head"):
        Head.read(tmp_path / "c_vit_l_14.pth")
    (tmp_path / "d_vit_l_14.safetensors").write_bytes(b"no")
    with pytest.raises(InputError, match="are damaged"):
        Head.read(tmp_path / "d_vit_l_14.safetensors")


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('executed')",))


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    path = tmp_path / "sa_0_4_vit_l_14_linear.pth"
    path.write_bytes(pickle.dumps({"weight": Evil()}))
    with pytest.raises(InputError):
        Head.read(path)
