"""An eye: what a perceptor is told to look for, what it sees, and the mean of what it misses."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from doorways.cutouts import build_pyramid, cut
from doorways.eye import MEAN_MEMORY, Eye, embed_prompt
from doorways.memory import Meter
from doorways.objectives import targets
from doorways.perceptors import load_perceptor
from doorways.pictures import fit, read_picture, to_image
from doorways.prompts import parse_prompts
from doorways.recompute import recomputed
from tests import colours, tiny, towers
from tests.recipes import clip, quick
from tests.test_canvas import canvas

CPU = torch.device("cpu")


def eye_for(prompts, perceptor):
    return Eye.open(perceptor, 0.5, parse_prompts(prompts), CPU)


def save(path, picture):
    to_image(picture).save(path)
    return path


def plain(colour, width=20, height=20):
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, height, width)


def test_texts_are_embedded_one_by_one():
    perceptor = load_perceptor(clip())
    eye = eye_for("fire | an ocean:2 | moon:-1", perceptor)
    assert torch.allclose(eye.prompts, perceptor.embed_texts(["fire", "an ocean", "moon"]), atol=1e-6)
    assert eye.residual_mean.shape == (20,)


def test_an_image_prompt_is_what_the_perceptor_sees_in_it(tmp_path):
    perceptor = load_perceptor(clip())
    path = save(tmp_path / "square.png", tiny.picture(30, 30, seed=2))
    (prompt,) = parse_prompts(f"image({path})")
    expected = perceptor.embed_pictures(fit(read_picture(path), (16, 16)))
    assert torch.allclose(embed_prompt(perceptor, prompt, CPU), expected, atol=1e-6)


@pytest.mark.parametrize("upright", [False, True])
def test_a_long_image_prompt_is_seen_in_squares_along_it(upright, tmp_path):
    parts = [plain((1.0, 0.0, 0.0)), plain((0.0, 1.0, 0.0)), plain((0.0, 0.0, 1.0))]
    picture = torch.cat(parts, 2 if upright else 3)
    path = save(tmp_path / "long.png", picture)
    (prompt,) = parse_prompts(f"image({path})")
    vector = embed_prompt(colours.Colours("any"), prompt, CPU)
    assert vector.shape == (1, 3)
    assert torch.allclose(vector, normalize(torch.ones(1, 3)), atol=1e-6), "each square has one colour"


def test_squares_reach_both_ends_of_an_image_prompt(tmp_path):
    picture = torch.cat([plain((1.0, 0.0, 0.0)), plain((0.0, 0.0, 1.0), width=10)], 3)
    (prompt,) = parse_prompts(f"image({save(tmp_path / 'p.png', picture)})")
    seen = normalize(torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.0, 0.5]]), dim=1)
    vector = embed_prompt(colours.Colours("any"), prompt, CPU)
    assert torch.allclose(vector, normalize(seen.mean(0, keepdim=True)), atol=0.01)


def test_it_sees_the_cutouts_of_the_picture_and_gradients_reach_it():
    perceptor = load_perceptor(clip())
    picture = tiny.picture(48, 24).requires_grad_()
    cutouts = canvas().sampler.draw(torch.Generator().manual_seed(0))
    eye = eye_for("fire", perceptor)
    seen = eye.embed(eye.pieces((build_pyramid(picture), cutouts)))
    assert torch.allclose(seen, perceptor.embed_pictures(cut(picture, cutouts, 16)), atol=1e-6)
    seen[:, 0].sum().backward()
    assert picture.grad.abs().max() > 0


def test_few_at_a_time_are_embedded_alike_and_all_but_the_last_twice(monkeypatch):
    perceptor = load_perceptor(clip(0, 64))
    embed, embedded = perceptor.embed_pictures, []
    monkeypatch.setattr(
        perceptor, "embed_pictures", lambda pieces: embedded.append(len(pieces)) or embed(pieces)
    )
    eye, picture = eye_for("fire", perceptor), tiny.picture(48, 24).requires_grad_()
    cutouts = canvas().sampler.draw(torch.Generator().manual_seed(0))
    found = {}
    for few in (None, 4):
        eye.micro_batch = few
        embedded.clear()
        seen = eye.embed(eye.pieces((build_pyramid(picture), cutouts)))
        found[few] = seen, torch.autograd.grad(seen[:, 0].sum(), picture)[0]
    assert embedded == [4, 2, 4], "of six pieces four are embedded again"
    for whole, split in zip(*found.values(), strict=True):
        torch.testing.assert_close(split, whole, atol=1e-6, rtol=1e-4)


def test_the_last_few_are_done_with_before_others_are_embedded_again():
    perceptor = load_perceptor(clip(0, 64))
    eye = eye_for("fire", perceptor)
    eye.micro_batch = 4
    pieces = torch.rand(16, 3, 64, 64, requires_grad=True)

    def peak(see):
        meter = Meter(CPU, "all")
        with meter:
            torch.autograd.grad(see()[:, 0].sum(), pieces)
        return meter.peaks["all"]

    embed = perceptor.embed_pictures
    all_again = peak(lambda: torch.cat([recomputed(embed, few) for few in pieces.split(4)]))
    assert peak(lambda: eye.embed(pieces)) < 1.02 * all_again < 0.8 * peak(lambda: embed(pieces))


def test_the_mean_of_residuals_is_plain_at_first_and_forgets_later():
    eye = eye_for("fire | ocean", load_perceptor(clip()))
    rng = torch.Generator().manual_seed(0)
    shares = torch.tensor([[1.0, 0.0], [0.25, 0.75], [0.0, 1.0]])
    residuals = []
    for n in range(1, 60):
        embeddings = normalize(torch.randn(3, 20, generator=rng), dim=1)
        residuals.append((embeddings - targets(shares, eye.prompts)).mean(0))
        before = eye.residual_mean.clone()
        eye.learn_mean(embeddings.requires_grad_(), shares)
        assert eye.seen == n
        if n <= 1 / MEAN_MEMORY:
            assert torch.allclose(eye.residual_mean, torch.stack(residuals).mean(0), atol=1e-6)
        else:
            expected = (1 - MEAN_MEMORY) * before + MEAN_MEMORY * residuals[-1]
            assert torch.allclose(eye.residual_mean, expected, atol=1e-6)
    assert not eye.residual_mean.requires_grad


def test_it_knows_which_words_are_read_as_others(tmp_path):
    perceptor = load_perceptor(str(towers.save(tmp_path / "tower")))
    prompts = parse_prompts("forests at the moon | ocean | kelpy:-1")
    assert eye_for("fire", perceptor).misread(prompts) == {"forests": "forest", "kelpy": "kelp"}
    assert eye_for("fire", load_perceptor(clip())).misread(prompts) == {}


def test_recipes_weigh_eyes():
    from doorways.painter import Painter

    painter = Painter(quick(perceptor=(f"3 * {clip(0)}", clip(1))))
    assert [eye.weight for eye in painter.eyes] == [0.75, 0.25]
