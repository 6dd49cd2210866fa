from __future__ import annotations

import tomllib

import pytest
import torch
from PIL import Image

from doorways.errors import InputError
from doorways.pictures import read_picture, to_image
from doorways.surgery import OPERATIONS, Script, apply
from doorways.surgery.glossary import glossary, schemas
from doorways.surgery.operation import Operation
from tests import tiny

REGION = {"rectangle": [0.2, 0.2, 0.5, 0.6]}
MOVE = {"do": "move", **REGION, "by": [0.3, 0]}
ENTRIES = {
    "move": MOVE,
    "copy": {**MOVE, "do": "copy", "feather": 0},
    "mirror": {"do": "mirror", **REGION, "symmetry": "half-turn"},
    "erase": {"do": "erase", "polygon": [[0.1, 0.1], [0.5, 0.2], [0.3, 0.9]]},
    "smudge": {"do": "smudge", "path": [[0.1, 0.5], [0.9, 0.4]], "strength": 0.9},
    "blur": {"do": "blur", "mask": "layer.png", "radius": 0.1},
    "paste": {"do": "paste", **REGION, "picture": "layer.png", "fit": "fit"},
    "brush": {"do": "brush", "strokes": [[[0.1, 0.1], [0.8, 0.8]], [[0.5, 0.5]]], "colour": "#c04020"},
}
PICTURE = tiny.picture(48, 32)


def written(folder, text):
    path = folder / "script.toml"
    path.write_text(text, encoding="utf-8")
    return path


def wrong(folder, text):
    path = written(folder, text)
    with pytest.raises(InputError) as caught:
        Script.from_file(path)
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    to_image(tiny.picture(8, 8, seed=5)).save("layer.png")
    return tmp_path


def test_every_operation_is_tried_here():
    assert set(ENTRIES) == set(OPERATIONS)
    assert all(issubclass(kind, Operation) for kind in OPERATIONS.values())


@pytest.mark.parametrize("name", ENTRIES)
def test_an_operation_changes_something_and_comes_back_from_toml_as_it_was(name, folder):
    script = Script.build([ENTRIES[name]])
    after, changed = apply(PICTURE, script)
    assert after.shape == PICTURE.shape
    assert (after != PICTURE).any()
    assert changed.shape == (1, 1, 32, 48)
    assert 0 < float(changed.mean()) < 1
    differing = (after - PICTURE).abs().amax(1, keepdim=True)
    assert float(differing[changed == 0].max()) <= 0.5 / 255
    assert float(differing[changed == 1].min()) > 0.5 / 255
    written(folder, script.to_toml())
    assert Script.from_file("script.toml") == script
    assert Script.build(script.settings()) == script


def test_operations_are_done_in_order_on_what_the_one_before_left():
    first = apply(PICTURE, Script.build([ENTRIES["erase"]]))[0]
    second = apply(first, Script.build([MOVE]))[0]
    both, changed = apply(PICTURE, Script.build([ENTRIES["erase"], MOVE]))
    assert torch.equal(both, second)
    assert torch.equal(changed, ((both - PICTURE).abs().amax(1, keepdim=True) > 0.5 / 255).float())
    assert not torch.equal(both, apply(PICTURE, Script.build([MOVE, ENTRIES["erase"]]))[0])


def test_the_picture_given_is_not_changed(folder):
    before = PICTURE.clone()
    apply(PICTURE, Script.build(list(ENTRIES.values())))
    assert torch.equal(PICTURE, before)


