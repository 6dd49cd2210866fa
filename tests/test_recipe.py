from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from doorways.consequences import stale as worked_out_anew
from doorways.cutouts.distortion import LIMITS, Distortion
from doorways.errors import InputError
from doorways.models.presets import preset
from doorways.png import save_png
from doorways.recipe import DETAIL, GROUPS, Recipe, split_weight
from doorways.schedule import Schedule
from doorways.size import Size

PROMPTS = "forest | kelp forest"


def build(**settings_given):
    return Recipe.build(**{"prompts": PROMPTS, **settings_given})


def test_defaults_are_those_of_the_first_command():
    recipe = Recipe.build(prompts=PROMPTS)
    assert recipe.size == Size(768, 384)
    assert recipe.steps == 60
    assert (recipe.generator, recipe.perceptor) == ("embedded", ("embedded",))
    assert recipe.symmetry == "mirror"
    assert recipe.match.at(0.5) == 1
    assert recipe.semantic_symmetry.is_zero


@pytest.mark.parametrize(
    ("settings", "sketches"),
    [
        ({}, True),
        ({"generator": "embedded"}, True),
        ({"models": "embedded"}, True),
        ({"sketch": "no"}, False),
        ({"generator": "fourier"}, False),
        ({"generator": "fourier", "sketch": True}, True),
        ({"models": "piece"}, False),
        ({"init_image": "a.png"}, False),
        ({"suggest": "a.png"}, False),
    ],
)
def test_a_sketch_takes_fewer_steps_unless_they_are_given(settings, sketches):
    recipe = build(**settings)
    assert recipe.sketches == sketches
    assert recipe.steps == (60 if sketches else 300)
    assert build(steps=7, **settings).steps == 7
    assert recipe.override(seed=4).steps == recipe.steps


@pytest.mark.parametrize(
    "change",
    [
        {"sketch": False},
        {"init_image": "a.png"},
        {"suggest": "a.png"},
        {"generator": "fourier"},
        {"models": "piece"},
    ],
)
def test_what_suits_a_sketch_is_worked_out_anew_without_one(change):
    sketched = build(start_size="768x384", learning_rate=0.03)
    changed = sketched.override(**change)
    assert (changed.start_size, changed.learning_rate, changed.steps) == (None, None, 300)
    assert sketched.override(steps=90).override(**change).steps == 90
    assert sketched.override(learning_rate=0.2, **change).learning_rate.at(0) == 0.2


def test_what_suits_noise_is_worked_out_anew_for_a_sketch():
    bare = build(sketch=False, start_size="384x192", learning_rate=0.1)
    sketched = bare.override(sketch=True)
    assert (sketched.start_size, sketched.learning_rate, sketched.steps) == (None, None, 60)


@pytest.mark.parametrize("generator", ["fourier", "embedded"])
def test_what_begins_with_a_picture_is_on_the_whole_canvas_at_once(generator):
    noise = build(generator=generator, sketch=False, start_size="384x192")
    begun = noise.override(init_image="a.png")
    assert begun.start_size is None
    assert begun.override(start_size="384x192").override(init_image=None).start_size is None
    assert str(noise.override(init_image="a.png", start_size="384x192").start_size) == "384x192"


def test_what_has_nothing_to_do_with_a_sketch_leaves_what_was_given():
    begun = build(init_image="a.png", start_size="384x192", learning_rate=0.05, steps=300)
    changed = begun.override(init_image="b.png")
    assert changed.settings() == begun.settings() | {"init_image": "b.png"}
    assert build(learning_rate=0.05).override(sketch=True).learning_rate.at(0) == 0.05


def test_every_field_has_a_description_and_a_group_that_exists():
    for name, field in Recipe.model_fields.items():
        assert field.description.endswith("."), name
        assert field.json_schema_extra["group"] in GROUPS, name
    assert {field.json_schema_extra["group"] for field in Recipe.model_fields.values()} == set(GROUPS)


def test_a_recipe_is_immutable():
    with pytest.raises(ValidationError, match="frozen"):
        build(seed=1).seed = 2


def test_seeds_differ_when_none_is_given_and_seed_0_is_a_seed():
    assert len({build().seed for _ in range(4)}) > 1
    assert build(seed=0).seed == 0


