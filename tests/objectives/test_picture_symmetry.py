"""What tone and edge symmetry have in common, and what each alone must do."""

from __future__ import annotations

import math

import pytest
import torch

from doorways.errors import InputError
from doorways.objectives import edge_symmetry, tone_symmetry
from doorways.objectives.filters import blur, edges, grey
from doorways.symmetry import Symmetry, parse_symmetry

MIRROR = parse_symmetry("mirror")


@pytest.fixture(params=["mirror", "flip", "half-turn", "shift:2", "shift:3"])
def symmetry(request) -> Symmetry:
    return parse_symmetry(request.param)


@pytest.fixture(params=[tone_symmetry, edge_symmetry], ids=lambda objective: objective.__name__)
def objective(request):
    return request.param


def noise(height: int = 12, width: int = 24, seed: int = 0, dtype=torch.float64) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def symmetric(picture: torch.Tensor, symmetry: Symmetry) -> torch.Tensor:
    """The mean of a picture and all its images: the symmetry maps it onto itself."""
    images = [picture]
    for _ in range(getattr(symmetry, "parts", 2) - 1):
        images.append(symmetry.apply(images[-1]))
    return torch.stack(images).mean(0)


def disc(x: float, height: int, *, inside: float = 1.0) -> torch.Tensor:
    """A soft disc at x heights from the left, on black, on a canvas two heights wide."""
    down, across = torch.meshgrid(
        (torch.arange(height) + 0.5) / height, (torch.arange(2 * height) + 0.5) / height, indexing="ij"
    )
    shape = torch.sigmoid((0.2 - (across - x).hypot(down - 0.5)) * 60)
    return (inside * shape).expand(1, 3, -1, -1)


def test_a_picture_that_is_its_own_image_costs_nothing(objective, symmetry):
    picture = noise()
    assert objective(symmetric(picture, symmetry), symmetry).item() < 1e-12
    assert objective(picture, symmetry).item() > 1e-4


def test_a_picture_and_its_image_cost_the_same(objective, symmetry):
    picture = noise()
    torch.testing.assert_close(objective(symmetry.apply(picture), symmetry), objective(picture, symmetry))


def test_gradcheck(objective, symmetry):
    picture = noise(5, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: objective(p, symmetry, sigma=0.2), picture, fast_mode=True)


def test_it_falls_under_descent(objective, symmetry):
    picture = noise(dtype=torch.float32).requires_grad_()
    optimiser = torch.optim.Adam([picture], lr=0.02)
    before = objective(picture, symmetry).item()
    for _ in range(60):
        optimiser.zero_grad()
        objective(picture, symmetry).backward()
        optimiser.step()
    assert objective(picture, symmetry).item() < 0.3 * before
    assert picture.detach().std() > 0.1, "it did not get there by painting everything grey"


def test_it_is_about_the_same_at_every_resolution(objective):
    values = [objective(disc(0.5, height), MIRROR).item() for height in (64, 128, 256)]
    assert values[0] > 0.002
    assert values == pytest.approx([values[-1]] * 3, rel=0.05)


def test_pictures_smaller_than_the_blur_are_no_trouble(objective, symmetry):
    tiny = noise(2, 3)
    assert math.isfinite(objective(tiny, symmetry, sigma=3.0).item())
    assert objective(symmetric(noise(2, 6), symmetry), symmetry, sigma=3.0).item() < 1e-12


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf])
def test_a_blur_that_is_none_is_refused(objective, sigma):
    with pytest.raises(InputError, match="sigma is a fraction of the height"):
        objective(noise(), MIRROR, sigma=sigma)


def test_what_is_no_picture_is_refused(objective):
    with pytest.raises(InputError, match=r"shape \[1, 1, 4, 4\]"):
        objective(torch.zeros(1, 1, 4, 4), MIRROR)


def test_tone_is_the_mean_difference_of_grey():
    halves = torch.cat([torch.full((1, 3, 32, 320), 0.2), torch.full((1, 3, 32, 320), 0.9)], dim=3)
    assert tone_symmetry(halves, MIRROR).item() == pytest.approx(0.7, abs=0.01)
    assert tone_symmetry(halves, parse_symmetry("flip")).item() < 1e-6
    assert tone_symmetry(halves, parse_symmetry("shift")).item() == pytest.approx(0.7, abs=0.02)


def test_tone_grows_evenly_with_the_difference():
    faint, strong = (tone_symmetry(disc(0.5, 32, inside=inside), MIRROR).item() for inside in (0.25, 1.0))
    assert strong == pytest.approx(4 * faint, rel=1e-4)  # L1; L2 would be sixteen times


