"""Each measure on pictures that were made to be high and low on it."""

from __future__ import annotations

import re

import pytest
import torch
import torch.nn.functional as F

from doorways.judge.contrast import contrast, outer
from doorways.judge.count import count, peaks
from doorways.judge.edge_symmetry import edge_symmetry
from doorways.judge.look import Look
from doorways.judge.match import curve, match
from doorways.judge.presence import COMMON, PRESENT, others, presence
from doorways.judge.repetition import repetition
from doorways.judge.semantic_symmetry import agreement, semantic_symmetry
from doorways.judge.sharpness import sharpness
from doorways.judge.squares import SIZES, along, embed, pairs
from doorways.judge.tone_symmetry import tone_symmetry
from doorways.prompts import parse_prompts
from doorways.prompts.field import PromptField
from doorways.symmetry import parse_symmetry
from tests.judge import scenes
from tests.judge.scenes import BLUE, EYES, GREEN, GREY, RED, beside, discs, plain, waves

SYMMETRIES = ("mirror", "flip", "half-turn", "shift:2")


def look(picture, prompts="red | blue", symmetry="mirror"):
    field = PromptField(parse_prompts(prompts), aspect=picture.shape[-1] / picture.shape[-2])
    return Look.at(picture, EYES, field, parse_symmetry(symmetry))


def sides(left=RED, right=BLUE):
    return beside(plain(left, 64), plain(right, 64))


# match, at each position and over the whole


def test_a_curve_is_high_where_its_prompt_is():
    seen = look(sides())
    red, blue = (torch.tensor(curve(seen.sliding, word)) for word in seen.words)
    assert red[0] > 0.95 > 0.3 > red[-1]
    assert torch.allclose(red, blue.flip(0), atol=0.02)
    assert (red.diff() <= 1e-6).all()


def test_a_curve_takes_the_best_height_of_each_place():
    picture = torch.cat([plain(GREY, 128, 32), plain(RED, 128, 32)], 2)
    seen = look(picture, "red")
    best = curve(seen.sliding, seen.words[0])
    assert best == pytest.approx((seen.sliding @ seen.words[0]).view(-1, 3).amax(1).tolist())
    assert min(best) > float((seen.sliding @ seen.words[0]).mean())


def test_match_is_high_where_pieces_show_what_was_asked_for_and_low_where_they_show_other_things():
    words, other = torch.eye(3)[[0]], torch.eye(3)[[1, 2]]
    reds, greens = (embed(EYES, plain(colour), along(2.0)) for colour in (RED, GREEN))
    high, low = (match(seen @ words[0], seen @ other.T) for seen in (reds, greens))
    assert high > 0.8
    assert low < -0.3


# contrast


def test_contrast_is_high_between_two_worlds_zero_in_one_and_negative_the_wrong_way_round():
    assert min(look(sides()).contrast(0, 1)) > 0.8
    assert look(plain(GREY)).contrast(0, 1) == pytest.approx((0, 0), abs=1e-6)
    assert max(look(sides(BLUE, RED)).contrast(0, 1)) < -0.8


def test_contrast_takes_squares_of_the_outer_thirds_or_of_the_halves_of_a_narrow_canvas():
    for aspect, reach in ((3.0, 1.0), (2.0, 2 / 3), (1.0, 0.5)):
        left, _ = pairs(aspect)
        chosen = [left[rank] for rank in outer(left, aspect)]
        assert chosen
        assert max(one.x + one.side / 2 for one in chosen) <= reach + 1e-5


def test_contrast_is_the_mean_of_what_each_side_has_more_of_its_own():
    left, right = torch.tensor([[0.8, 0.1], [0.6, 0.3]]), torch.tensor([[0.2, 0.9]])
    assert contrast(left, right) == pytest.approx((0.5, 0.7))


# symmetry


THINGS = ((0.4, 0.3), (0.75, 0.7), (0.25, 0.8))


def translated(places, aspect=2.0):
    return [(aspect - x, y) for x, y in places]


