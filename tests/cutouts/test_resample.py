"""Pieces show what lies under them: sharp, antialiased, folded at the border, alike under a symmetry."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from doorways.cutouts import Cutouts, CutoutSampler, Distortion, build_pyramid, cut, finest_level
from tests.cutouts.scenes import SYMMETRIES, fixed, law, mirror_matrix, noise_picture, plain, rng

OWN = ("homography", "size", "overview", "colour", "blur", "noise")
"""What each cutout has for itself."""

STRONG = Distortion(rotation=30, shear=0.2, perspective=0.2, blur=0.03, noise=0.1, colour=0.3)


def straight(centre, size, *, aspect, wraps=False, overview=False) -> Cutouts:
    """One plain cutout; lengths in heights."""
    half, (x, y), zero = size / 2, centre, torch.zeros(1, dtype=torch.float64)
    return Cutouts(
        homography=torch.tensor([[[half, 0, x], [0, half, y], [0, 0, 1]]], dtype=torch.float64),
        size=torch.tensor([size], dtype=torch.float64),
        overview=torch.tensor([overview]),
        pairs=torch.zeros(0, 2, dtype=torch.int64),
        colour=torch.eye(3, 4, dtype=torch.float64)[None],
        blur=zero,
        noise=zero,
        noise_seed=0,
        aspect=aspect,
        wraps=wraps,
    )


@pytest.mark.parametrize("border", ["clamp", "reflect", "wrap"])
@pytest.mark.parametrize("name", SYMMETRIES)
def test_mirrored_cutouts_of_a_mirrored_picture_are_equal(name, border):
    matrix_of, apply, wraps = SYMMETRIES[name]
    picture = noise_picture(128, 64, dtype=torch.float64)
    sampler = CutoutSampler(2.0, law(), count=14, border=border, distortion=STRONG)
    cutouts = sampler.draw(rng(5), symmetry_matrix=matrix_of(2.0), wraps=wraps)
    pieces = cut(picture, cutouts, 20)
    mirrored = cut(apply(picture), cutouts.mirrored(matrix_of(2.0)), 20)
    first, second = cutouts.pairs.T
    torch.testing.assert_close(mirrored[~cutouts.overview], pieces[~cutouts.overview])
    torch.testing.assert_close(cut(apply(picture), cutouts, 20)[second], pieces[first])
    assert (pieces[first] - pieces[second]).abs().mean() > 0.05


@pytest.mark.parametrize("name", ["mirror", "flip", "half-turn"])
def test_overviews_of_a_mirrored_picture_are_mirrored(name):
    matrix_of, apply, _ = SYMMETRIES[name]
    picture = noise_picture(96, 32, dtype=torch.float64)
    cutouts = CutoutSampler(3.0, law(), count=4, overviews=4, distortion=STRONG).draw(rng())
    mirrored = cut(apply(picture), cutouts.mirrored(matrix_of(3.0)), 21)
    torch.testing.assert_close(mirrored, cut(picture, cutouts, 21))


@pytest.mark.parametrize("border", ["clamp", "reflect", "wrap"])
@pytest.mark.parametrize(("width", "height"), [(96, 32), (50, 37)])
def test_a_constant_picture_gives_constant_pieces(width, height, border):
    picture = torch.tensor([0.2, 0.5, 0.9]).view(1, 3, 1, 1).expand(1, 3, height, width)
    bent = replace(STRONG, noise=0, colour=0)
    sampler = CutoutSampler(width / height, law(), border=border, distortion=bent, overviews=0)
    pieces = cut(picture, sampler.draw(rng()), 24)
    torch.testing.assert_close(pieces, picture[:, :, :1, :1].expand_as(pieces), atol=2e-4, rtol=0)


def test_a_ramp_is_reproduced_at_every_scale_and_bend():
    """Each patch pixel shows the colour of the place that its homography names."""
    height, width = 64, 192
    x = ((torch.arange(width) + 0.5) / width).expand(height, width)
    y = ((torch.arange(height) + 0.5) / height)[:, None].expand(height, width)
    picture = torch.stack([x, y, (x + y) / 2])[None].double()
    bent = Distortion(rotation=20, shear=0.2, perspective=0.1, blur=0, noise=0, colour=0)
    cutouts = CutoutSampler(3.0, law(1, 1, 1), overviews=0, distortion=bent).draw(rng())
    for size_px in (7, 16, 50):
        steps = (torch.arange(size_px, dtype=torch.float64) * 2 + 1) / size_px - 1
        across, down = torch.meshgrid(steps, steps, indexing="xy")
        patch = torch.stack([across, down, torch.ones_like(down)], -1)
        place = torch.einsum("nij,abj->nabi", cutouts.homography, patch)
        place = place[..., :2] / place[..., 2:] / torch.tensor([3.0, 1.0])
        pieces = cut(picture, cutouts, size_px)
        # Coarse levels end half of their pixel inside the border, and are flat from there on.
        inner = ((place > 0.07) & (place < 0.93)).all(-1)
        assert inner.double().mean() > 0.6
        for axis in (0, 1):
            torch.testing.assert_close(pieces[:, axis][inner], place[..., axis][inner])


def test_an_upright_cutout_at_one_to_one_is_a_crop():
    picture = noise_picture(96, 32)
    piece = cut(picture, straight((1.0, 0.5), 0.5, aspect=3.0), 16)
    torch.testing.assert_close(piece, picture[:, :, 8:24, 24:40], atol=1e-4, rtol=0)


@pytest.mark.parametrize("cell", [1, 2])
def test_a_checkerboard_too_fine_for_the_patch_turns_grey(cell):
    y, x = torch.meshgrid(torch.arange(128), torch.arange(256), indexing="ij")
    board = ((x // cell + y // cell) % 2).float().expand(1, 3, 128, 256)
    piece = cut(board, straight((0.9, 0.47), 0.9, aspect=2.0), 21)
    assert (piece - 0.5).abs().max() < 0.01
    naive = F.interpolate(board[..., 3:118, 58:173], size=21, mode="bilinear", align_corners=False)
    assert (naive - 0.5).abs().max() > 0.3


def test_pieces_come_close_to_an_antialiased_resize():
    """White noise is the hardest picture; sampling it plainly goes far wrong."""
    picture, ours, naive = noise_picture(256, 128), 0.0, 0.0
    for side in range(48, 121, 8):
        crop = picture[..., 4 : 4 + side, 60 : 60 + side]
        ideal = F.interpolate(crop, size=24, mode="bilinear", antialias=True, align_corners=False)
        centre = ((60 + side / 2) / 128, (4 + side / 2) / 128)
        piece = cut(picture, straight(centre, side / 128, aspect=2.0), 24)
        sampled = F.interpolate(crop, size=24, mode="bilinear", align_corners=False)
        ours += (piece - ideal).pow(2).mean().item()
        naive += (sampled - ideal).pow(2).mean().item()
    assert ours < 0.25 * naive, ours / naive


def test_overviews_are_letterboxed_with_mid_grey():
    picture = noise_picture(96, 32) * 0.2
    piece = cut(picture, straight((1.5, 0.5), 3.0, aspect=3.0, overview=True), 48)[0]
    torch.testing.assert_close(piece[:, :16], torch.full((3, 16, 48), 0.5))
    torch.testing.assert_close(piece[:, 32:], torch.full((3, 16, 48), 0.5))
    torch.testing.assert_close(piece[:, 16:32], F.avg_pool2d(picture, 2)[0], atol=1e-4, rtol=0)


def test_beyond_the_border_pictures_reflect():
    picture = noise_picture(64, 32)
    piece = cut(picture, straight((0.0, 0.0), 1.0, aspect=2.0), 32)
    quarter = picture[..., :16, :16]
    expected = torch.cat([quarter.flip(3), quarter], 3)
    torch.testing.assert_close(piece, torch.cat([expected.flip(2), expected], 2), atol=1e-4, rtol=0)


@pytest.mark.parametrize("size_px", [32, 16, 8])
def test_where_the_canvas_wraps_the_left_edge_continues_the_right_one(size_px):
    picture = noise_picture(64, 32)
    across = cut(picture, straight((0.1, 0.5), 1.0, aspect=2.0, wraps=True), size_px)
    unrolled = cut(picture.roll(32, 3), straight((1.1, 0.5), 1.0, aspect=2.0), size_px)
    torch.testing.assert_close(across, unrolled, atol=1e-4, rtol=0)


def test_one_pyramid_serves_perceptors_of_all_sizes():
    picture, cutouts = noise_picture(64, 32), CutoutSampler(2.0, law(), count=6).draw(rng())
    pyramid = build_pyramid(picture)
    for size_px in (1, 9, 16, 32):
        pieces = cut(pyramid, cutouts, size_px)
        assert pieces.shape == (6, 3, size_px, size_px)
        assert torch.equal(pieces, cut(picture, cutouts, size_px))


def test_levels_that_no_cutout_looks_at_may_be_left_out():
    picture, cutouts = noise_picture(96, 48), CutoutSampler(2.0, law()).draw(rng())
    found = {size_px: finest_level(48, cutouts, size_px) for size_px in (1, 4, 64)}
    assert found[1] > found[4] > found[64] == 0
    for size_px, finest in found.items():
        whole, part = build_pyramid(picture), build_pyramid(picture, finest)
        assert (part.width_px, part.height_px, part.finest) == (96, 48, finest)
        assert len(part.boxes) == len(whole.boxes) - finest
        torch.testing.assert_close(cut(part, cutouts, size_px), cut(whole, cutouts, size_px))
    assert len(build_pyramid(picture, 99).boxes) == 1


@pytest.mark.parametrize("count", [1, 2, 5, 7, 8])
def test_a_cutout_looks_the_same_in_any_company(count):
    """However the sampling is split into lanes."""
    picture = noise_picture(64, 32)
    cutouts = plain(2.0, count=count, overviews=min(1, count - 1)).draw(rng())
    together = cut(picture, cutouts, 9)
    for i in range(count):
        alone = replace(
            cutouts,
            pairs=cutouts.pairs[:0],
            **{name: getattr(cutouts, name)[i : i + 1] for name in OWN},
        )
        torch.testing.assert_close(cut(picture, alone, 9)[0], together[i])


def test_gradients_are_right():
    picture = noise_picture(12, 6, dtype=torch.float64).requires_grad_()
    cutouts = CutoutSampler(2.0, law(1, 1, 1), count=5, overviews=1, distortion=STRONG).draw(
        rng(), symmetry_matrix=mirror_matrix(2.0)
    )
    assert torch.autograd.gradcheck(lambda p: cut(p, cutouts, 4), [picture])


def test_every_pixel_gets_its_share_of_the_gradient():
    """The same as coverage, measured end to end, with bent cutouts: no column is starved."""
    picture = torch.zeros(1, 3, 32, 96, requires_grad=True)
    cutouts = CutoutSampler(3.0, law(1, 0, 0), count=3_000, overviews=0).draw(rng())
    cut(picture, cutouts, 32).sum().backward()
    columns = picture.grad.sum((0, 1, 2))
    assert columns.min() > 0.5 * columns.mean()
    assert columns.max() < 2 * columns.mean()


def test_the_same_cutouts_give_the_same_bits_forward_and_backward():
    picture, cutouts = noise_picture(96, 48), CutoutSampler(2.0, law()).draw(rng())
    runs = []
    for _ in range(3):
        leaf = picture.clone().requires_grad_()
        pieces = cut(leaf, cutouts, 24)
        pieces.pow(2).sum().backward()
        runs.append((pieces.detach(), leaf.grad))
    for pieces, gradient in runs[1:]:
        assert torch.equal(pieces, runs[0][0])
        assert torch.equal(gradient, runs[0][1])


def test_autocast_does_not_coarsen_pieces():
    picture, cutouts = noise_picture(32, 16), CutoutSampler(2.0, law(), count=4).draw(rng())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pieces = cut(picture, cutouts, 8)
    assert torch.equal(pieces, cut(picture, cutouts, 8))


def test_a_picture_of_another_shape_is_refused():
    cutouts = plain(2.0, sizes=fixed(0.5)).draw(rng())
    with pytest.raises(ValueError, match=r"picture 96x32.*2 times as wide.*aspect=3"):
        cut(noise_picture(96, 32), cutouts, 8)
    with pytest.raises(ValueError, match="size_px 0"):
        cut(noise_picture(64, 32), cutouts, 0)
