"""No column is starved, no corner repeats, and pairs are images of one another."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from doorways.cutouts import CutoutSampler, Distortion
from doorways.errors import InputError
from tests.cutouts.scenes import SYMMETRIES, fixed, law, mirror_matrix, plain, rng, shift_matrix

LAWS = {
    "default": law(),
    "large": law(1, 0, 0),
    "small": law(0, 0, 1),
    "whole": fixed(1.0),
    "half": fixed(0.5),
}
CORNERS = torch.tensor([[-1, -1, 1], [-1, 1, 1], [1, -1, 1], [1, 1, 1]], dtype=torch.float64)


def corners(cutouts):
    """[n, 4, 2] what the corners of each patch show, in heights."""
    seen = torch.einsum("nij,kj->nki", cutouts.homography, CORNERS)
    return seen[..., :2] / seen[..., 2:]


def seen(cutouts, *, axis=0, columns=192):
    """How often each of a canvas's columns (or rows) is seen: [columns], mean 1; overhangs are folded."""
    length = cutouts.aspect if axis == 0 else 1.0
    middles = (torch.arange(columns, dtype=torch.float64) + 0.5) / columns * length
    low, high = cutouts.centre[:, axis] - cutouts.size / 2, cutouts.centre[:, axis] + cutouts.size / 2
    if cutouts.wraps and axis == 0:
        copies = [middles + turn * length for turn in (-1, 0, 1)]
    else:
        copies = [-middles, middles, 2 * length - middles]
    times = sum((low[:, None] < copy) & (copy < high[:, None]) for copy in copies)
    count = torch.as_tensor(times).double().mean(0)
    return count / count.mean()


@pytest.mark.parametrize("aspect", [3.0, 1.0, 0.5])
@pytest.mark.parametrize("name", LAWS)
def test_no_column_is_starved_and_none_is_favoured(name, aspect):
    cutouts = plain(aspect, sizes=LAWS[name], count=20_000, overviews=0).draw(rng())
    columns, rows = seen(cutouts), seen(cutouts, axis=1)
    assert columns.min() >= 0.5
    assert rows.min() >= 0.5
    assert max(columns.max(), rows.max()) <= 2


def test_the_outermost_column_is_seen_as_often_as_the_mathematics_say():
    """W / (W + s), where nothing is drawn again; the classic law, offsets uniform inside, starves it."""
    size = 0.5
    cutouts = plain(3.0, sizes=fixed(size), count=40_000, overviews=0).draw(rng())
    free = (cutouts.size == size).double().mean()
    assert free > 0.8
    edge = ((cutouts.centre[:, 0] - cutouts.size / 2) < 1e-9).double().mean()
    assert abs(edge - size / (3 + size)) < 0.01

    offset = torch.rand(40_000, generator=rng(), dtype=torch.float64) * (3 - size)
    classic = (offset < 3 / 768).double().mean()
    assert classic < edge / 50


@pytest.mark.parametrize(("border", "even_rows"), [("reflect", True), ("wrap", False)])
def test_overhanging_cutouts_see_every_column_equally_often(border, even_rows):
    cutouts = plain(3.0, border=border, count=40_000, overviews=0).draw(rng())
    columns, rows = seen(cutouts), seen(cutouts, axis=1)
    torch.testing.assert_close(columns, torch.ones_like(columns), atol=0.05, rtol=0)
    if even_rows:
        torch.testing.assert_close(rows, torch.ones_like(rows), atol=0.05, rtol=0)
    left, right = cutouts.centre[:, 0] - cutouts.size / 2, cutouts.centre[:, 0] + cutouts.size / 2
    assert left.min() < -0.4
    assert right.max() > 3.4


def test_wrapping_cutouts_stay_inside_top_and_bottom():
    x, y = corners(plain(3.0, border="wrap", count=2_000, overviews=0).draw(rng())).unbind(2)
    assert y.min() >= -1e-9
    assert y.max() <= 1 + 1e-9
    assert x.min() < 0


@settings(deadline=None, max_examples=40)
@given(
    aspect=st.floats(0.2, 8),
    count=st.integers(1, 40),
    overviews=st.integers(0, 40),
    seed=st.integers(0, 2**31),
    progress=st.floats(0, 1),
)
def test_cutouts_lie_inside_the_canvas(aspect, count, overviews, seed, progress):
    overviews = min(overviews, count)
    sampler = plain(aspect, sizes=law("1 -> 0", 0.2, "0 -> 1"), count=count, overviews=overviews)
    cutouts = sampler.draw(rng(seed), progress=progress)
    pieces = corners(cutouts)[~cutouts.overview]
    assert len(cutouts) == count
    assert int(cutouts.overview.sum()) == overviews
    assert len(pieces) == count - overviews
    if len(pieces):
        assert pieces.min() >= -1e-9
        assert pieces[..., 0].max() <= aspect + 1e-9
        assert pieces[..., 1].max() <= 1 + 1e-9
        assert cutouts.size[~cutouts.overview].max() <= sampler.sizes.largest() * min(aspect, 1) + 1e-12


