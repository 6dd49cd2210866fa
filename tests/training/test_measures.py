"""The measures of the embedded models measure what they say."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from bench import embedded as bench
from bench import generator
from bench.results import Verdict
from training.plans import PLANS
from training.scenes import Scenes


class Eyes:
    """Sees a picture's mean colour."""

    def embed_pictures(self, pictures):
        return torch.nn.functional.normalize(pictures.mean((2, 3)), dim=-1)


def test_the_rank_counts_names_that_are_as_near():
    names = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 1, 0]])
    pictures = torch.tensor([[0.9, 0.1, 0], [0.1, 0.9, 0]])[:, :, None, None].expand(2, 3, 4, 4)
    found = bench.ranks(Eyes(), pictures, names, torch.tensor([0, 1]))
    assert found.tolist() == [0, 1], "a name that cannot be told from the right one is no hit"
    assert bench.top(found) == {"top1": 0.5, "top5": 1.0}
    broken = bench.ranks(Eyes(), pictures.sqrt().neg().sqrt(), names, torch.tensor([0, 1]))
    assert broken.tolist() == [2, 2], "what sees no number names nothing"


def test_a_drawing_stands_in_the_middle_of_its_ground():
    drawing = torch.zeros(1, 4, 96, 96, dtype=torch.uint8)
    drawing[:, 0] = drawing[:, 3] = 255
    picture = bench.squares(drawing, 40, torch.full((1, 3, 40, 40), 0.5))
    assert torch.allclose(picture[0, :, 20, 20], torch.tensor([1.0, 0.0, 0.0]))
    red = (picture[0, 0] > 0.9).nonzero()
    assert red.amin(0).tolist() == [3, 3]
    assert red.amax(0).tolist() == [36, 36]
    assert torch.allclose(picture[0, :, 0, 0], torch.tensor(0.5))


def test_psnr_is_of_the_squared_error():
    real = torch.zeros(2, 3, 4, 4)
    errors = generator.squared_errors(real + torch.tensor([0.1, 0.01]).view(2, 1, 1, 1), real)
    assert [generator.decibels(error) for error in errors] == [20.0, 40.0]


class Signs:
    """A generator of factor 2 whose cells say of each colour whether it is more than a half."""

    factor, codes = 2, torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3)

    def encode(self, pictures):
        return torch.where(F.avg_pool2d(pictures, 2) > 0.5, 1.0, -1.0)

    def decode(self, latents):
        return F.interpolate(latents, scale_factor=2) * 0.4 + 0.5


def test_a_generator_is_measured_on_its_pictures_and_by_the_codes_that_they_use():
    grey, red = torch.full((1, 3, 4, 4), 0.2), torch.zeros(1, 3, 4, 4)
    red[:, 0] = 1.0
    rebuilt = generator.measure_rebuilding(Signs(), [grey, red])
    assert rebuilt == {"psnr_db": 20.0, "psnr_db_median": 20.0, "psnr_db_of_a_blur": float("inf")}
    used = generator.measure_codes(Signs(), [grey, grey, red], (1, 2, 3))
    assert [one["cells"] for one in used.values()] == [4, 8, 12]
    assert [one["share"] for one in used.values()] == [0.125, 0.125, 0.25]
    assert used["1"]["perplexity"] == 1


FIGURES = {
    "generator": {
        "factor": 8, "scenes": 7,
        "rebuilt": {
            "64": {"psnr_db": 21.25, "psnr_db_median": 22.0, "psnr_db_of_a_blur": 15.0},
            "128": {"psnr_db": 22.0, "psnr_db_median": 23.0, "psnr_db_of_a_blur": 16.0},
        },
        "codes": 2048, "code_scenes_px": 64,
        "used": {
            "7": {"cells": 448, "share": 0.5, "perplexity": 800},
            "70": {"cells": 4480, "share": 0.601, "perplexity": 1000},
        },
        "load_seconds": 0.2, "bytes": 7_700_000,
    }
}  # fmt: skip


def test_the_card_gets_the_table_between_its_marks_and_keeps_the_rest(tmp_path):
    card = tmp_path / "README.md"
    card.write_text(f"before\n{bench.BEGIN}\nold\n{bench.END}\nafter\n")
    for _ in range(2):
        bench.fill_card(FIGURES, card)
    text = card.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert text.count("21.2 dB") == 1
    assert "7.7 MB" in text


def test_the_card_that_ships_has_the_marks():
    text = bench.CARD.read_text(encoding="utf-8")
    assert text.count(bench.BEGIN) == text.count(bench.END) == 1


