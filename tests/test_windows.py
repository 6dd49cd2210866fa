"""Windows visit every column, keep within the limit, and show their pieces what the canvas would."""

from __future__ import annotations

import pytest
import torch

from doorways.cutouts import CutoutSampler, Distortion, SizeLaw, cut
from doorways.errors import InputError
from doorways.schedule import Schedule
from doorways.size import Size
from doorways.symmetry import Reflection, parse_symmetry
from doorways.windows import HALO, Window, Windows
from tests import tiny

SIZE, FACTOR, LIMIT = Size(1024, 24), 4, 208
SYMMETRIES = (None, "mirror", "flip", "half-turn", "shift:2", "shift:3")


def windows(
    symmetry: str | None = None, *, wraps: bool = False, size: Size = SIZE, limit: int = LIMIT
) -> Windows:
    found = None if symmetry is None else parse_symmetry(symmetry)
    return Windows(size, FACTOR, limit, symmetry=found, wraps=wraps, phase=0.3)


def sampler(overviews: int = 2, distortion: Distortion | None = None) -> CutoutSampler:
    law = SizeLaw(Schedule.parse(0.5), Schedule.parse(0.3), Schedule.parse(0.2))
    bent = distortion or Distortion.none()
    return CutoutSampler(SIZE.aspect, law, count=20, overviews=overviews, distortion=bent)


def visits(found: Windows, steps: int) -> torch.Tensor:
    """How often each column of cells is visited."""
    counts = torch.zeros(found.cells)
    for step in range(steps):
        counts[found.at(step).columns(found.cells)] += 1
    return counts


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_columns_are_visited_evenly(symmetry: str | None) -> None:
    counts = visits(windows(symmetry), 1000)
    average = counts.mean()
    assert counts.min() > 0.75 * average
    assert counts.max() < 2.1 * average


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_all_around_every_column_is_visited_as_often(symmetry: str | None) -> None:
    counts = visits(windows(symmetry, wraps=True), 1000)
    if symmetry in (None, "flip"):
        assert counts.max() - counts.min() <= 4
    assert counts.min() > 0.85 * counts.mean()


def test_a_few_steps_see_most_of_the_canvas() -> None:
    found = windows()
    enough = round(1.7 * found.cells / found.inner)
    assert (visits(found, enough) > 0).float().mean() > 0.9


@pytest.mark.parametrize("wraps", [False, True])
@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_the_strip_keeps_within_the_limit_and_holds_the_window_and_its_image(
    symmetry: str | None, wraps: bool
) -> None:
    found = windows(symmetry, wraps=wraps)
    for step in range(300):
        strip = found.at(step)
        assert strip.width * FACTOR <= LIMIT
        columns = strip.columns(found.cells)
        assert len(columns) == len(columns.unique()) >= found.inner
        wanted = [strip.drawn] if symmetry is None else [strip.drawn, found.image(strip.drawn)]
        for window in wanted:
            cells = torch.arange(window.start, window.stop) % found.cells
            assert torch.isin(cells, columns).all()
        ends = [segment.at + segment.stop - segment.start + segment.right for segment in strip.segments]
        starts = [segment.at - segment.left for segment in strip.segments]
        assert starts == [0, *ends[:-1]]
        assert ends[-1] == strip.width


def test_a_window_and_its_image_are_one_where_they_meet() -> None:
    found = windows("mirror")
    assert found.image(Window(0, 10)) == Window(246, 256)
    assert len(windows("flip").at(0).segments) == 1
    single = [step for step in range(200) if len(found.at(step).segments) == 1]
    assert 0 < len(single) < 100
    for step in single:
        (segment,) = found.at(step).segments
        assert segment.start + segment.stop == found.cells, "it is its own image"


@pytest.mark.parametrize("wraps", [False, True])
@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_pieces_show_in_the_strip_what_they_show_on_the_canvas(symmetry: str | None, wraps: bool) -> None:
    found = windows(symmetry, wraps=wraps)
    picture = torch.nn.functional.interpolate(tiny.picture(96, 3, seed=1), (SIZE.height, SIZE.width))
    rng = torch.Generator().manual_seed(0)
    for step in range(0, 60, 3):
        strip = found.at(step)
        pieces, overviews = found.draw(sampler(), strip, rng, 0.0)
        assert len(pieces) == 18
        assert len(pieces.pairs) == (0 if symmetry is None else 9)
        shown = []
        for segment in strip.segments:
            cells = torch.arange(segment.start - segment.left, segment.stop + segment.right) % found.cells
            shown.append(picture[..., (cells[:, None] * FACTOR + torch.arange(FACTOR)).flatten()])
        inside = found.in_strip(pieces, strip)
        here, there = cut(torch.cat(shown, 3), inside, 16), cut(picture, pieces, 16)
        # where a shift alone passes over an edge, half a pixel there is of the other edge on the canvas
        rim = 1 if found.joins and not wraps else 0
        torch.testing.assert_close(here[..., rim : 16 - rim], there[..., rim : 16 - rim], atol=1e-4, rtol=0)
        assert overviews is not None
        assert overviews.overview.all()
        assert (overviews.aspect, len(overviews)) == (SIZE.aspect, 2)
        if symmetry is not None:
            first, second = pieces.pairs.unbind(1)
            moved = parse_symmetry(symmetry).move(pieces.centre[first], SIZE.aspect)
            apart = (moved - pieces.centre[second])[:, 0]
            if wraps or symmetry.startswith("shift"):
                apart = (apart + SIZE.aspect / 2).remainder(SIZE.aspect) - SIZE.aspect / 2
            assert apart.abs().max() < 1e-4


def test_bent_pieces_see_their_true_neighbours() -> None:
    found = windows("mirror")
    bent = Distortion(rotation=10, shear=0.1, perspective=0.1, blur=0, noise=0, colour=0)
    rng = torch.Generator().manual_seed(0)
    for step in range(20):
        strip = found.at(step)
        pieces, _ = found.draw(sampler(0, bent), strip, rng, 0.0)
        corners = torch.tensor([[-1.0, -1, 1], [-1, 1, 1], [1, -1, 1], [1, 1, 1]], dtype=torch.float64)
        seen = found.in_strip(pieces, strip).homography @ corners.T
        across = (seen[:, 0] / seen[:, 2]) / found.cell
        inside = torch.zeros(across.shape, dtype=torch.bool)
        for segment in strip.segments:
            left = segment.at - segment.left - (0 if segment.left else HALO)
            right = segment.at + segment.stop - segment.start + (segment.right or HALO)
            inside |= (across >= left) & (across <= right)
        assert inside.all()


def test_a_window_that_does_not_hold_a_large_piece_is_refused() -> None:
    with pytest.raises(InputError, match=r"window 208: a canvas 200 high needs 248 or more, .* less high"):
        windows(size=Size(1024, 200))
    windows(size=Size(1024, 200), limit=248)
    with pytest.raises(InputError, match=r"window 208: a canvas 96 high needs 292 or more for pairs"):
        windows("mirror", size=Size(1024, 96))
    windows("mirror", size=Size(1024, 96), limit=292)


def test_a_symmetry_that_turns_columns_into_rows_is_refused() -> None:
    class Tilted(Reflection):
        def matrix(self, aspect: float) -> torch.Tensor:
            return torch.tensor([[1.0, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])

    with pytest.raises(InputError, match="symmetry tilted: does not map columns onto columns"):
        Windows(SIZE, FACTOR, LIMIT, symmetry=Tilted("tilted", sideways=False, upright=False))
