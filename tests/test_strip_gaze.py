"""A canvas beyond the limit is painted by windows: as repeatable, as whole and without a seam."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from PIL import Image

from doorways.checkpoint import load_checkpoint, save_checkpoint
from doorways.errors import InputError
from doorways.events import Grew, Squeezed, Stepped
from doorways.gaze import WholeGaze
from doorways.generators.parts import PartDecoder, all_around
from doorways.generators.vqgan import VQGAN
from doorways.painter import Painter
from doorways.pictures import fit, read_picture, to_image
from doorways.registry import perceptors
from doorways.strip_gaze import REFRESH, StripGaze, shrinking
from tests import colours, tiny
from tests.recipes import home, quick, vqgan


@cache
def plain() -> str:
    """The spec of a tiny VQGAN of factor 4 without attention."""
    model = tiny.vqmodel(mid_block_add_attention=False, up_block_types=("UpDecoderBlock2D",) * 3)
    return str(tiny.save(model, home() / "plain-vqgan"))


def wide(**changes: object) -> Painter:
    """A painter of 512x24 that decodes 192 columns a step."""
    settings = {"generator": plain(), "size": "512x24", "window": 192, "cutouts": 8, "learning_rate": 0.1}
    return Painter(quick(**{**settings, **changes}))


def run(painter: Painter) -> Painter:
    for _ in painter:
        pass
    return painter


PAINTINGS = {
    "one window": {},
    "pairs": {"semantic_symmetry": 0.5, "remove_mean": True},
    "a half turn": {"symmetry": "half-turn", "semantic_symmetry": 0.5, "tone_symmetry": 1},
    "shifts": {"symmetry": "shift:3", "semantic_symmetry": 0.5},
    "all around": {"wrap": True, "semantic_symmetry": 0.5},
    "growth into windows": {"start_size": "256x12", "window": 256, "grow_at": (0.25, 0.5)},
    "attention": {"generator": vqgan},
    "a start held on to": {"init_image": "start.png", "hold": 0.3},
    "a mask": {"init_image": "start.png", "mask": "mask.png", "edge_symmetry": 1},
}


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A folder with a start picture and a mask, which becomes the current one."""
    monkeypatch.chdir(tmp_path)
    to_image(tiny.picture(512, 24, seed=4)).save("start.png")
    mask = Image.new("L", (512, 24), 0)
    mask.paste(255, (200, 0, 512, 24))
    mask.save("mask.png")
    return tmp_path


# Canvases that fit


def test_a_canvas_that_fits_is_painted_as_if_there_were_no_limit():
    settings = {"generator": plain(), "size": "128x24", "semantic_symmetry": 0.5, "tone_symmetry": 1}
    one, other = (run(Painter(quick(window=window, **settings))) for window in (128, 65536))
    assert isinstance(one.gaze, WholeGaze)
    assert torch.equal(one.picture(), other.picture())
    assert one.descent.visits is None
    assert isinstance(wide().gaze, StripGaze)


# The same again


@pytest.mark.parametrize("settings", PAINTINGS.values(), ids=PAINTINGS.keys())
def test_resumed_at_any_step_it_is_the_same_bit_for_bit(settings, pictures):
    spelt_out = {name: value() if callable(value) else value for name, value in settings.items()}
    painter = wide(**spelt_out, steps=4)
    states, losses = [painter.state()], []
    for event in painter:
        if isinstance(event, Stepped | Grew):
            save_checkpoint(f"{len(states)}.safetensors", *painter.state())
            states.append(load_checkpoint(f"{len(states)}.safetensors"))
        if isinstance(event, Stepped):
            losses.append(event.loss)
    whole = painter.picture()
    for tensors, meta in states:
        resumed = Painter.resume(tensors, meta)
        again = [event.loss for event in resumed if isinstance(event, Stepped)]
        assert again == losses[meta["step"] :]
        ours, theirs = resumed.state()[0], painter.state()[0]
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
        assert torch.equal(resumed.picture(), whole)


def test_looking_at_the_picture_changes_nothing():
    one, other = wide(steps=3), wide(steps=3)
    for _ in other:
        other.picture()
    assert torch.equal(run(one).picture(), other.picture())