def test_cutouts_in_a_corner_draw_their_size_again_and_stay_there():
    """Full-height squares pressed to the left edge would otherwise be one and the same."""
    cutouts = plain(3.0, sizes=fixed(1.0), count=4_000, overviews=0).draw(rng())
    left = cutouts.size[corners(cutouts)[:, 0, 0] < 1e-9]
    assert len(left) > 800
    assert 0.5 <= left.min() < 0.51
    assert 0.99 < left.max() <= 1
    assert abs(left.mean() - 0.75) < 0.02
    middle = cutouts.size[(cutouts.centre[:, 0] > 0.51) & (cutouts.centre[:, 0] < 2.49)]
    assert (middle == 1).all()


@pytest.mark.parametrize("name", SYMMETRIES)
def test_the_second_of_a_pair_is_the_image_of_the_first(name):
    matrix_of, _, wraps = SYMMETRIES[name]
    matrix = matrix_of(3.0)
    cutouts = CutoutSampler(3.0, law(), count=33, overviews=2).draw(
        rng(), symmetry_matrix=matrix, wraps=wraps
    )
    first, second = cutouts.pairs.T
    assert cutouts.pairs.shape == (15, 2)
    assert cutouts.pairs.unique().numel() == 30
    assert not cutouts.overview[cutouts.pairs].any()
    image = cutouts.mirrored(matrix)
    torch.testing.assert_close(image.homography[first], cutouts.homography[second])
    for shared in (cutouts.size, cutouts.colour, cutouts.blur, cutouts.noise):
        assert torch.equal(shared[first], shared[second])
    single = ~cutouts.overview
    single[cutouts.pairs] = False
    assert int(single.sum()) == 1


def test_which_of_a_pair_is_drawn_is_random():
    """Drawn cutouts lie on the canvas; under a shift their images may lie across the seam, on either side."""
    sampler = plain(3.0, count=2_000, overviews=0)
    cutouts = sampler.draw(rng(), symmetry_matrix=shift_matrix(3.0), wraps=True)
    x = corners(cutouts)[..., 0]
    across = ((x.min(1).values < -1e-9) | (x.max(1).values > 3 + 1e-9))[cutouts.pairs]
    assert across[:, 0].sum() > 50
    assert across[:, 1].sum() > 50
    assert not across.all(1).any()


def test_columns_are_not_starved_with_pairs_either():
    for name, (matrix_of, _, wraps) in SYMMETRIES.items():
        sampler = plain(3.0, count=20_000, overviews=0)
        columns = seen(sampler.draw(rng(), symmetry_matrix=matrix_of(3.0), wraps=wraps))
        assert columns.min() >= 0.5, name
        assert columns.max() <= 2, name


@pytest.mark.parametrize("aspect", [3.0, 0.4])
def test_overviews_show_the_whole_canvas_however_bent(aspect):
    strong = Distortion(rotation=40, shear=0.3, perspective=0.2)
    cutouts = CutoutSampler(aspect, law(), count=20, overviews=20, distortion=strong).draw(rng())
    canvas = torch.tensor([[0, 0, 1], [0, 1, 1], [aspect, 0, 1], [aspect, 1, 1]], dtype=torch.float64)
    patch = torch.einsum("nij,kj->nki", cutouts.homography.inverse(), canvas)
    reach = (patch[..., :2] / patch[..., 2:]).abs().amax((1, 2))
    torch.testing.assert_close(reach, torch.ones(20, dtype=torch.float64))
    torch.testing.assert_close(
        cutouts.centre, torch.tensor([[aspect / 2, 0.5]], dtype=torch.float64).expand(20, 2)
    )


def test_the_same_seed_draws_the_same_cutouts_and_another_seed_others():
    sampler = CutoutSampler(2.0, law())
    first, again, other = (sampler.draw(rng(seed)) for seed in (0, 0, 1))
    assert first.to_dict() == again.to_dict()
    assert first.to_dict() != other.to_dict()


def test_the_generator_advances_alike_whatever_is_asked_for():
    states = []
    for sampler in (CutoutSampler(2.0, law()), plain(3.0, sizes=law(0, 0, 1), overviews=0, border="reflect")):
        for matrix in (None, mirror_matrix(2.0)):
            generator = rng()
            sampler.draw(generator, symmetry_matrix=matrix)
            states.append(generator.get_state())
    assert all(torch.equal(state, states[0]) for state in states)
    assert not torch.equal(states[0], rng().get_state())


def test_distortion_leaves_places_and_sizes_alone():
    bent, straight = CutoutSampler(2.0, law()).draw(rng()), plain(2.0).draw(rng())
    torch.testing.assert_close(bent.centre, straight.centre)
    pieces = ~bent.overview
    assert torch.equal(bent.size[pieces], straight.size[pieces])
    assert not torch.allclose(bent.homography, straight.homography)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"aspect": 0.0}, "aspect 0"),
        ({"count": 0}, "cutouts 0"),
        ({"overviews": 33}, r"overviews 33: must be in \[0, 32\]"),
        ({"border": "mirror"}, "border 'mirror': must be one of clamp, reflect, wrap"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        CutoutSampler(**{"aspect": 2.0, "sizes": law(), **wrong})
