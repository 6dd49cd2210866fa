"""What a painting starts from: any picture, a suggestion, or noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from doorways import start
from doorways.generators import load_generator
from doorways.pictures import fit, read_mask, read_picture, to_image
from doorways.size import Size
from doorways.start import Start
from tests import tiny
from tests.recipes import quick, vqgan

CPU = torch.device("cpu")
GENERATOR = load_generator("fourier")


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def start_of(**settings):
    return Start.read(quick(**settings))


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    to_image(tiny.picture(90, 60, seed=4)).save(path)
    return path


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK"])
def test_it_starts_from_a_picture_of_any_mode_and_size(mode, tmp_path):
    path = tmp_path / ("picture.jpg" if mode == "CMYK" else "picture.png")
    image = to_image(tiny.picture(90, 60, seed=4))
    if mode == "I;16":
        Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257).save(path)
    else:
        image.convert(mode).save(path)
    latent = start_of(init_image=path).latent(GENERATOR, Size(48, 24), rng(), CPU, GENERATOR.encode)
    expected = fit(read_picture(path), Size(48, 24))
    assert (GENERATOR.decode(latent) - expected).abs().max() < 0.02
    shown = expected.mean(1) if mode in ("RGB", "RGBA", "CMYK", "P") else expected[:, 0]
    grey = fit(tiny.picture(90, 60, seed=4), Size(48, 24)).mean(1)
    assert torch.corrcoef(torch.stack([shown.flatten(), grey.flatten()]))[0, 1] > 0.8


@pytest.mark.parametrize("how", ["crop", "fit", "stretch"])
def test_pictures_are_fitted_as_asked(how, picture):
    start = start_of(init_image=picture, mask=picture, init_fit=how)
    for size in (Size(48, 24), Size(20, 30)):
        assert torch.equal(start.picture_at(size, CPU), fit(read_picture(picture), size, how))
        assert torch.equal(start.mask_at(size, CPU), fit(read_mask(picture), size, how))


def test_a_picture_leaves_chance_alone_and_noise_does_not(picture):
    generator = rng()
    start_of(init_image=picture).latent(GENERATOR, Size(48, 24), generator, CPU, GENERATOR.encode)
    assert torch.equal(generator.get_state(), rng().get_state())
    start_of().latent(GENERATOR, Size(48, 24), generator, CPU, GENERATOR.encode)
    assert not torch.equal(generator.get_state(), rng().get_state())


def test_noise_is_the_generators_own():
    generator = load_generator(vqgan())
    latent = start_of().latent(generator, Size(48, 24), rng(3), CPU, generator.encode)
    assert torch.equal(latent, generator.random_latent(48, 24, rng(3)))


@pytest.mark.parametrize("size", [Size(48, 24), Size(320, 200)])
def test_a_suggestion_gives_blurred_structure_under_noise(size, picture):
    start = start_of(suggest=picture)
    one, other = (
        GENERATOR.decode(start.latent(GENERATOR, size, rng(seed), CPU, GENERATOR.encode)) for seed in (0, 1)
    )
    assert one.shape == (1, 3, size.height, size.width)
    noise = ((one - other) / 2**0.5).std()
    assert 0.1 < noise < 0.3
    coarse = Size(8, 4)
    likeness = torch.stack([fit(seen, coarse).flatten() for seen in (one, read_picture(picture))])
    assert torch.corrcoef(likeness)[0, 1] > 0.8
    assert torch.equal(one, GENERATOR.decode(start.latent(GENERATOR, size, rng(0), CPU, GENERATOR.encode)))


def test_a_suggestion_has_no_fine_detail(tmp_path):
    stripes = Image.fromarray(np.tile(np.array([0, 255], np.uint8), (128, 128)))
    stripes.save(tmp_path / "stripes.png")
    latent = start_of(suggest=tmp_path / "stripes.png").latent(
        GENERATOR, Size(256, 128), rng(), CPU, GENERATOR.encode
    )
    row = GENERATOR.decode(latent)[0].mean((0, 1))
    assert row.std() < 0.03, "stripes of one pixel are gone; they would give 0.5"


def test_nothing_is_kept_where_nothing_is_given():
    start = start_of()
    assert start.picture_at(Size(48, 24), CPU) is None
    assert start.mask_at(Size(48, 24), CPU) is None


class Echo:
    """A sketchbook that has a drawing of everything: its letters."""

    def find(self, text):
        return tuple(map(ord, text))


@pytest.mark.parametrize(
    ("settings", "sketched"),
    [
        ({}, False),
        ({"sketch": True}, True),
        ({"generator": "embedded"}, True),
        ({"generator": "embedded", "sketch": False}, False),
        ({"generator": "embedded", "init_image": True}, False),
        ({"generator": "embedded", "suggest": True}, False),
    ],
)
def test_a_sketch_is_begun_with_where_the_generator_has_one_and_no_picture_is_given(
    settings, sketched, picture, monkeypatch
):
    monkeypatch.setattr(start, "open_sketchbook", lambda: Echo())
    given = {
        name: picture if name in {"init_image", "suggest"} else value for name, value in settings.items()
    }
    assert (start_of(**given).sketchbook is not None) == sketched


def test_what_no_drawing_is_near_to_is_told():
    prompts = "castle | mxyzptlk:2 | qwxzj:-1 | a castle | image(moss.png) | zzyzx @all"
    begun = start_of(prompts=prompts, generator="embedded")
    assert begun.undrawn == ("mxyzptlk", "moss.png")
    castle, missing, against, other, picture, everywhere = begun.drawings
    assert castle
    assert castle == other
    assert not any((missing, against, picture, everywhere))
    bare = start_of(prompts=prompts, sketch=False)
    assert (bare.undrawn, any(bare.drawings)) == ((), False)


def test_only_what_is_wanted_at_a_place_is_drawn():
    begun = start_of(prompts="castle | castle:0 | castle:-1 | castle @all", generator="embedded")
    assert [bool(found) for found in begun.drawings] == [True, False, False, False]


def test_a_sketch_shows_what_the_prompts_say_without_the_style(monkeypatch):
    monkeypatch.setattr(start, "open_sketchbook", lambda: Echo())
    drawings = start_of(prompts="fire:2 | ocean@0.7", style="by James Gurney", sketch=True).drawings
    assert ["".join(map(chr, found)) for found in drawings] == ["fire", "ocean"]