def test_growth_passes_from_the_whole_to_windows():
    painter = wide(start_size="256x12", window=256, grow_at=(0.5,), steps=4)
    assert isinstance(painter.gaze, WholeGaze)
    run(painter)
    assert isinstance(painter.gaze, StripGaze)
    assert painter.descent.visits.min() >= 2
    assert painter.descent.visits.max() == 4


# What it does


def test_a_step_moves_the_columns_of_its_windows_alone():
    painter = wide(semantic_symmetry=1)
    before = painter.descent.latent.clone()
    painter.take_step()
    strip = painter.gaze.windows.at(0)
    columns = strip.columns(128)
    assert strip.width <= 48
    moved = (painter.descent.latent - before).abs().amax((0, 1, 2)).nonzero()[:, 0]
    assert sorted(moved.tolist()) == sorted(columns.tolist())


def test_the_picture_is_near_that_of_an_exact_decode():
    painter = run(wide(steps=8))
    exact = painter.generator.decode(painter.descent.average)
    assert (painter.picture() - exact).abs().mean() < 0.004
    small = torch.nn.functional.avg_pool2d(
        painter.generator.decode(painter.descent.latent), painter.gaze.scale
    )
    assert painter.gaze.small.shape == small.shape
    assert (painter.gaze.small - small).abs().mean() < 0.05


def test_remembered_moments_follow_the_canvas():
    painter = wide(steps=40, learning_rate=0.5)
    painter.take_step()
    begun = painter.gaze.moments.clone()
    run(painter)
    assert len(begun) == len(painter.gaze.decoder.tiles(128)) <= 40 / REFRESH
    now = painter.gaze.decoder.survey(painter.descent.latent)
    off = [(moments - now).abs().mean() for moments in (painter.gaze.moments, begun)]
    assert off[0] < 0.75 * off[1]


def test_prompts_rule_their_sides(monkeypatch, tmp_path):
    monkeypatch.setitem(perceptors.things, "colours", colours.loader)
    spec = colours.save(tmp_path / "colours")
    painter = run(wide(prompts="red | blue", perceptor=spec, steps=50, overviews=1, learning_rate=0.5))
    picture = painter.picture()[0]
    redness = (picture[0] - picture[2]).mean(0)
    assert redness[:100].mean() > 0.05
    assert redness[-100:].mean() < -0.05


def test_what_the_mask_keeps_is_kept(pictures):
    painter = run(wide(init_image="start.png", mask="mask.png", learning_rate=0.5))
    start = fit(read_picture("start.png"), (512, 24))
    picture = painter.picture()
    assert torch.equal(picture[..., :200], start[..., :200])
    assert (picture - start)[..., 200:].abs().mean() > 0.05


def test_holding_on_keeps_near_the_start(pictures):
    drifts = []
    for hold in (0.001, 100):
        painter = run(wide(init_image="start.png", hold=hold, steps=8))
        drifts.append(painter.canvas.drift(painter.descent.latent))
    assert drifts[1] < 0.5 * drifts[0]


def test_gradients_of_the_small_picture_count_for_the_steps_that_do_not_see_a_column():
    painter = wide(match=0, smoothness=1)
    glimpse = painter.gaze.look(painter.descent.latent, painter.rng, step=0, progress=0)
    (ours,) = torch.autograd.grad(glimpse.picture.mean(), glimpse.latent)
    latent = painter.descent.latent.clone().requires_grad_()
    moments = painter.gaze.decoder.pooled(painter.gaze.moments, 128)
    picture = painter.gaze.decoder.decode(latent, moments)
    (exact,) = torch.autograd.grad(picture.mean(), latent)
    weight = 128 / len(glimpse.columns)
    inner = slice(8, -8)  # cells at the rim also show in what is not seen
    expected = weight * exact.index_select(3, glimpse.columns)[..., inner]
    torch.testing.assert_close(ours[..., inner], expected, atol=1e-7, rtol=0.02)


# No seam


def jumps(picture: torch.Tensor) -> torch.Tensor:
    """How much neighbouring columns differ, [W], the last from the first."""
    return (picture.roll(-1, 3) - picture).abs().mean((0, 1, 2))


def test_there_is_no_seam_between_the_parts_of_a_picture():
    painter = run(wide(steps=4))
    found = jumps(painter.picture())
    exact = jumps(painter.generator.decode(painter.descent.average))
    edges = [start * 4 - 1 for start, _ in painter.gaze.decoder.tiles(128)][1:]
    assert len(edges) > 4
    assert (found[edges] - exact[edges]).abs().max() < 0.01
    assert found[edges].mean() < 1.2 * exact[edges].mean()