def test_numbers_may_be_texts_as_flags_give_them():
    flags = build(
        size="512x256", steps="20", seed="7", averaging="0.5", grow_at="0.3, 0.6", size_range=["0.2", "1"],
        large="0.7 -> 0.1", remove_mean="true", objectives=["glow=0.3", "warmth = 0 -> 1"], perceptor="embedded",
        init_image="a.png", learning_rate="0.1",
    )  # fmt: skip
    values = build(
        size=(512, 256), steps=20, seed=7, averaging=0.5, grow_at=(0.3, 0.6), size_range=(0.2, 1.0),
        large=Schedule.parse("0.7 -> 0.1"), remove_mean=True, objectives={"glow": 0.3, "warmth": "0 -> 1"},
        perceptor=("embedded",), init_image=Path("a.png"), learning_rate=0.1,
    )  # fmt: skip
    assert flags == values
    together = build(seed=7, size_range=["0.2, 1"], grow_at=["0.3, 0.6"])
    assert together == build(seed=7, size_range=(0.2, 1), grow_at=(0.3, 0.6))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prompts": ""}, r"prompt 1.*column 1"),
        ({"prompts": "forest | "}, r"prompt 2.*column 10"),
        (
            {"prompts": "caf\udce9"},
            r"prompts: holds a character that is not Unicode text, '\\udce9'; write it",
        ),
        (
            {"prompts": "sea", "perceptor": ["\ud800"]},
            "perceptor: holds a character that is not Unicode text",
        ),
        ({"prompts": 3}, r"prompts 3: must be a text; give a text such as 'forest | kelp forest'"),
        ({"steps": 0}, "steps 0: must be at least 1; or leave it out"),
        ({"steps": "many"}, "steps 'many': must be a whole number; or leave it out"),
        ({"generator": ["embedded"]}, "generator embedded: must be a text; the default is embedded"),
        ({"steps": 2.5}, "steps 2.5: must be a whole number; or leave it out"),
        ({"seed": -1}, "seed -1: must be at least 0; or leave it out"),
        ({"averaging": float("nan")}, "averaging nan: must be a finite number; the default is 0.96"),
        ({"averaging": 1}, "averaging 1: must be less than 1; the default is 0.96"),
        ({"learning_rate": 0}, "learning_rate 0: must be more than 0 and at most 10; or leave it out"),
        ({"blend": "hard"}, "blend 'hard': must be 'linear', 'smooth' or 'plateau'; the default is linear"),
        ({"size": "770"}, "size: '770' is not a size; write width x height in pixels, such as 768x384"),
        ({"size": "0x4"}, "size: 0x4: each side must lie between 1 and 65536 pixels; try 768x384"),
        (
            {"grow_at": "0.5, 0.2"},
            "grow_at '0.5, 0.2': must be fractions between 0 and 1, each larger than the one",
        ),
        ({"grow_at": 1.0}, "grow_at 1.0: must be fractions between 0 and 1"),
        ({"start_size": "384x384"}, "start_size 384x384: must have the shape of size 768x384; use 768x384"),
        ({"start_size": "1536x768"}, "start_size 1536x768: must not be larger than size 768x384"),
        ({"size_range": "0.4"}, "size_range.*too few values; or leave it out"),
        (
            {"size_range": "0.4, 0.2"},
            "size_range '0.4, 0.2': must be two fractions, 0 < smallest <= largest <= 1",
        ),
        ({"large": "nan"}, "large: schedule 'nan': 'nan' is not a finite number"),
        ({"large": "1 -> -1"}, "large 1 -> -1: the weight of a size must not be negative; use 0 for none"),
        ({"large": 0, "medium": 0, "small": 0}, "large, medium and small are all 0 at 0% of the run"),
        (
            {"large": "0: 1, 0.5: 0, 1: 1", "medium": "0: 1, 0.5: 0, 1: 1", "small": 0},
            "all 0 at 50% of the run",
        ),
        ({"overviews": 5, "cutouts": 4}, "overviews 5: they count among the cutouts, of which there are 4"),
        ({"device": "tpu"}, "device 'tpu': must be auto, cpu, cuda, cuda:N or mps; the default is auto"),
        ({"perceptor": []}, "perceptor .*must not be empty; the default is embedded"),
        (
            {"perceptor": "nan * x"},
            r"perceptor 'nan \* x': the weight must be a number above 0; write for example 0.5",
        ),
        ({"perceptor": "2 * "}, r"perceptor '2 \* ': names no model"),
        ({"objectives": "glow"}, "objectives: 'glow' is not NAME=WEIGHT; write for example glow=0.3"),
        (
            {"mask": "m.png"},
            "mask says what to keep of a start picture, and none is given; give init_image too",
        ),
        ({"hold": 0.5}, "hold says what to keep of a start picture, and none is given; give init_image too"),
        ({"init_image": "a.png", "suggest": "b.png"}, "init_image and suggest are both given"),
        ({"models": "huge"}, "models 'huge': must be one of embedded, piece, large"),
        (
            {"models": "piece", "generator": "fourier"},
            "models piece sets generator, which is given too; leave one",
        ),
        ({"promts": "x"}, "there is no setting 'promts'; did you mean prompts?"),
        ({"zzz": "x"}, "there is no setting 'zzz'; take it out"),
    ],
)
def test_a_bad_setting_is_one_sentence_with_value_rule_and_remedy(given, message):
    with pytest.raises(InputError, match=message) as caught:
        build(**given)
    assert "\n" not in str(caught.value)
    assert "PydanticUndefined" not in str(caught.value)


