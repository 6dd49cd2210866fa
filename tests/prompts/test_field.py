from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from doorways.errors import InputError
from doorways.prompts import parse_prompts
from doorways.prompts.field import PromptField

ASPECT = 2.0


def field(text: str, **options) -> PromptField:
    return PromptField(parse_prompts(text), **{"aspect": ASPECT, **options})


def at(*fractions: float, y: float = 0.5) -> torch.Tensor:
    """Centres in heights at these fractions of the width."""
    return torch.tensor([[x * ASPECT, y] for x in fractions], dtype=torch.float64)


def canvas(count: int = 41, aspect: float = ASPECT) -> torch.Tensor:
    steps = torch.linspace(0, 1, count, dtype=torch.float64)
    return torch.cartesian_prod(steps * aspect, steps[::4])


SHARING = [
    "a",
    "a | b",
    "a | b | c :2 | bad :-1 | mist @all",
    "a @0.1 @0.9 | b @0.5 | bad @0.3 :-2",
    "a @0.5 | b @0.5 | c",
    "a @0.2,0.3 | b | c @0.9,0.1 @0.1,0.9",
    "a | b | bad @0.5,0.5 :-1",
    "a @0 | b @1",
]


@pytest.mark.parametrize("text", SHARING)
@pytest.mark.parametrize("blend", ["linear", "smooth", "plateau"])
def test_shares_are_a_partition_of_unity_over_the_prompts_that_share(text, blend):
    prompts = field(text, blend=blend)
    shares = prompts.shares(canvas())
    assert shares.shape == (len(canvas()), len(prompts.prompts))
    assert shares.min() >= 0
    torch.testing.assert_close(shares.sum(1), torch.ones(len(canvas()), dtype=torch.float64))
    idle = [index for index, prompt in enumerate(prompts.prompts) if not prompt.takes_share]
    assert (shares[:, idle] == 0).all()
    assert prompts.mean_shares().sum().item() == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=5),
    st.sampled_from(["linear", "smooth", "plateau"]),
    st.floats(0, 1),
    st.floats(0.2, 8),
)
def test_shares_are_a_partition_for_any_places(places, blend, transition, aspect):
    text = " | ".join(f"world @{x!r}" for x in places)
    prompts = field(text, blend=blend, transition=transition, aspect=aspect)
    shares = prompts.shares(canvas(aspect=aspect).float())
    assert torch.isfinite(shares).all()
    assert shares.min() >= -1e-6
    assert (shares.sum(1) - 1).abs().max() < 1e-5


def test_one_prompt_rules_the_whole_canvas():
    assert (field("a").shares(canvas()) == 1).all()
    assert (field("a @0.1 @0.8").shares(canvas()) == 1).all()


@pytest.mark.parametrize("blend", ["linear", "smooth", "plateau"])
def test_a_prompt_rules_alone_at_its_place_and_outside_the_outermost(blend):
    shares = field("a | b | c", blend=blend).shares(at(0, 0.1, 0.25, 0.5, 0.75, 0.9, 1))
    assert shares.argmax(1).tolist() == [0, 0, 0, 1, 2, 2, 2]
    assert shares.max(1).values.tolist() == pytest.approx([1] * 7)


@pytest.mark.parametrize(
    ("blend", "expected"),
    [
        ("linear", [0.25, 0.5, 0.75]),
        ("smooth", [0.15625, 0.5, 0.84375]),
        ("plateau", [0, 0.5, 1]),
    ],
)
def test_blends_between_two_places(blend, expected):
    prompts = field("a @0 | b @1", blend=blend, transition=0.5)
    assert prompts.shares(at(0.25, 0.5, 0.75))[:, 1].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("aspect", [1.0, 2.0, 8.0])
def test_the_transition_of_a_plateau_is_the_part_of_the_way_that_it_says(aspect):
    prompts = field("a @0 | b @1", blend="plateau", transition=0.2, aspect=aspect)
    along = torch.tensor([0.39, 0.4, 0.45, 0.5, 0.55, 0.6, 0.61]) * aspect
    shares = prompts.shares(torch.stack([along, torch.zeros(7)], 1))[:, 1].tolist()
    assert shares == pytest.approx([0, 0, 0.25, 0.5, 0.75, 1, 1], abs=1e-5)


def test_a_plateau_may_switch_at_once_or_take_the_whole_gap():
    sudden = field("a @0 | b @1", blend="plateau", transition=0.0, aspect=8.0)
    assert sudden.shares(torch.tensor([[3.99, 0], [4.0, 0], [4.01, 0]]))[:, 1].tolist() == [0, 0.5, 1]
    whole = field("a @0 | b @1", blend="plateau", transition=1.0)
    torch.testing.assert_close(whole.shares(canvas()), field("a @0 | b @1").shares(canvas()))


def test_prompts_at_one_place_share_it_evenly():
    assert field("a @0.5 | b @0.5 | c @0.9").shares(at(0.2))[0].tolist() == [0.5, 0.5, 0]


