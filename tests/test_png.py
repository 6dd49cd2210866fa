from __future__ import annotations

import json
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from doorways.errors import InputError
from doorways.metadata import CHUNK, SIGNATURE, Metadata
from doorways.png import parameters_text, read_metadata, save_png
from doorways.recipe import Recipe

RECIPE = Recipe.build(
    prompts="forest | kelp forest", seed=0, size="8x4", semantic_symmetry="0 -> 0.3", style="oil, thick"
)
IMAGE = Image.radial_gradient("L").convert("RGB").resize((8, 4))


def save(path, recipe=RECIPE, **given):
    save_png(path, IMAGE, recipe, **{"step": 7, "finished": False, "machine": {"threads": 2}, **given})
    return path


def with_chunk(path, text):
    texts = PngInfo()
    if text is not None:
        texts.add_text(CHUNK, text)
    IMAGE.save(path, pnginfo=texts)
    return path


def test_a_picture_says_its_recipe_step_end_and_machine(tmp_path):
    found = read_metadata(save(tmp_path / "a.png"))
    assert found == Metadata(RECIPE.settings(), 7, False, {"threads": 2})
    assert Recipe.build(**found.recipe) == RECIPE
    assert read_metadata(save(tmp_path / "b.png", finished=True)).finished is True


def test_the_pixels_are_those_given(tmp_path):
    with Image.open(save(tmp_path / "a.png")) as image:
        assert image.tobytes() == IMAGE.tobytes()


def test_the_chunk_is_ascii_json(tmp_path):
    with Image.open(save(tmp_path / "a.png", Recipe.build(prompts="naïve ☂", seed=1))) as image:
        assert image.text[CHUNK].isascii()
        assert json.loads(image.text[CHUNK])["recipe"]["prompts"] == "naïve ☂"


def test_other_tools_read_prompt_seed_steps_and_size():
    text = parameters_text(RECIPE, step=7)
    first, second = text.split("\n")
    assert first == "forest | kelp forest"
    assert second.startswith("Steps: 7, Sampler: Adam, Seed: 0, Size: 8x4, Model: embedded")
    assert 'Style: "oil, thick"' in second


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_any_text_survives(tmp_path_factory, style):
    recipe = RECIPE.override(style=style)
    path = save(tmp_path_factory.mktemp("png") / "a.png", recipe)
    assert Recipe.build(**read_metadata(path).recipe).style == style


def test_a_chunk_after_the_pixels_is_found_too(tmp_path):
    path = with_chunk(tmp_path / "a.png", None)
    body = b"tEXt" + CHUNK.encode() + b"\0" + Metadata(RECIPE.settings(), 7, True).to_json().encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    plain = path.read_bytes()
    path.write_bytes(plain[:-12] + chunk + plain[-12:])
    assert read_metadata(path).step == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            None,
            "holds no recipe; it was not painted by Doorways, or a program that saved it dropped the recipe",
        ),
        ("{", "its recipe is damaged"),
        ("[]", "its recipe is damaged.*there is no recipe in it"),
        ('{"recipe": 3}', "its recipe is damaged"),
        ('{"recipe": {}, "step": "x"}', "its recipe is damaged"),
        ("[" * 100_000, "its recipe is damaged"),
        ("__import__('os').system('touch x')", "its recipe is damaged"),
    ],
)
def test_a_picture_without_a_good_recipe_says_so(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_metadata(with_chunk(tmp_path / "a.png", text))


def test_files_that_are_no_pictures_say_so(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"a\.png: is not a PNG"):
        read_metadata(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"b\.png: there is no such file"):
        read_metadata(tmp_path / "b.png")
    with pytest.raises(InputError, match="cannot be read"):
        read_metadata(tmp_path)
    IMAGE.save(tmp_path / "c.jpg")
    with pytest.raises(InputError, match=r"c.jpg: is not a PNG"):
        read_metadata(tmp_path / "c.jpg")


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "packed iTXt"])
def test_whatever_kind_of_text_another_program_makes_of_it_is_read(tmp_path, kind):
    texts, text = PngInfo(), Metadata({"prompts": "naïve"}, 7, True).to_json()
    if "iTXt" in kind:
        texts.add_itxt(CHUNK, text.replace("\\u00ef", "ï"), zip="packed" in kind)
    else:
        texts.add_text(CHUNK, text, zip=kind == "zTXt")
    IMAGE.save(tmp_path / "a.png", pnginfo=texts)
    assert read_metadata(tmp_path / "a.png") == Metadata({"prompts": "naïve"}, 7, True)


def test_a_recipe_is_read_from_a_picture_of_any_size(tmp_path):
    path = save(tmp_path / "a.png")
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 200_000, 100_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    assert read_metadata(path).step == 7


@pytest.mark.parametrize("kept", [0, 7, 8, 12, 20, 60, 200])
def test_a_picture_that_was_cut_off_before_its_recipe_is_one_sentence(tmp_path, kept):
    path = save(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"a\.png: "):
        read_metadata(path)


def test_a_picture_that_was_cut_off_after_its_recipe_still_gives_it(tmp_path):
    path = save(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:-30])
    assert read_metadata(path).step == 7


def test_a_text_that_was_changed_is_not_believed(tmp_path):
    path = save(tmp_path / "a.png")
    path.write_bytes(path.read_bytes().replace(b'"step": 7', b'"step": 8'))
    with pytest.raises(
        InputError, match=r"is a damaged PNG .a text in it was cut off or changed.; use an undamaged copy"
    ):
        read_metadata(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_one_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.png"
    path.write_bytes(SIGNATURE + content)
    with pytest.raises(InputError):
        read_metadata(path)


def test_a_recipe_of_another_version_is_not_taken_silently(tmp_path):
    settings_given = {**RECIPE.settings(), "warp_drive": 1}
    path = with_chunk(tmp_path / "a.png", Metadata(settings_given, 1, True).to_json())
    with pytest.raises(InputError, match=r"a\.png: there is no setting 'warp_drive'"):
        Recipe.from_png(path)