def test_prompts_are_needed():
    with pytest.raises(InputError, match="prompts are missing; give at least one"):
        Recipe.build()


def test_a_start_size_may_be_rounded_to_the_cells_of_a_generator():
    assert build(size="48x32", start_size="32x16").start_size == Size(32, 16)
    assert build(size="768x256", start_size="384x128").start_size == Size(384, 128)


def test_the_plain_constructor_raises_as_pydantic_does():
    with pytest.raises(ValidationError):
        Recipe(prompts=PROMPTS, steps=0)


def test_models_stands_for_generator_and_perceptors():
    piece = preset("piece")
    recipe = build(models="piece")
    assert recipe.generator == piece.generator
    assert recipe.weighted_perceptors == piece.perceptors
    assert "models" not in recipe.settings()


def test_detail_puts_most_weight_on_small_cutouts_and_does_not_grow():
    recipe = build(detail=True, size="512x256")
    assert (recipe.large.at(0), recipe.medium.at(0), recipe.small.at(0)) == tuple(DETAIL.values())
    assert DETAIL["small"] > DETAIL["large"] + DETAIL["medium"]
    assert recipe.start_size == recipe.size


def test_what_is_given_beside_detail_wins():
    recipe = build(detail="true", small=0.3, start_size="384x192")
    assert recipe.small.at(0) == 0.3
    assert recipe.start_size == Size(384, 192)
    assert recipe.large.at(0) == DETAIL["large"]


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        ({"models": "piece"}, {"learning_rate": None, "generator": preset("piece").generator}),
        ({"generator": "fourier"}, {"learning_rate": None}),
        ({"detail": True}, {"small": Schedule.parse(DETAIL["small"]), "start_size": Size(512, 256)}),
        ({"size": "1024x1024"}, {"start_size": None}),
        ({"device": "cpu"}, {"precision": "auto"}),
    ],
)
def test_an_override_works_out_anew_what_follows_from_it(change, stale):
    first = build(
        size="512x256",
        start_size="256x128",
        learning_rate=0.5,
        precision="bf16",
        device="mps",
        small=0.11,
        seed=4,
    )
    second = first.override(**change)
    assert {name: getattr(second, name) for name in stale} == stale
    spelt = {
        name: getattr(second, name) for name in ("generator", "perceptor") if "models" in change
    } | change
    touched = {*spelt, *worked_out_anew(dict(first), spelt)}
    untouched = set(Recipe.model_fields) - touched
    assert {name: getattr(first, name) for name in untouched} == {
        name: getattr(second, name) for name in untouched
    }


def test_an_override_that_is_given_is_not_worked_out():
    recipe = build(size="512x256").override(size="1024x512", start_size="256x128")
    assert recipe.start_size == Size(256, 128)


def test_the_weight_of_a_perceptor_stands_before_a_star():
    recipe = build(perceptor=["0.5 * hub:owner/name", "embedded", "2e-1*./a*b", "./2*x"])
    assert recipe.weighted_perceptors == (
        ("hub:owner/name", 0.5),
        ("embedded", 1.0),
        ("./a*b", 0.2),
        ("./2*x", 1.0),
    )
    assert split_weight("C:\\models\\clip=0.5") == ("C:\\models\\clip=0.5", 1.0)


def test_distortion_defaults_and_limits_are_those_of_the_cutouts():
    for field in fields(Distortion):
        assert Recipe.model_fields[field.name].default == field.default
        assert getattr(build(**{field.name: LIMITS[field.name]}), field.name) == LIMITS[field.name]
        with pytest.raises(InputError, match=f"{field.name} .*must be at most"):
            build(**{field.name: LIMITS[field.name] * 1.01})


def test_a_toml_recipe_is_read(tmp_path):
    path = tmp_path / "dusk.toml"
    path.write_text(
        'prompts = "fire | ocean"\nsize = "512x256"\nsemantic_symmetry = "0 -> 0.3"\n[objectives]\nglow = 0.5\n',
        "utf-8",
    )
    recipe = Recipe.from_file(path)
    assert recipe.size == Size(512, 256)
    assert recipe.semantic_symmetry.at(1) == 0.3
    assert recipe.objectives["glow"].at(0) == 0.5