def test_the_generator_is_measured_on_things_before_photographs(monkeypatch, world):
    monkeypatch.setattr(
        generator, "Scenes", lambda split, source_px: Scenes(split, source_px=source_px, folder=world)
    )
    monkeypatch.setattr(generator, "BATCH", 4)
    parts = list(generator.held_out_scenes(5, 64))
    assert len(parts) > 1
    scenes = torch.cat(parts)
    assert scenes.shape == (5, 3, 64, 64)
    grey = 140 / 255  # all over the one photograph that is held out
    edges = torch.cat([scenes[..., 0], scenes[..., -1]], dim=2)
    assert ((edges - grey).abs().amax(1) < 0.01).any(1).all(), "it is behind them"
    assert (scenes.amax(1) - scenes.amin(1) > 0.1).flatten(1).any(1).all(), "a thing is before it"


def test_what_training_has_shown_is_asked_of_emoji_alone(world, monkeypatch):
    monkeypatch.setattr(bench, "WORK", world)
    monkeypatch.setattr(bench, "concept_names", lambda _: ["castle", "star"])
    monkeypatch.setattr(bench, "EMOJI", ("test",))
    drawings, names = bench.drawings_of("trained", None)
    assert (drawings.shape, names) == ((2, 4, 96, 96), ["castle", "star"])
    assert len(bench.drawings_of("held_out", 1)[1]) == 1
    monkeypatch.setattr(bench, "EMOJI", ("another",))
    assert bench.drawings_of("held_out", None)[1] == names


def test_each_attack_has_its_own_radius_and_its_own_rates(monkeypatch):
    white, size_px = torch.ones(2, 3, 8, 8), 8
    seen = []

    def attack(loss, pictures, radius, steps, rng):
        seen.append(radius)
        return pictures.flip(0) if radius > bench.radius_of(size_px) else pictures

    def see(self, pictures):
        return F.one_hot((pictures.mean((1, 2, 3)) > 0.5).long(), 2).float()

    monkeypatch.setattr(bench, "drawings_of", lambda *_: (torch.zeros(2, 4, 8, 8), ["dark", "light"]))
    monkeypatch.setattr(bench, "concept_names", lambda _: ["dark", "light"])
    monkeypatch.setattr(bench, "squares", lambda drawings, *_: torch.stack([white[0] * 0, white[0]]))
    monkeypatch.setattr(bench, "landscapes", lambda *_: white)
    monkeypatch.setattr(bench, "attack", attack)
    eyes = type("", (), {"size_px": size_px, "embed_texts": lambda *_: torch.eye(2), "embed_pictures": see})()
    figures = bench.measure_naming(eyes, {"attacked": 1.0, "farther": 2.5}, None)
    assert seen == [bench.radius_of(size_px), bench.radius_of(size_px, 2.5)] * 2
    assert figures["radius_per_value"] == {"attacked": 0.0144, "farther": 0.036}
    for ground in ("white", "landscape"):
        rates = [figures[ground][state]["top1"] for state in ("clean", "attacked", "farther")]
        assert rates == [1.0, 1.0, 0.0]


def test_models_are_attacked_as_far_as_the_farthest_that_they_are_trained_with():
    assert {"attacked": max(plan.radius for plan in PLANS.values())} == bench.ATTACKS


def test_what_is_aimed_at_holds_from_the_aim_on():
    def ground(clean, attacked):
        return {"clean": {"top5": clean}, "attacked": {"top5": attacked}}

    perceptor = {"white": ground(0.6, 0.35), "landscape": ground(0.599, 0.349)}
    figures = FIGURES | {"perceptor": perceptor}
    found = bench.verdicts(figures)
    assert [verdict.holds for verdict in found[:4]] == [True, True, False, False]
    assert found[4:] == [
        Verdict("PSNR >= 22 dB at 64 px", "21.2 dB", False),
        Verdict("PSNR >= 22 dB at 128 px", "22.0 dB", True),
        Verdict("codes in use > 60% by 7 scenes", "50.0%", False),
        Verdict("codes in use > 60% by 70 scenes", "60.1%", True),
    ]


def test_the_table_tells_what_was_shown_beside_what_was_not():
    rate = {"top1": 0.25, "top5": 0.5}
    ground = {"clean": rate, "attacked": rate}
    one = {
        "drawings": 9, "size_px": 32, "names": 90, "radius_per_value": {"attacked": 0.0144},
        "white": ground, "landscape": ground,
        "shown": {"top1": 0.75, "top5": 0.9, "drawings": 8}, "load_seconds": 0.1, "bytes": 1,
    }  # fmt: skip
    lines = bench.table({"perceptor": one}).splitlines()
    assert sum("held-out drawings at 32 px" in line and "top 5 50.0%" in line for line in lines) == 4
    assert any(
        "8 emoji that it has learned from, over white | top 1 75.0%, top 5 90.0%" in line for line in lines
    )
