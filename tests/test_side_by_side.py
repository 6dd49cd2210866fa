"""Paintings side by side: each comes out as if it had been painted alone, whatever happens to the others."""

from __future__ import annotations

import pytest
import torch

from doorways.ensemble import Ensemble
from doorways.errors import DoorwaysError
from doorways.events import Finished, Grew, Squeezed, Stepped
from doorways.objectives import Objective
from doorways.painter import Painter
from doorways.pictures import to_image
from doorways.prompts import parse_prompts
from doorways.registry import objectives
from doorways.side_by_side import SideBySide
from tests import tiny
from tests.recipes import clip, quick, vqgan

WORLDS = ("fire | ocean", "moon | garden | castle", "kelp forest", "fall | spring")
RECIPES = {
    "fourier": {},
    "growth": {"grow_at": (0.25, 0.5), "start_size": "24x12", "generator": vqgan},
    "a running mean": {"generator": vqgan, "semantic_symmetry": 0.5, "remove_mean": True, "noise": 0.2},
    "all objectives": {"tone_symmetry": 1, "edge_symmetry": 1, "smoothness": 1, "blur": 0.1},
    "two perceptors": {"perceptor": lambda: (clip(0), clip(1, 32)), "generator": vqgan},
    "a few at a time": {"micro_batch": 4, "recompute": True, "generator": vqgan},
    "all around": {"wrap": True, "generator": vqgan},
}


def painters(*changes: dict[str, object], **settings: object) -> list[Painter]:
    """Painters of WORLDS that share their models; each of `changes` is for one of them."""
    spelt_out = {name: value() if callable(value) else value for name, value in settings.items()}
    changes = (*changes, *({} for _ in WORLDS))
    recipes = [
        quick(**{**spelt_out, "prompts": prompts, "seed": seed, **own})
        for seed, (prompts, own) in enumerate(zip(WORLDS, changes, strict=False))
    ]
    read = [parse_prompts(recipe.prompts) for recipe in recipes]
    models = Ensemble.open(recipes[0], read[0])
    return [
        Painter(recipe, ensemble=models.looking_for(prompts))
        for recipe, prompts in zip(recipes, read, strict=True)
    ]


def painted(
    group: list[Painter], *, leaving: dict[Painter, int] | None = None
) -> dict[Painter, list[object]]:
    """The events of each, taken in turns, and its error if one ended it; some are left after a step."""
    together, told = SideBySide(), {painter: [] for painter in group}
    turns = {painter: together.events(painter) for painter in group}
    while turns:
        for painter, events in list(turns.items()):
            try:
                told[painter].append(next(events))
            except StopIteration:
                del turns[painter]
            except Exception as error:
                told[painter].append(error)
                del turns[painter]
            if painter.step == (leaving or {}).get(painter):
                turns.pop(painter).close()
    return told


def losses(events: list[object]) -> list[float]:
    return [event.loss for event in events if isinstance(event, Stepped)]


def must_be_alike(one: Painter, other: Painter) -> None:
    """The same chance, bit for bit, and the same painting within rounding, as norms: Adam's moments to 1 in 100,000, what
    they have moved, a quotient of them, to 1 in 1,000.
    """
    (tensors, meta), (expected, expected_meta) = one.state(), other.state()
    assert torch.equal(tensors.pop("rng"), expected.pop("rng"))
    assert tensors.keys() == expected.keys()
    for name, tensor in tensors.items():
        off, whole = (tensor.double() - expected[name].double()).norm(), expected[name].double().norm()
        assert off <= (1e-5 if name.startswith("adam.") else 1e-3) * whole, name
    assert {name: meta[name] for name in ("step", "size", "seen", "recipe")} == {
        name: expected_meta[name] for name in ("step", "size", "seen", "recipe")
    }


def embedding(monkeypatch, group: list[Painter], *, most: int = 1000) -> list[int]:
    """How many pieces the first perceptor of a group embeds each time; there is memory for so many."""
    perceptor, sizes = group[0].eyes[0].perceptor, []
    embed = perceptor.embed_pictures

    def embed_few(pieces):
        if len(pieces) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        sizes.append(len(pieces))
        return embed(pieces)

    monkeypatch.setattr(perceptor, "embed_pictures", embed_few)
    return sizes


@pytest.mark.parametrize("settings", RECIPES.values(), ids=RECIPES)
def test_each_is_painted_as_if_it_were_alone(settings):
    group, alone = painters(**settings), painters(**settings)
    told = painted(group)
    for painter, single in zip(group, alone, strict=True):
        expected = list(single)
        assert [type(event) for event in told[painter]] == [type(event) for event in expected]
        assert losses(told[painter]) == pytest.approx(losses(expected), abs=1e-4)
        must_be_alike(painter, single)
        assert (painter.together, single.together) == (4, 1)
        assert painter.machine()["together"] == 4
        assert "together" not in single.machine()