@pytest.mark.parametrize("window", [192, 1024])
def test_a_view_all_around_has_no_seam(window):
    painter = run(wide(wrap=True, window=window, steps=4))
    found = jumps(painter.picture())
    joints = found[3::4]  # between cells, as the edge is
    assert found[-1] < 1.5 * joints.mean()
    turned = painter.descent.average.roll(50, 3)
    exact = all_around(painter.generator)
    assert torch.allclose(exact(turned), exact(painter.descent.average).roll(200, 3), atol=1e-4)
    assert (painter.picture() - exact(painter.descent.average)).abs().mean() < 0.004


@pytest.mark.parametrize("window", [192, 1024])
@pytest.mark.parametrize("wrap", [False, True])
def test_a_start_is_encoded_as_the_canvas_is_painted(window, wrap, pictures, monkeypatch):
    asked = []
    encode = VQGAN.encode
    monkeypatch.setattr(
        VQGAN, "encode", lambda self, picture: (asked.append(picture.shape[3]), encode(self, picture))[1]
    )
    painter = wide(wrap=wrap, window=window, init_image="start.png", hold=0.3)
    beside = 8 * 4
    assert max(asked) <= (min(window, 512) + 2 * beside if wrap or window < 512 else 512)
    assert len(asked) == (1 if window > 512 else 3), "once, and not for the hold again"
    whole = read_picture("start.png")
    assert torch.equal(painter.descent.latent, painter.gaze.encode(whole))
    assert torch.equal(painter.canvas.held, painter.descent.latent)
    assert torch.equal(painter.descent.latent, encode(painter.generator, whole)) == (
        not wrap and window > 512
    )


@pytest.mark.parametrize("border", ["reflect", "clamp"])
def test_a_shift_wraps_no_pieces_where_none_are_paired(border):
    for weight, wraps in ((0, False), (0.5, True)):
        painter = Painter(
            quick(symmetry="shift:2", border=border, tone_symmetry=0.3, semantic_symmetry=weight)
        )
        glimpse = painter.gaze.look(painter.descent.latent, painter.rng, step=0, progress=0.0)
        assert glimpse.cutouts.wraps is wraps


# What it cannot do


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"generator": "fourier"}, "generator fourier: cannot decode a part of a canvas.*larger window"),
        ({"border": "reflect"}, "border reflect: a canvas wider than the window of 192"),
        ({"border": "wrap"}, "border wrap: .*give wrap, or window 512"),
        ({"overviews": 8}, "overviews 8: are all pieces"),
        ({"window": 60}, "window 60: a canvas 24 high needs 72 or more"),
        ({"window": 140, "semantic_symmetry": 1}, "window 140: a canvas 24 high needs 148 or more for pairs"),
        ({"wrap": True, "border": "clamp"}, "border clamp: a view all around has none on the left and right"),
    ],
)
def test_what_cannot_be_is_said_before_the_first_step(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        wide(**changes)


def test_wrap_brings_its_border_and_takes_it_away():
    recipe = quick(wrap=True)
    assert recipe.border == "wrap"
    assert recipe.override(wrap=False).border == "clamp"
    assert quick(border="reflect").override(wrap=True).border == "wrap"


def test_the_small_picture_is_as_large_as_the_limit_or_has_a_pixel_for_each_cell():
    assert [shrinking(width, 2048, 16) for width in (2049, 4096, 4112, 32768, 65536)] == [2, 2, 4, 16, 16]
    assert shrinking(65536, 2048, 1) == 1


def test_where_memory_runs_out_in_the_first_survey_it_is_gone_over_again(monkeypatch):
    expected = run(wide(steps=3)).descent.latent
    pictures, left = PartDecoder.pictures, [1]

    def runs_out(self, latent, moments):
        if left[0]:
            left[0] -= 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return pictures(self, latent, moments)

    painter = wide(steps=3)
    monkeypatch.setattr(PartDecoder, "pictures", runs_out)
    assert [type(event) for event in painter][1:3] == [Squeezed, Stepped]
    torch.testing.assert_close(painter.descent.latent, expected, atol=1e-3, rtol=1e-3)