def test_several_places_of_one_prompt():
    shares = field("door @0.25 @0.75 | wall @0.5").shares(at(0.25, 0.5, 0.75, 0.375))[:, 0]
    assert shares.tolist() == pytest.approx([1, 0, 1, 0.5])


def test_with_a_y_shares_fall_with_the_distance_as_a_gaussian():
    prompts = field("a @0.25,0.5 | b @0.5,0.1", spread=0.3)
    centre = torch.tensor([[0.7, 0.3]], dtype=torch.float64)
    to_a, to_b = math.hypot(0.2, 0.2), math.hypot(0.3, 0.2)
    odds = math.exp(-(to_a**2) / (2 * 0.3**2)) / math.exp(-(to_b**2) / (2 * 0.3**2))
    assert prompts.shares(centre)[0].tolist() == pytest.approx([odds / (1 + odds), 1 / (1 + odds)])


def test_with_a_y_a_prompt_without_one_is_as_far_as_its_column():
    shares = field("a @0.25 | b @0.5,0.5").shares(at(0.5, y=0.0))[0]
    odds = math.exp((0.5**2 - 0.5**2) / (2 * 0.35**2))  # half a height from the column, and from the point
    assert (shares[0] / shares[1]).item() == pytest.approx(odds)


def test_with_a_y_the_nearest_of_several_places_counts():
    one, two = field("a @0.2,0.2 | b @0.6,0.6"), field("a @0.2,0.2 @0.9,0.9 | b @0.6,0.6")
    torch.testing.assert_close(one.shares(at(0.1, y=0.1)), two.shares(at(0.1, y=0.1)))
    assert two.shares(at(0.9, y=0.9))[0, 0] > 0.7 > one.shares(at(0.9, y=0.9))[0, 0]


def test_far_from_every_place_shares_do_not_vanish_into_nothing():
    shares = field("a @0,0 | b @0.01,0", spread=1e-3).shares(at(1, y=1).float())
    assert shares.tolist() == [[0, 1]]


# What weighs in the match


def test_weights_scale_the_shares():
    prompts = field("a :2 | b :0.5")
    expected = prompts.shares(canvas()) * torch.tensor([2, 0.5])
    torch.testing.assert_close(prompts.loss_weights(canvas()), expected)


def test_a_negative_prompt_takes_no_share_and_reaches_to_its_neighbours():
    prompts = field("doorway @0.25 @0.75 | a doorway @0.5 :-0.5")
    weights = prompts.loss_weights(at(0, 0.25, 0.375, 0.5, 0.625, 0.75, 1))
    assert weights[:, 0].tolist() == [1] * 7
    assert weights[:, 1].tolist() == pytest.approx([0, 0, -0.25, -0.5, -0.25, 0, 0])


def test_the_hat_is_as_lopsided_as_its_neighbours():
    weights = field("a @0.1 | b @0.9 | bad @0.3 :-1").loss_weights(at(0.1, 0.2, 0.3, 0.6, 0.9))[:, 2]
    assert weights.tolist() == pytest.approx([0, -0.5, -1, -0.5, 0])


def test_default_places_and_its_own_are_neighbours_too():
    weights = field("a | b | bad @0.4 @0.6 :-1").loss_weights(at(0.25, 0.325, 0.4, 0.5, 0.6, 0.75))[:, 2]
    assert weights.tolist() == pytest.approx([0, -0.5, -1, -1, -1, 0], abs=1e-6)


def test_without_neighbours_the_hat_reaches_to_the_edges():
    weights = field("a | bad @0.5 :-1").loss_weights(at(0, 0.25, 0.5, 0.75, 1))[:, 1]
    assert weights.tolist() == pytest.approx([0, -0.5, -1, -0.5, 0])
    edge = field("a | bad @0 :-1").loss_weights(torch.tensor([[-0.3, 0.5], [0.0, 0.5], [1.0, 0.5]]))[:, 1]
    assert edge.tolist() == pytest.approx([-1, -1, -0.5])


def test_other_negative_prompts_stop_no_hat():
    alone, beside = field("a | b | bad @0.5 :-1"), field("a | b | bad @0.5 :-1 | worse @0.4 :-1")
    torch.testing.assert_close(alone.loss_weights(canvas())[:, 2], beside.loss_weights(canvas())[:, 2])


def test_with_a_y_a_negative_bump_is_a_gaussian():
    weights = field("a | b | bad @0.5,0.5 @0,0 :-2", spread=0.5).loss_weights(at(0.5, 0.75))[:, 2]
    assert weights.tolist() == pytest.approx([-2, -2 * math.exp(-0.5)])


