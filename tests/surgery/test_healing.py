from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from doorways.errors import InputError
from doorways.painter import Painter
from doorways.pictures import read_mask, read_picture, to_image
from doorways.png import save_png
from doorways.recipe import DETAIL
from doorways.size import Size
from doorways.surgery import Script, apply
from doorways.surgery.healing import HOLD, healing, save_wound
from doorways.surgery.record import Record, save_operated
from doorways.surgery.wound import wound
from tests import tiny
from tests.recipes import quick

BEFORE = tiny.picture(48, 24, seed=2)
SCRIPT = Script.build([{"do": "copy", "rectangle": [0.1, 0.2, 0.35, 0.7], "by": [0.5, 0]}])


def test_the_sizes_of_a_healing_are_its_own(tmp_path):
    path = tmp_path / "sized.png"
    save_png(path, to_image(BEFORE), quick(size_range=(0.6, 1)), step=6, finished=True)
    assert healing(path, mask=None).size_range is None
    assert healing(path, mask=None, size_range="0.1, 0.3").size_range == (0.1, 0.3)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = quick(start_size="24x12", suggest="hint.png", semantic_symmetry=0.2)
    save_png("before.png", to_image(BEFORE), before, step=6, finished=True)
    after, where = apply(read_picture("before.png"), SCRIPT)
    save_operated(
        Path("new.png"),
        after,
        Record.after(Path("before.png"), SCRIPT.settings(), where),
        parent=Path("before.png"),
    )
    to_image(after).save("bare.png")  # as an editor leaves it
    return tmp_path


def test_it_is_the_parent_s_recipe_with_the_preset_detail_and_the_wound(folder):
    recipe = healing(Path("new.png"), mask=Path("wound.png"))
    assert (recipe.prompts, recipe.seed, recipe.semantic_symmetry.at(0)) == ("fire | ocean", 1, 0.2)
    assert (recipe.init_image, recipe.mask, recipe.suggest) == (Path("new.png"), Path("wound.png"), None)
    assert recipe.size == recipe.start_size == Size(48, 24)
    assert {name: getattr(recipe, name).at(0) for name in DETAIL} == DETAIL
    assert recipe.steps == 100


@pytest.mark.parametrize(("strength", "hold"), [(1, 0), (0.5, HOLD), (0.25, 3 * HOLD)])
def test_strength_says_how_little_it_holds_on(strength, hold, folder):
    assert healing(Path("new.png"), mask=None, strength=strength).hold.at(0) == pytest.approx(hold)


def test_what_is_given_wins(folder):
    recipe = healing(Path("new.png"), mask=None, steps=3, seed=9, small=0.2, prompts="moon", size="24x12")
    assert (recipe.steps, recipe.seed, recipe.small.at(0), recipe.prompts) == (3, 9, 0.2, "moon")
    assert recipe.size == recipe.start_size == Size(24, 12)


@pytest.mark.parametrize("strength", [0, -1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength, folder):
    with pytest.raises(InputError, match=r"strength .*: must be more than 0 and at most 1; try 0\.7"):
        healing(Path("new.png"), mask=None, strength=strength)


def test_a_picture_without_recipe_takes_its_parent_s_or_prompts(folder):
    with pytest.raises(InputError, match=r"bare\.png: holds no recipe.*--prompts.*--parent"):
        healing(Path("bare.png"), mask=None)
    recipe = healing(Path("bare.png"), mask=None, parent=Path("before.png"))
    assert (recipe.prompts, recipe.init_image) == ("fire | ocean", Path("bare.png"))
    recipe = healing(Path("bare.png"), mask=None, prompts="moon")
    assert (recipe.prompts, recipe.size) == ("moon", Size(48, 24))


def test_the_wound_is_what_was_changed_by_record_or_by_comparison(folder):
    save_wound(Path("wound.png"), Path("new.png"))
    save_wound(Path("compared.png"), Path("bare.png"), parent=Path("before.png"))
    where = apply(read_picture("before.png"), SCRIPT)[1]
    assert (read_mask("wound.png") - wound(where)).abs().max() <= 0.5 / 255 + 1e-6
    assert torch.equal(read_mask("wound.png"), read_mask("compared.png"))
    with Image.open("wound.png") as image:
        assert image.mode == "L"


def test_without_a_wound_it_says_what_to_do(folder):
    with pytest.raises(
        InputError, match=r"bare\.png: does not say what was changed; heal all of it with --all"
    ):
        save_wound(Path("wound.png"), Path("bare.png"))
    with pytest.raises(InputError, match=r"before\.png: nothing in it was changed"):
        save_wound(Path("wound.png"), Path("before.png"), parent=Path("before.png"))
    assert not (folder / "wound.png").exists()


def test_only_the_wound_is_painted_anew(folder):
    save_wound(Path("wound.png"), Path("new.png"))
    painter = Painter(healing(Path("new.png"), mask=Path("wound.png"), steps=4))
    for _ in painter:
        pass
    healed, operated = painter.picture(), read_picture("new.png")
    mask = read_mask("wound.png").expand_as(operated)
    assert torch.allclose(healed[mask == 0], operated[mask == 0], atol=1e-6)
    assert (healed - operated).abs()[mask == 1].mean() > 1e-3
