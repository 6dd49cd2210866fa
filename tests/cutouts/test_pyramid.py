"""The pyramid holds the picture at all its scales, and nothing else."""

from __future__ import annotations

import pytest
import torch

from doorways.cutouts import build_pyramid
from tests.cutouts.scenes import noise_picture


def level(pyramid, index):
    left, top, width, height = pyramid.boxes[index].tolist()
    return pyramid.atlas[..., top : top + height, left : left + width]


@pytest.mark.parametrize(("width", "height"), [(64, 16), (16, 64), (48, 40), (33, 21), (1, 1), (7, 1)])
def test_levels_halve_until_one_pixel_is_left_and_keep_the_mean(width, height):
    picture = noise_picture(width, height, dtype=torch.float64)
    pyramid = build_pyramid(picture)
    assert torch.equal(level(pyramid, 0), picture)
    assert min(pyramid.boxes[-1, 2:]) == 1
    for index, (_, _, w, h) in enumerate(pyramid.boxes.tolist()):
        assert (w, h) == (max(1, -(-width // 2**index)), max(1, -(-height // 2**index)))
        if width % 2**index == height % 2**index == 0:
            torch.testing.assert_close(level(pyramid, index).mean((2, 3)), picture.mean((2, 3)))


def test_the_second_level_holds_means_of_four_pixels():
    picture = noise_picture(8, 6)
    expected = picture.view(1, 3, 3, 2, 4, 2).mean((3, 5))
    torch.testing.assert_close(level(build_pyramid(picture), 1), expected)


@pytest.mark.parametrize(("width", "height"), [(33, 20), (64, 32), (20, 33)])
def test_levels_do_not_overlap_and_each_is_followed_by_its_first_column(width, height):
    pyramid = build_pyramid(noise_picture(width, height))
    owned = torch.zeros(pyramid.atlas.shape[2:])
    for index, (left, top, w, h) in enumerate(pyramid.boxes.tolist()):
        owned[top : top + h, left : left + w + 1] += 1
        seam = pyramid.atlas[..., top : top + h, left + w]
        assert torch.equal(seam, level(pyramid, index)[..., 0])
    assert owned.max() == 1
    assert (pyramid.atlas[..., owned == 0] == 0.5).all()
    x, y = pyramid.grey
    assert owned[y - 1 : y + 2, x - 1 : x + 2].sum() == 0


def test_a_pyramid_of_an_odd_picture_is_mirrored_with_it():
    picture = noise_picture(37, 23)
    straight, mirrored = build_pyramid(picture), build_pyramid(picture.flip(3))
    for index in range(len(straight.boxes)):
        torch.testing.assert_close(level(mirrored, index), level(straight, index).flip(3))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_pictures_are_sampled_in_single_precision(dtype):
    assert build_pyramid(noise_picture(8, 8, dtype=dtype)).atlas.dtype == torch.float32


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 3, 8, 8), (1, 4, 8, 8)])
def test_what_is_not_one_picture_is_refused(shape):
    with pytest.raises(ValueError, match=r"must be \[1, 3, H, W\]"):
        build_pyramid(torch.zeros(shape))