@pytest.mark.parametrize(
    ("text", "weight"), [("mist @all :0.3", 0.3), ("blur :-0.2", -0.2), ("mud @all :-1", -1)]
)
def test_all_and_a_negative_without_a_place_act_everywhere_and_take_nothing(text, weight):
    prompts, without = field(f"a | b | {text}"), field("a | b")
    torch.testing.assert_close(prompts.shares(canvas())[:, :2], without.shares(canvas()))
    torch.testing.assert_close(prompts.loss_weights(canvas())[:, :2], without.loss_weights(canvas()))
    assert prompts.loss_weights(canvas())[:, 2].tolist() == pytest.approx([weight] * len(canvas()))


# Overviews


@pytest.mark.parametrize("text", SHARING)
def test_overviews_take_the_mean_of_the_field(text):
    prompts = field(text)
    overviews = torch.tensor([True, False, False])
    centres = at(0.5, 0.1, 0.9).float()
    for values, plain, mean in (
        (prompts.shares(centres, overviews), prompts.shares(centres), prompts.mean_shares()),
        (
            prompts.loss_weights(centres, overviews),
            prompts.loss_weights(centres),
            prompts.mean_loss_weights(),
        ),
    ):
        torch.testing.assert_close(values[0], mean.float())
        torch.testing.assert_close(values[1:], plain[1:])
        assert values.dtype == torch.float32


def test_means_are_those_of_the_canvas():
    prompts = field("a | b @0.5 | c | bad @0.5 :-1")
    assert prompts.mean_shares().tolist() == pytest.approx([0.375, 0.25, 0.375, 0], abs=1e-3)
    hat = field("a @0.25 | b @0.75 | bad @0.5 :-1").mean_loss_weights()
    assert hat.tolist() == pytest.approx([0.5, 0.5, -0.25], abs=1e-3)
    flat = field("a @0.2,0.3 | b @0.7,0.9")
    torch.testing.assert_close(flat.mean_shares(), flat.shares(canvas(401)).mean(0), atol=0.01, rtol=0)


# What is refused


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1])
def test_widths_must_be_finite_and_positive(value):
    with pytest.raises(InputError, match="transition"):
        field("a | b", transition=value)
    with pytest.raises(InputError, match="spread"):
        field("a | b", spread=value)
    with pytest.raises(InputError, match="aspect"):
        field("a | b", aspect=value)


def test_unknown_blends_are_answered_with_the_known_ones():
    with pytest.raises(InputError, match="use one of linear, smooth, plateau"):
        field("a", blend="soft")


def test_too_many_prompts_for_the_canvas_are_refused():
    with pytest.raises(InputError, match=r"4 prompts on a canvas 1\.00 times as wide as high"):
        field("a | b | c | d", aspect=1.0)


def test_centres_of_another_shape_are_refused():
    with pytest.raises(InputError, match=r"centres of shape \[3\]"):
        field("a").shares(torch.zeros(3))


# All around


def test_all_around_the_last_prompt_gives_way_to_the_first():
    around = PromptField(parse_prompts("forest @0.25 | ocean @0.75"), aspect=4.0, wraps=True)
    centres = torch.tensor([[x, 0.5] for x in (0.0, 0.5, 1.0, 2.0, 3.0, 3.5, 4.0)])
    assert around.shares(centres)[:, 0].tolist() == pytest.approx([0.5, 0.75, 1, 0.5, 0, 0.25, 0.5])
    uneven = PromptField(parse_prompts("forest @0.1 | ocean @0.6"), aspect=4.0, wraps=True)
    shares = uneven.shares(torch.tensor([[0.0, 0.5], [4.0, 0.5]]))
    assert shares[0].tolist() == pytest.approx(shares[1].tolist())
    assert shares[0, 0] == pytest.approx(0.8)


def test_all_around_a_hat_reaches_its_neighbours_on_either_side_however_far_they_are():
    around = PromptField(parse_prompts("forest @0.9 | a tree @0.1 :-1"), aspect=4.0, wraps=True)
    places = [0.1, 0.3, 0.5, 0.599, 0.601, 0.7, 0.9, 0.95, 0.0, 0.05]
    weights = around.loss_weights(torch.tensor([[4 * x, 0.5] for x in places]))[:, 1]
    expected = [1, 0.75, 0.5, 0.376, 0.374, 0.25, 0, 0.25, 0.5, 0.75]
    assert (-weights).tolist() == pytest.approx(expected, abs=1e-3)


def test_all_around_distances_are_the_short_way():
    rows = PromptField(parse_prompts("forest @0.05,0.5 | ocean @0.5,0.5"), aspect=4.0, wraps=True)
    shares = rows.shares(torch.tensor([[0.0, 0.5], [3.9, 0.5], [0.5, 0.5]]))
    assert shares[1, 0] > 0.99
    bump = PromptField(parse_prompts("forest | moon @0.0 :-1"), aspect=4.0, wraps=True)
    weights = bump.loss_weights(torch.tensor([[0.5, 0.5], [3.5, 0.5], [2.0, 0.5]]))[:, 1]
    assert weights[0] == pytest.approx(float(weights[1]))
    assert weights[0] < -0.5