def test_tone_overlooks_what_is_finer_than_the_blur():
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(128), indexing="ij")
    checked = ((rows + columns) % 2).double().expand(1, 3, -1, -1)  # its mirror image is its negative
    assert (checked - checked.flip(-1)).abs().mean() == 1
    assert tone_symmetry(checked, MIRROR) < 0.01


def test_edges_overlook_whether_a_thing_is_light_or_dark():
    light_and_dark = 0.5 + disc(0.5, 64, inside=0.5) - disc(1.5, 64, inside=0.5)
    assert tone_symmetry(light_and_dark, MIRROR) > 0.1
    assert edge_symmetry(light_and_dark, MIRROR) < 1e-6
    assert edge_symmetry(0.5 + disc(0.5, 64, inside=0.5), MIRROR) > 5e-4


# The filters


def test_grey_keeps_grey_and_weighs_green_most():
    assert grey(torch.full((1, 3, 2, 2), 0.3)).flatten().tolist() == pytest.approx([0.3] * 4)
    red, green, blue = grey(torch.eye(3).view(3, 3, 1, 1)).flatten().tolist()
    assert blue < red < green


@pytest.mark.parametrize("wraps", [False, True])
def test_blur_keeps_constants_and_the_mean(wraps):
    image = noise()[:, :1]
    flat = blur(torch.full((1, 1, 7, 9), 0.3), 2.0, wraps=wraps)
    torch.testing.assert_close(flat, torch.full_like(flat, 0.3))
    torch.testing.assert_close(blur(image, 2.0, wraps=wraps).mean(), image.mean(), rtol=1e-5, atol=0)


@pytest.mark.parametrize("sigma_px", [1.5, 4.0, 6.3])
def test_blur_spreads_a_dot_as_far_as_it_says_and_keeps_its_place(sigma_px):
    dot = torch.zeros(1, 1, 81, 81, dtype=torch.float64)
    dot[..., 50, 40] = 1
    blurred = blur(dot, sigma_px)[0, 0]
    for axis, place in ((0, 50.5), (1, 40.5)):
        samples = blurred.shape[axis]
        weight = blurred.sum(1 - axis) / blurred.sum()
        at = (torch.arange(samples) + 0.5) * 81 / samples
        assert (weight * at).sum().item() == pytest.approx(place, abs=0.01)
        assert math.sqrt((weight * (at - place) ** 2).sum()) == pytest.approx(sigma_px, rel=0.01)


def test_blur_takes_no_more_samples_than_its_width_needs():
    assert blur(noise(30, 90)[:, :1], 5.0).shape == (1, 1, 18, 54)
    assert blur(noise(30, 90)[:, :1], 1.0).shape == (1, 1, 30, 90)


def test_the_blur_of_a_flipped_image_is_flipped():
    image = noise(30, 50)[:, :1]
    torch.testing.assert_close(blur(image.flip(-1, -2), 4.1), blur(image, 4.1).flip(-1, -2))


def test_blur_wraps_across_the_sides_alone():
    dot = torch.zeros(1, 1, 8, 8)
    dot[..., 0, 0] = 1
    assert blur(dot, 1.0, wraps=True)[0, 0, 0, 7] > 0.1
    assert blur(dot, 1.0, wraps=True)[0, 0, 7, 0] < 1e-6
    assert blur(dot, 1.0)[0, 0, 0, 7] < 1e-6


def test_a_blur_first_taken_without_gradients_serves_those_that_need_them():
    with torch.inference_mode():
        blur(torch.rand(1, 1, 11, 13), 2.75)
    image = torch.rand(1, 1, 11, 13, requires_grad=True)
    blur(image, 2.75).sum().backward()
    assert image.grad.sum() > 0


def test_edges_measure_the_slope_in_every_direction():
    ramp = (0.1 * torch.arange(8.0)).view(1, 1, 1, 8).expand(1, 1, 8, 8)
    for slope in (ramp, ramp.mT, ramp.flip(-1), (ramp + ramp.mT) / math.sqrt(2)):
        assert edges(slope)[..., 1:-1, 1:-1].flatten().tolist() == pytest.approx([0.1] * 36, rel=1e-4)
    assert edges(torch.full((1, 1, 4, 4), 0.5)).max() <= 1.001e-6


def test_edges_of_flat_pictures_have_no_gradient():
    flat = torch.full((1, 1, 4, 4), 0.5, requires_grad=True)
    edges(flat).sum().backward()
    assert (flat.grad == 0).all()
