"""What all generators share: the clamp that lets gradients back in, and the sizes."""

from __future__ import annotations

import pytest
import torch

from doorways import InputError
from doorways.generators.base import check_size, to_picture


def test_pictures_are_clamped_and_no_pixel_dies() -> None:
    output = torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.0], requires_grad=True)
    picture = to_picture(output)
    assert picture.tolist() == [0, 0, 0.5, 1, 1]
    (2 * picture - 1).square().sum().backward()  # pulls every value towards grey: all gradients pass
    assert output.grad is not None
    assert (output.grad[[0, 4]] != 0).all()
    assert output.grad[0] < 0 < output.grad[4]


def test_gradients_that_push_further_out_are_cut() -> None:
    output = torch.tensor([-3.0, 0.2, 3.0], requires_grad=True)
    picture = to_picture(output)
    (picture * torch.tensor([1.0, 1.0, -1.0])).sum().backward()
    assert output.grad is not None
    assert output.grad.tolist() == [0, 0.5, 0]


@pytest.mark.parametrize(
    ("size", "says"),
    [((10, 16), "width must be a multiple of 16 .*; use 16 or more"), ((16, 40), "height .* use 32 or 48"),
     ((0, 16), "use 16 or more"), ((-16, 16), "use 16 or more")],
)  # fmt: skip
def test_a_size_that_does_not_fit_comes_with_one_that_does(size: tuple[int, int], says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_size(*size, 16)