def test_semantic_symmetry_is_high_for_the_same_things_in_paired_places_in_two_worlds():
    worlds = scenes.melting(RED, BLUE)
    high = look(discs(worlds, *THINGS, *translated(THINGS)))
    low = look(discs(worlds, *THINGS, *translated([(x, 1 - y) for x, y in THINGS])))
    measured = [semantic_symmetry(*seen.residuals, seen.pair_sizes) for seen in (high, low)]
    assert measured[0] > 0.25
    assert measured[1] < 0


def test_semantic_symmetry_is_one_where_both_sides_are_the_same():
    half = discs(plain(GREY, 64), *THINGS)
    seen = look(beside(half, half.flip(-1)), "red")
    assert semantic_symmetry(*seen.residuals, seen.pair_sizes) > 0.9


def test_agreement_tells_paired_places_from_others():
    first = torch.eye(4)
    sizes = torch.tensor([0.5] * 4)
    assert agreement(first, first, sizes, torch.zeros(4)) == pytest.approx((1, 0))
    assert agreement(first, first.roll(1, 0), sizes, torch.zeros(4)) == pytest.approx((0, 1 / 3))
    apart = torch.tensor([0.5, 0.5, 0.9, 0.9])
    assert agreement(first, first.flip(0), apart, torch.zeros(4)) == pytest.approx((0, 0)), "only of one size"


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("measure", [tone_symmetry, edge_symmetry])
def test_tone_and_edge_symmetry_are_one_for_a_picture_that_the_symmetry_keeps_and_low_for_another(
    measure, name
):
    symmetry = parse_symmetry(name)
    scattered = discs(plain(GREY), (0.3, 0.2), (0.8, 0.7), (1.3, 0.4), colour=(1.0, 1.0, 1.0))
    kept = (scattered + symmetry.apply(scattered)) / 2
    assert measure(kept, symmetry) == pytest.approx(1, abs=1e-4)
    assert measure(scattered, symmetry) < 0.5
    assert measure(plain(GREY), symmetry) == 0


def test_tone_symmetry_takes_a_day_and_its_night_for_the_same():
    day = discs(plain((0.7, 0.7, 0.7)), (0.4, 0.3), colour=(1.0, 1.0, 1.0))[..., :64]
    night = day.flip(-1) * 0.3
    assert tone_symmetry(beside(day, night)) == pytest.approx(1, abs=1e-4)
    assert tone_symmetry(beside(day, 1 - day.flip(-1))) == pytest.approx(-1, abs=1e-4)


def test_edge_symmetry_asks_for_outlines_and_not_for_tones():
    light = discs(plain(GREY), (0.4, 0.3), colour=(1.0, 1.0, 1.0))
    both = discs(light, (1.6, 0.3), colour=(0.0, 0.0, 0.0))
    assert edge_symmetry(both) > 0.95
    assert tone_symmetry(both) < -0.95


# repetition


def repeated(picture):
    left, right = (
        tuple(one for one in half if one.side == SIZES[0])
        for half in pairs(picture.shape[-1] / picture.shape[-2])
    )
    return repetition(embed(EYES, picture, left + right), left + right)


def test_repetition_is_one_for_the_same_again_and_lower_where_each_place_is_its_own():
    assert repeated(waves(3)) > 0.99
    assert repeated(waves(0.5)) < repeated(waves(3)) - 0.02
    assert repeated(plain(RED, 192)) == pytest.approx(1, abs=1e-5)


def test_repetition_looks_along_x_only():
    """Each row has its own colour: squares below each other differ, squares beside each other do not."""
    rows = torch.cat([plain(RED, 192, 32), plain(BLUE, 192, 32)], 2)
    assert repeated(rows) == pytest.approx(1, abs=1e-5)


# count


@pytest.mark.parametrize("places", [(), (1.5,), (0.6, 2.4), (0.4, 1.5, 2.6)])
def test_as_many_things_are_counted_as_there_are(places):
    picture = discs(plain((0.5, 0.4, 0.5), 192), *[(x, 0.5) for x in places], radius=0.3)
    values = curve(embed(EYES, picture, along(3.0)), EYES.embed_texts(["a green"])[0])
    assert count([PRESENT + 30 * (value - 0.6) for value in values]) == len(places)


