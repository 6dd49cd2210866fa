"""Erase, blur, smudge, paste and brush: what they do inside their area, and that they do nothing outside."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from doorways.pictures import fit, read_layer, read_picture, to_image
from doorways.size import Size
from doorways.surgery.blur import Blur, blur
from doorways.surgery.brush import Brush, brush
from doorways.surgery.erase import Erase, erase
from doorways.surgery.fill import fill
from doorways.surgery.paste import Paste, paste
from doorways.surgery.shapes import rectangle_area, stroke_area
from doorways.surgery.smudge import Smudge, smudge
from tests import tiny

quick = settings(max_examples=30, deadline=None)

SIZE = Size(40, 24)
PICTURE = torch.rand(1, 3, 24, 40, generator=torch.Generator().manual_seed(3))
FLAT = torch.tensor([0.25, 0.5, 0.75])[None, :, None, None].expand(1, 3, 24, 40).clone()
EVERYWHERE = torch.ones(1, 1, 24, 40)
BOX = (0.25, 0.25, 0.75, 0.75)
AREA = rectangle_area(*BOX, SIZE)
LAYER = torch.rand(1, 4, 12, 12, generator=torch.Generator().manual_seed(4))

points = st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5))
trails = st.lists(points, min_size=2, max_size=4)

OPERATIONS = {
    "erase": Erase(rectangle=BOX),
    "blur": Blur(rectangle=BOX, radius=0.2),
    "smudge": Smudge(rectangle=BOX, path=((0.1, 0.5), (0.9, 0.5)), width=0.5),
    "brush": Brush(rectangle=BOX, strokes=(((0.0, 0.5), (1.0, 0.5)),), colour="teal", width=0.3),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_outside_the_region_stays_and_inside_something_changes(name):
    operation = OPERATIONS[name]
    after = operation.operate(PICTURE)
    outside = (operation.area(PICTURE) == 0).expand_as(PICTURE)
    assert outside.any()
    assert torch.equal(after[outside], PICTURE[outside])
    assert (after - PICTURE)[..., 10:14, 15:25].abs().mean() > 0.05
    assert float(after.min()) >= 0
    assert float(after.max()) <= 1


@pytest.mark.parametrize("name", ["erase", "blur", "smudge"])
def test_a_flat_picture_stays_flat(name):
    assert (OPERATIONS[name].operate(FLAT) - FLAT).abs().max() < 1e-5


def test_nothing_of_what_is_erased_shows():
    assert torch.equal(erase(PICTURE, AREA), fill(PICTURE, AREA))
    other = torch.where(AREA > 0, torch.rand_like(PICTURE), PICTURE)
    assert torch.equal(erase(other, AREA), erase(PICTURE, AREA))


@quick
@given(st.floats(0.02, 1))
def test_a_blur_takes_contrast_and_keeps_the_mean(radius):
    soft = blur(PICTURE, EVERYWHERE, radius)
    assert float(soft.std()) < float(PICTURE.std())
    assert float(soft.mean()) == pytest.approx(float(PICTURE.mean()), abs=0.02)


def test_a_wider_blur_leaves_less():
    left = [float(blur(PICTURE, EVERYWHERE, radius).std()) for radius in (0.02, 0.05, 0.1, 0.3)]
    assert left == sorted(left, reverse=True)


@quick
@given(trails, st.floats(0.05, 0.6), st.floats(0, 1))
def test_a_smudge_only_mixes_colours_that_are_there_and_near_its_path(path, width, strength):
    after = smudge(PICTURE, EVERYWHERE, path, width, strength)
    far = (stroke_area(path, width * 24 + 6, SIZE) == 0).expand_as(PICTURE)
    assert torch.equal(after[far], PICTURE[far])
    assert float(after.min()) >= float(PICTURE.min()) - 1e-6
    assert float(after.max()) <= float(PICTURE.max()) + 1e-6


def test_a_smudge_without_strength_does_nothing_and_with_all_of_it_drags_to_the_end():
    half = torch.zeros(1, 3, 24, 40)
    half[..., :20] = 1
    path = [(0.2, 0.5), (0.9, 0.5)]
    assert torch.equal(smudge(half, EVERYWHERE, path, 0.4, 0), half)
    dragged = [
        float(smudge(half, EVERYWHERE, path, 0.4, strength)[0, 0, 12, 34]) for strength in (0.3, 0.9, 1)
    ]
    assert dragged[0] < 0.05 < dragged[1] < dragged[2]
    assert dragged[2] == pytest.approx(1)
    back = smudge(half, EVERYWHERE, path[::-1], 0.4, 1)
    assert float(back[0, 0, 12, 9]) == pytest.approx(0)


@pytest.mark.parametrize("how", ["crop", "fit", "stretch"])
def test_an_opaque_layer_of_the_region_s_shape_fills_it_exactly(how):
    layer = torch.cat([tiny.picture(20, 12), torch.ones(1, 1, 12, 20)], 1)
    after = paste(PICTURE, AREA, layer, how)
    assert torch.equal(after[..., 6:18, 10:30], layer[:, :3])
    assert torch.equal(after[..., :6, :], PICTURE[..., :6, :])


def test_ways_to_fill_a_region_of_another_shape():
    white = torch.ones(1, 4, 6, 6)
    black = torch.zeros_like(PICTURE)
    for how, columns in (("crop", 20), ("stretch", 20), ("fit", 12)):
        line = paste(black, AREA, white, how)[0, 0, 12]
        assert int((line > 0.5).sum()) == columns
        assert torch.allclose(line, line.flip(0), atol=1e-6)


@quick
@given(st.floats(0, 1))
def test_a_clear_layer_shows_what_is_beneath(opacity):
    clear = LAYER * torch.tensor([1.0, 1, 1, 0])[:, None, None]
    assert torch.equal(paste(PICTURE, AREA, clear, opacity=opacity), PICTURE)
    solid = torch.cat([torch.ones(1, 3, 5, 5), torch.full((1, 1, 5, 5), opacity)], 1)
    expected = torch.where(AREA > 0, (1 - opacity) * PICTURE + opacity, PICTURE)
    assert torch.allclose(paste(PICTURE, AREA, solid), expected, atol=1e-5)


def test_colours_of_clear_pixels_do_not_bleed_in():
    layer = torch.zeros(1, 4, 4, 4)
    layer[:, :3, :, 2:] = 1
    layer[:, 3, :, 2:] = 1  # the left half is clear, and black
    after = paste(torch.ones_like(PICTURE), EVERYWHERE, layer, "stretch")
    assert (after > 0.999).all()


def test_a_file_is_pasted_with_its_transparency(tmp_path):
    image = Image.new("RGBA", (20, 12), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 10, 12))
    image.save(tmp_path / "half.png")
    after = Paste(rectangle=BOX, feather=0.0, picture=tmp_path / "half.png").operate(PICTURE)
    assert torch.equal(after[0, :, 12, 12], torch.tensor([0.0, 0, 1]))
    assert torch.equal(after[0, :, 12, 28], PICTURE[0, :, 12, 28])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK"])
def test_a_layer_of_any_mode_has_the_colours_that_a_picture_has(mode, tmp_path):
    path = tmp_path / ("layer.jpg" if mode == "CMYK" else "layer.png")
    image = to_image(tiny.picture(12, 8))
    (image.convert("L").convert("I;16") if mode == "I;16" else image.convert(mode)).save(path)
    layer = read_layer(path)
    assert layer.shape == (1, 4, 8, 12)
    assert torch.equal(layer[:, :3], read_picture(path))
    assert (layer[:, 3] == 1).all()


def test_strokes_have_their_colour_and_width_and_cross_without_trace():
    cross = [[(0.0, 0.5), (1.0, 0.5)], [(0.5, 0.0), (0.5, 1.0)]]
    after = brush(FLAT, EVERYWHERE, cross, "#ff0000", width=0.25, opacity=0.5)
    red = torch.tensor([1.0, 0, 0])
    mixed = (FLAT[0, :, 0, 0] + red) / 2
    for y, x in ((12, 3), (3, 20), (12, 20)):
        assert torch.allclose(after[0, :, y, x], mixed)
    assert int(((after - FLAT).abs().amax(1)[0, :, 3] > 0).sum()) == 6
    assert torch.equal(after[..., 3, 3], FLAT[..., 3, 3])


def test_a_soft_brush_fades():
    line = brush(
        torch.zeros_like(FLAT), EVERYWHERE, [[(0.5, -1.0), (0.5, 2.0)]], "white", width=0.5, feather=0.5
    )
    fade = line[0, 0, 12]
    assert float(fade[19:21].min()) > 0.95
    assert len(set(fade.tolist())) > 4
    assert (fade[:20].diff() >= 0).all()


def test_a_region_may_be_a_mask_of_any_size(tmp_path):
    mask = Image.new("L", (80, 10))
    mask.paste(255, (40, 0, 80, 10))
    mask.save(tmp_path / "mask.png")
    operation = Brush(
        mask=tmp_path / "mask.png", feather=0.0, strokes=(((0.5, 0.5),),), colour="white", width=1.0
    )
    area = operation.area(PICTURE)
    assert torch.equal(area, fit(area, SIZE, "stretch"))
    assert float(area[..., :18].max()) < 0.02
    assert float(area[..., 22:].min()) > 0.98
    assert float(operation.operate(FLAT * 0)[0, 0, 12, 16]) < 0.02
    assert float(operation.operate(FLAT * 0)[0, 0, 12, 24]) > 0.98