def test_pictures_that_are_started_from_are_each_its_own(tmp_path):
    names = [str(tmp_path / f"{seed}.png") for seed in range(4)]
    for seed, name in enumerate(names):
        to_image(tiny.picture(48, 24, seed=seed)).save(name)
    mask = str(tmp_path / "mask.png")
    to_image(torch.arange(48.0).expand(1, 3, 24, 48) / 48).save(mask)
    own = [{"init_image": name, "hold": hold} for name, hold in zip(names, (0, 1, 2, 1), strict=True)]
    own[1]["mask"] = mask
    group, alone = painters(*own, generator=vqgan), painters(*own, generator=vqgan)
    painted(group)
    for painter, single in zip(group, alone, strict=True):
        list(single)
        must_be_alike(painter, single)


def test_all_take_a_step_in_one_pass_and_grow_in_the_same_turn(monkeypatch):
    group = painters(grow_at=(0.5,), start_size="24x12", steps=4)
    sizes = embedding(monkeypatch, group)
    told = painted(group)
    assert sizes == [4 * 6] * 4
    assert all(sum(isinstance(event, Grew) for event in events) == 1 for events in told.values())


def test_who_paints_on_another_canvas_is_in_no_pass_with_them(monkeypatch):
    group = painters({}, {}, {"size": "64x32", "start_size": "64x32"}, steps=4)
    sizes = embedding(monkeypatch, group)
    told = painted(group)
    assert sorted(sizes) == [6] * 4 + [3 * 6] * 4
    assert all(isinstance(events[-1], Finished) for events in told.values())


def test_a_canvas_in_windows_and_a_compiled_one_are_painted_alone():
    wide = {"size": "128x24", "start_size": "128x24", "window": 80, "cutouts": 4, "overviews": 1, "steps": 2}
    group, alone = painters(generator=vqgan, **wide), painters(generator=vqgan, **wide)
    group += (compiled := painters())
    for painter in compiled:
        painter.compiled = True
    painted(group)
    assert {painter.together for painter in group} == {1}
    for painter, single in zip(group, alone, strict=False):
        list(single)
        assert torch.equal(painter.descent.latent, single.descent.latent)


def test_paintings_of_different_lengths_end_each_at_its_own_time():
    own = ({"steps": 3}, {"steps": 6}, {"steps": 5}, {"steps": 1})
    group, alone = painters(*own), painters(*own)
    told = painted(group)
    for painter, single in zip(group, alone, strict=True):
        assert losses(told[painter]) == pytest.approx(losses(list(single)), abs=1e-4)
        must_be_alike(painter, single)


def test_who_is_left_can_be_gone_on_with_and_the_others_paint_on():
    group, alone = painters(), painters()
    told = painted(group, leaving={group[1]: 2})
    assert [painter.step for painter in group] == [6, 2, 6, 6]
    assert isinstance(told[group[2]][-1], Finished)
    again = Painter.resume(*group[1].state())
    assert again.machine()["together"] == 4, "which is remembered when it goes on alone"
    for painter, single in zip((group[0], again, *group[2:]), alone, strict=True):
        list(single)
        for _ in painter:
            pass
        must_be_alike(painter, single)


def no_number(zero):
    return zero + float("nan")


def an_error(zero):
    raise ZeroDivisionError("there it is")


@pytest.mark.parametrize(("spoil", "error"), [(no_number, DoorwaysError), (an_error, ZeroDivisionError)])
def test_what_goes_wrong_with_one_harms_no_other(monkeypatch, spoil, error):
    asked = []

    def spoilt(sight):  # from the third step on, of the painting that has three worlds
        asked.append(len(sight.texts))
        zero = sight.picture.mean() * 0
        return spoil(zero) if asked.count(3) > 2 and asked[-1] == 3 else zero

    monkeypatch.setitem(objectives.things, "spoilt", Objective("spoilt", "picture", spoilt))
    settings = {"objectives": {"spoilt": 1}, "generator": vqgan}
    group, alone = painters(**settings), painters(**settings)
    told = painted(group)
    assert isinstance(told[group[1]][-1], error)
    assert 0 < group[1].step < 3
    for painter, single in zip(group, alone, strict=True):
        if painter is not group[1]:
            assert isinstance(told[painter][-1], Finished)
            list(single)
            must_be_alike(painter, single)


@pytest.mark.parametrize(("most", "size"), [(12, 12), (6, 6), (3, 3)])
def test_where_memory_runs_out_the_group_is_halved_and_nothing_is_lost(monkeypatch, most, size):
    group, alone = painters(), painters()
    sizes = embedding(monkeypatch, group, most=most)
    told = painted(group)
    assert set(sizes) == {size}
    for painter, single in zip(group, alone, strict=True):
        steps = [event.step for event in told[painter] if isinstance(event, Stepped)]
        assert steps == [1, 2, 3, 4, 5, 6]
        assert any(isinstance(event, Squeezed) for event in told[painter]) == (most < 6)
        assert losses(told[painter]) == pytest.approx(losses(list(single)), abs=1e-4)