def test_what_is_given_beside_a_recipe_file_wins(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('size = "512x256"\nstart_size = "256x128"\nmodels = "piece"\n', "utf-8")
    recipe = Recipe.from_file(path, prompts="a | b", size="1024x1024", generator="fourier")
    assert (recipe.size, recipe.start_size, recipe.generator) == (Size(1024, 1024), None, "fourier")
    assert len(recipe.perceptor) == len(preset("piece").perceptors)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'prompts = "a', "r.toml: is not TOML"),
        (b"prompts = " + b"[" * 9999, "r.toml: holds lists within lists too deep to be read; take"),
        (b'prompts = "a"\nmodels = [1]', r"r.toml: models \[1\]: must be one of embedded, piece, large"),
        (b'prompts = "a"\n[models]\na = 1', "r.toml: models {'a': 1}: must be one of embedded, piece, large"),
        (b"\xff\xfe\x00", "r.toml: is not TOML, and no text either"),
        (b'prompts = "a"\nsteps = 0', "r.toml: steps 0: must be at least 1"),
        (b'prompts = "a"\nsteps = true\nx.y = 1', "r.toml: there is no setting 'x'"),
        (b'prompts = "a"\nsize = 2026-01-01', "r.toml: size: .* is not a size"),
    ],
)
def test_a_bad_toml_recipe_says_which_file_and_why(tmp_path, content, message):
    path = tmp_path / "r.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        Recipe.from_file(path)


def test_a_missing_recipe_says_so(tmp_path):
    with pytest.raises(InputError, match=r"no.toml: there is no such file"):
        Recipe.from_file(tmp_path / "no.toml")
    with pytest.raises(InputError, match=r"no.png: there is no such file"):
        Recipe.from_file(tmp_path / "no.png")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        Recipe.from_file(tmp_path / "folder.toml")


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "r.toml"
    path.write_bytes(b'\xef\xbb\xbfprompts = "a"')
    assert Recipe.from_file(path).prompts == "a"


WEIGHT = st.floats(0, 10) | st.tuples(st.floats(0, 10), st.floats(0.01, 10)).map(
    lambda ends: f"{ends[0]} -> {ends[1]}"
)
ANY_WEIGHT = st.floats(-10, 10)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
WORDS = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=10)


@st.composite
def recipes(draw):
    size = draw(st.builds(Size, st.integers(8, 4096), st.integers(8, 4096)))
    return Recipe.build(
        prompts=" | ".join(draw(st.lists(WORDS, min_size=1, max_size=4))),
        style=draw(TEXT),
        size=size,
        start_size=draw(st.sampled_from([None, size])),
        grow_at=sorted(draw(st.sets(st.floats(0.01, 0.99), max_size=3))),
        steps=draw(st.integers(1, 1_000_000)),
        seed=draw(st.integers(0, 2**63 - 1)),
        learning_rate=draw(st.none() | st.floats(1e-6, 10)),
        generator=draw(TEXT.filter(lambda text: len(text) > 0)),
        perceptor=draw(st.lists(WORDS.map(lambda word: f"0.5 * {word}"), min_size=1, max_size=3)),
        large=draw(WEIGHT),
        small=draw(WEIGHT),
        medium=draw(st.floats(0.1, 1)),
        size_range=draw(st.none() | st.just((0.25, 0.5))),
        tone_symmetry=draw(ANY_WEIGHT),
        objectives=draw(st.dictionaries(TEXT, ANY_WEIGHT, max_size=3)),
        init_image=draw(st.none() | WORDS.map(Path)),
        detail=draw(st.booleans()),
        threads=draw(st.none() | st.integers(1, 1024)),
    )


@given(recipes())
@settings(max_examples=60, deadline=None)
def test_toml_and_json_give_the_same_recipe_back(recipe):
    assert Recipe.build(**tomllib.loads(recipe.to_toml())) == recipe
    assert Recipe.build(**json.loads(recipe.to_json())) == recipe
    assert recipe.override() == recipe


@given(
    st.dictionaries(
        st.sampled_from([*Recipe.model_fields, "models", "nonsense"]), st.text(max_size=8) | st.none()
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_is_given_there_is_a_recipe_or_one_sentence(given_settings):
    with suppress(InputError):
        assert Recipe.build(**given_settings).steps >= 1


def test_a_painted_png_gives_its_recipe_back(tmp_path):
    recipe = build(seed=0, size="64x32", objectives={"glow": "0 -> 1"}, style="naïve ☂")
    save_png(tmp_path / "a.png", Image.new("RGB", (4, 4)), recipe, step=3, finished=False)
    assert Recipe.from_file(tmp_path / "a.png") == recipe.override(sketch=False, steps=recipe.steps), (
        "the first ones had no sketch"
    )
    assert Recipe.from_png(tmp_path / "a.png", seed=5).seed == 5
    assert Recipe.from_png(tmp_path / "a.png", sketch=True).sketch is True


def test_the_json_schema_describes_every_setting():
    properties = Recipe.model_json_schema()["properties"]
    assert set(properties) == set(Recipe.model_fields)
    assert properties["size"]["pattern"]


def test_a_recipe_is_built_without_torch():
    program = (
        "import sys; from doorways.recipe import Recipe; Recipe.build(prompts='a | b', models='piece'); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
