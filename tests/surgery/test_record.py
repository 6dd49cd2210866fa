from __future__ import annotations

import hashlib
import json
import tomllib

import pytest
import torch
from PIL import Image

from doorways.errors import InputError
from doorways.metadata import read_metadata, read_text
from doorways.pictures import read_picture, to_image
from doorways.png import save_png, write_png
from doorways.recipe import Recipe
from doorways.size import Size
from doorways.surgery import Script
from doorways.surgery.changed import changed
from doorways.surgery.feather import grow
from doorways.surgery.record import SURGERY, Record, read_record, save_operated
from doorways.surgery.shapes import rectangle_area
from doorways.surgery.wound import FADE, REACH, wound
from tests import tiny

RECIPE = Recipe.build(prompts="forest | kelp ☂", seed=4)
PICTURE = tiny.picture(33, 20)
WHERE = rectangle_area(0.2, 0.2, 0.5, 0.5, Size(33, 20))
STEPS = [{"do": "erase", "rectangle": [0.2, 0.2, 0.5, 0.5]}]


@pytest.fixture
def painted(tmp_path):
    path = tmp_path / "forest.png"
    save_png(path, to_image(PICTURE), RECIPE, step=7, finished=True, machine={"device": "cpu"})
    return path


def test_an_operated_picture_carries_its_parent_s_recipe_and_its_own_record(painted, tmp_path):
    path = tmp_path / "new.png"
    save_operated(path, PICTURE, Record.after(painted, STEPS, WHERE), parent=painted)
    assert read_metadata(path) == read_metadata(painted)
    assert read_text(path, "parameters") == read_text(painted, "parameters")
    found = read_record(path)
    assert (found.parent, found.surgery) == ("forest.png", tuple(STEPS))
    assert found.parent_sha256 == hashlib.sha256(painted.read_bytes()).hexdigest()
    assert torch.equal(found.changed, WHERE)
    assert torch.equal(read_picture(path), read_picture(painted))
    assert read_record(painted) is None


def test_surgery_on_what_was_operated_on_adds_to_its_record(painted, tmp_path):
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    save_operated(first, PICTURE, Record.after(painted, STEPS, WHERE, name="b3k7"), parent=painted)
    there = rectangle_area(0.6, 0.6, 0.9, 0.9, Size(33, 20))
    save_operated(second, PICTURE, Record.after(first, [{"editor": "gimp"}], there), parent=first)
    found = read_record(second)
    assert found.parent == "b3k7"
    assert found.surgery == (*STEPS, {"editor": "gimp"})
    assert torch.equal(found.changed, WHERE.maximum(there))
    assert read_metadata(second).recipe == RECIPE.settings()
    assert found.summary == "erase, gimp"
    assert Script.build(tomllib.loads(found.to_toml())["operation"]) == Script.build(STEPS)
    assert found.to_toml().endswith("# edited with gimp\n")


def test_a_picture_of_another_kind_has_no_record_and_no_recipe_to_carry(tmp_path):
    photo = tmp_path / "photo.jpg"
    to_image(PICTURE).save(photo)
    assert read_record(photo) is None
    save_operated(tmp_path / "new.png", PICTURE, Record.after(photo, STEPS, WHERE), parent=photo)
    with pytest.raises(InputError, match="holds no recipe"):
        read_metadata(tmp_path / "new.png")
    assert read_record(tmp_path / "new.png").parent == "photo.jpg"


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "no JSON",
        lambda _: "[]",
        lambda found: json.dumps(found | {"surgery": 3}),
        lambda found: json.dumps(found | {"surgery": [3]}),
        lambda found: json.dumps(found | {"surgery": [{"do": 3}]}),
        lambda found: json.dumps(found | {"parent": None}),
        lambda found: json.dumps(found | {"changed": "bm9uZQ=="}),
        lambda found: json.dumps(found | {"changed": "€"}),
        lambda found: json.dumps({name: value for name, value in found.items() if name != "changed"}),
        lambda _: "[" * 100_000,
    ],
)
def test_a_damaged_record_is_one_sentence(change, painted, tmp_path):
    text = change(json.loads(Record.after(painted, STEPS, WHERE).to_json()))
    write_png(tmp_path / "new.png", Image.new("RGB", (33, 20)), {SURGERY: text})
    with pytest.raises(InputError, match=r"new\.png: its record of surgery is damaged"):
        read_record(tmp_path / "new.png")


def test_only_what_eight_bits_tell_apart_is_changed():
    after = PICTURE.clone()
    after[0, 1, 3, 4] += 1 / 255
    after[0, 0, 5, 6] += 0.2 / 255
    assert changed(PICTURE, after).nonzero().tolist() == [[0, 0, 3, 4]]
    with pytest.raises(InputError, match="the picture is 30x20 and was 33x20 before; scale or crop it back"):
        changed(PICTURE, tiny.picture(30, 20))


def test_a_wound_is_open_where_it_was_changed_and_closes_softly_around():
    where = rectangle_area(0.3, 0.3, 0.6, 0.6, Size(400, 200))
    mask = wound(where)
    assert (mask[grow(where, REACH * 200) == 1] == 1).all()
    assert (mask[grow(where, (REACH + FADE) * 200 + 3) == 0] == 0).all()
    ends = mask[0, 0, 90]
    assert ((ends > 0) & (ends < 1)).sum() >= FADE * 200
    assert (ends[:200].diff() >= -1e-6).all()