def test_paths_are_relative_to_the_script(folder, monkeypatch):
    inner = folder / "scripts"
    inner.mkdir()
    to_image(tiny.picture(8, 8, seed=9)).save(inner / "moon.png")
    path = written(
        inner, '[[operation]]\ndo = "paste"\nrectangle = [0, 0, 1, 1]\npicture = "moon.png"\nfeather = 0\n'
    )
    script = Script.from_file(path.relative_to(folder))
    assert script.settings()[0]["picture"] == "scripts/moon.png"
    assert (apply(PICTURE, script)[0] - PICTURE).abs().mean() > 0.05


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", 'there is no operation in it; begin each one with [[operation]] and do = "..."'),
        ("operation = 3", "operation is not a list of tables"),
        ("steps = 3", "there is no 'steps' in a script"),
        ("[[operation]]\nby = [0, 0]", "operation 1: does not say what to do; write for example do = 'move'"),
        ("[[operation]]\ndo = 'blurr'", "operation 1: there is no operation 'blurr'; did you mean blur?"),
        ("[[operation]]\ndo = ['blur']", "operation 1: there is no operation ['blur']"),
        ("[[operation]]\ndo = 'blur'\n[[operation]]\ndo = 'blur'\nradios = 3",
         "operation 2 (blur): there is no field 'radios'; did you mean radius?"),
        ("[[operation]]\ndo = 'blur'\nradius = 7", "operation 1 (blur): radius 7: must be at most 1; it is: How far"),
        ("[[operation]]\ndo = 'blur'\nradius = nan", "operation 1 (blur): radius nan: must be a finite number"),
        ("[[operation]]\ndo = 'blur'\nradius = true", "operation 1 (blur): radius True: must be a number"),
        ("[[operation]]\ndo = 'erase'", "operation 1 (erase): does not say where; give it a rectangle, a polygon or a mask"),
        ("[[operation]]\ndo = 'erase'\nrectangle = [0, 0, 1, 1]\nmask = 'a.png'",
         "operation 1 (erase): rectangle and mask both say where; leave all but one out"),
        ("[[operation]]\ndo = 'erase'\nrectangle = [10, 20, 300, 400]",
         "operation 1 (erase): rectangle, 1st value 10: must be a fraction of the picture, 0 at its left or top edge and 1 "
         "at the other; divide pixels by its width or height"),
        ("[[operation]]\ndo = 'erase'\nrectangle = [0.5, 0, 0.2, 1]",
         "operation 1 (erase): rectangle 0.5, 0, 0.2, 1: must be [left, top, right, bottom] with left < right"),
        ("[[operation]]\ndo = 'erase'\nrectangle = [0.5, 0, 0.2]",
         "operation 1 (erase): rectangle, 4th value: has too few values"),
        ("[[operation]]\ndo = 'erase'\npolygon = [[0, 0], [1, 1], [1, 1e300]]",
         "operation 1 (erase): polygon, 3rd value, 2nd value 1e+300: must be a fraction of the picture"),
        ("[[operation]]\ndo = 'erase'\npolygon = [[0, 0], [1, 1]]", "operation 1 (erase): polygon"),
        ("[[operation]]\ndo = 'move'\nrectangle = [0, 0, 1, 1]",
         "operation 1 (move): by is missing; give it (How far [right, down]"),
        ("[[operation]]\ndo = 'brush'\nstrokes = [[[0, 0]]]\ncolour = 'blurple'",
         "operation 1 (brush): colour 'blurple': must be a colour; write it as #c04020 or by a name such as teal"),
        ("[[operation]]\ndo = 'mirror'\nrectangle = [0, 0, 1, 1]\nsymmetry = 'up'",
         "operation 1 (mirror): symmetry 'up': must be 'mirror', 'flip' or 'half-turn'"),
        ("[[operation]", "is not TOML"),
        ("operation = " + "[" * 9999, "holds lists within lists too deep to be read"),
    ],
)  # fmt: skip
def test_a_wrong_script_is_one_sentence_with_number_value_and_remedy(text, sentence, tmp_path):
    found = wrong(tmp_path, text)
    assert found.startswith(sentence)
    assert "\n" not in found
    assert ";" in found


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"do": "erase", "rectangle": [1.2, 0, 1.5, 1]}, "operation 1 (erase): its region holds no pixel of this picture"),
        ({"do": "erase", "rectangle": [0.5, 0.5, 0.501, 0.501]}, "operation 1 (erase): its region holds no pixel"),
        ({"do": "erase", "rectangle": [0, 0, 1, 1]}, "operation 1 (erase): nothing is left around it to fill it from"),
        ({"do": "copy", **REGION, "by": [1, 0]}, "operation 1 (copy): by 1, 0 takes all of it out of the picture"),
        ({"do": "blur", "mask": "no.png"}, "operation 1 (blur): no.png: there is no such picture"),
        ({"do": "paste", **REGION, "picture": "broken.png"}, "operation 1 (paste): broken.png: cannot be read as a picture"),
    ],
)  # fmt: skip
def test_an_operation_that_has_no_place_on_a_picture_is_one_sentence(entry, sentence, folder):
    whole = (folder / "layer.png").read_bytes()
    (folder / "broken.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError) as caught:
        apply(PICTURE, Script.build([entry]))
    assert str(caught.value).startswith(sentence)


def test_a_script_executes_nothing(folder):
    text = (
        '[[operation]]\ndo = "paste"\nrectangle = [0, 0, 1, 1]\npicture = "$(touch evil).png; touch evil"\n'
    )
    script = Script.from_file(written(folder, text))
    with pytest.raises(InputError, match="there is no such picture"):
        apply(PICTURE, script)
    assert not (folder / "evil").exists()


def test_the_list_of_operations_comes_from_their_models():
    text = glossary()
    for name, kind in OPERATIONS.items():
        assert f'do = "{name}"\n  {kind.__doc__}\n' in text
        for field, info in kind.model_fields.items():
            assert info.description, f"{name}.{field} says what it is"
            assert info.description in text
    assert max(map(len, text.splitlines())) <= 100 + 10
    assert schemas()["blur"]["properties"]["radius"]["maximum"] == 1
    assert tomllib.loads("[[operation]]\ndo = 'blur'")  # what the list shows is TOML


def test_a_picture_of_any_mode_can_be_operated_on(folder):
    Image.new("P", (20, 10), 3).save("palette.png")
    after, changed = apply(read_picture("palette.png"), Script.build([ENTRIES["brush"]]))
    assert after.shape == (1, 3, 10, 20)
    assert changed.any()