def test_a_ripple_is_no_peak_and_a_flat_curve_has_none():
    assert peaks([0.0, 1.0, 0.8, 1.0, 0.0]) == [1.0]
    assert peaks([0.3, 0.3, 0.3]) == []
    assert peaks([0.0, 1.0, 0.8, 0.9, 0.0], prominence=0.05) == [1.0, 0.9]


def test_a_thing_that_is_everywhere_is_one_whatever_its_ripples():
    assert count([6.0, 5.5, 6.0, 5.2, 6.1]) == 1
    assert count([6.0, 3.4, 6.0]) == 2
    assert count([PRESENT + 0.1, PRESENT - 0.1, PRESENT + 0.2, PRESENT - 0.2]) == 1


def test_a_peak_where_the_thing_is_not_does_not_count():
    assert count([0.0, PRESENT - 0.1, -2.0, PRESENT + 1, 0.0]) == 1
    assert count([PRESENT - 0.1, 0.0, PRESENT - 0.1]) == 0


# presence


def test_presence_is_high_where_the_thing_is_and_low_where_it_is_not():
    word, common = EYES.embed_texts(["red"])[0], EYES.embed_texts(list(COMMON))
    red, green = (embed(EYES, plain(colour), along(2.0)) for colour in (RED, GREEN))
    assert presence(red @ word, red @ common.T).min() > 1
    assert presence(green @ word, green @ common.T).max() < 0


def test_presence_counts_in_deviations():
    common = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    expected = common.mean(1) + PRESENT * common.std(1)
    assert presence(expected, common).tolist() == pytest.approx([PRESENT] * 3, abs=1e-4)
    assert presence(10 * expected, 10 * common).tolist() == pytest.approx([PRESENT] * 3, abs=1e-4)


def test_a_thing_is_not_compared_with_its_own_words():
    assert "dog" in COMMON
    assert "dog" not in others("a Dog")
    assert not {"dog", "cat", "bird"} & set(others("a dog, a (cat) and a bird."))
    assert len(set(COMMON)) == len(COMMON)


# sharpness


def checks(size=32):
    x, y = torch.arange(256) // size, torch.arange(128)[:, None] // size
    return ((x + y) % 2).float().expand(1, 3, 128, 256)


def blurred(picture, radius=4):
    kernel = torch.full((3, 1, 2 * radius + 1, 2 * radius + 1), 1 / (2 * radius + 1) ** 2)
    return F.conv2d(F.pad(picture, (radius,) * 4, mode="replicate"), kernel, groups=3)


def test_sharpness_is_high_for_crisp_lines_and_low_after_a_blur():
    crisp = checks()
    assert sharpness(crisp) > 0.8
    assert sharpness(blurred(crisp)) < 0.3
    assert sharpness(blurred(crisp)) > sharpness(blurred(blurred(crisp)))


def test_sharpness_knows_no_contrast_and_a_flat_picture_has_none():
    assert sharpness(0.4 + 0.2 * checks()) == pytest.approx(sharpness(checks()), abs=1e-3)
    assert sharpness(plain(GREY)) == 0


def test_sharpness_is_that_of_the_blurrier_axis_and_stripes_have_but_one():
    stripes = (torch.arange(128) // 8 % 2).float().expand(1, 3, 64, 128)
    assert sharpness(stripes) > 0.8
    sideways = F.conv2d(
        F.pad(checks(), (6, 6, 0, 0), mode="replicate"), torch.full((3, 1, 1, 13), 1 / 13), groups=3
    )
    assert sharpness(sideways) < 0.4


def test_measures_see_pictures_and_not_their_size():
    small, large = (scenes.waves(2, width, height) for width, height in ((96, 32), (384, 128)))
    assert tone_symmetry(small) == pytest.approx(tone_symmetry(large), abs=0.02)
    assert repeated(small) == pytest.approx(repeated(large), abs=0.01)


@pytest.mark.parametrize(
    "measure",
    [
        match,
        curve,
        contrast,
        semantic_symmetry,
        tone_symmetry,
        edge_symmetry,
        repetition,
        count,
        presence,
        sharpness,
    ],
)
def test_each_measure_says_its_range(measure):
    _, _, returned = measure.__doc__.partition("Returns:")
    assert re.search(r"in \[-?\d|unbounded|0 or more", returned), measure.__doc__
