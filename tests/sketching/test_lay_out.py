"""Sketches: each square shows a thing of its prompt, twins at mirrored places, and the rest of the ground is left alone."""

from __future__ import annotations

import pytest
import torch

from doorways.prompts import parse_prompts
from doorways.prompts.field import PromptField
from doorways.sketching import lay_out
from doorways.sketching.lay_out import SIDES, spots

GROUND = 0.5
DRAWINGS = {"castle": (0,), "sea": (1,)}


class Book:
    """Two drawings, plain squares: castles are red, seas are blue."""

    def drawing(self, number):
        colour = torch.tensor([[1.0, 0, 0, 1], [0, 0, 1, 1]][number])
        return colour.view(1, 4, 1, 1).expand(1, 4, 8, 8)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def field_of(prompts, aspect=2.0, **settings):
    return PromptField(parse_prompts(prompts), aspect=aspect, **settings)


def sketch(prompts, width=128, height=64, seed=0, **settings):
    field = field_of(prompts, width / height, **settings)
    ground = torch.full((1, 3, height, width), GROUND)
    drawings = [DRAWINGS.get(prompt.text, ()) for prompt in field.prompts]
    return lay_out(ground, field, drawings, Book(), rng(seed))


def shows(picture, colour):
    return (picture[0] - torch.tensor(colour).view(3, 1, 1)).abs().amax(0) < 0.01


RED, BLUE, BARE = (1.0, 0, 0), (0, 0, 1.0), (GROUND,) * 3


@pytest.mark.parametrize("seed", range(40))
def test_each_world_shows_its_own_thing_and_they_mirror_each_other(seed):
    picture = sketch("castle | sea", seed=seed)
    red, blue = shows(picture, RED), shows(picture, BLUE)
    assert red.any()
    assert not red[:, 64:].any()
    assert torch.equal(blue, red.flip(1))
    assert (red | blue | shows(picture, BARE)).all()
    assert SIDES[0] ** 2 * 0.9 < red[:, :64].float().mean() < SIDES[1] ** 2 * 1.1


def test_seeds_stand_things_elsewhere_and_repeat():
    assert torch.equal(sketch("castle | sea", seed=1), sketch("castle | sea", seed=1))
    assert not torch.equal(sketch("castle | sea", seed=1), sketch("castle | sea", seed=2))


def test_a_prompt_that_no_drawing_is_near_to_leaves_its_square_empty():
    picture = sketch("castle | abstraction")
    assert shows(picture, RED)[:, :64].any()
    assert shows(picture, BARE)[:, 64:].all()


def test_prompts_that_are_kept_away_from_are_not_drawn():
    assert not shows(sketch("castle | sea:-1"), BLUE).any()


def test_where_there_is_nothing_to_draw_there_is_no_sketch():
    assert sketch("abstraction") is None


def test_a_row_of_worlds_shows_each_of_them():
    picture = sketch("castle | sea | castle")
    assert shows(picture, RED)[:, :40].any()
    assert shows(picture, BLUE)[:, 44:84].any()
    assert shows(picture, RED)[:, 88:].any()


def test_a_thing_on_the_edge_of_a_view_all_around_goes_on_beyond_it():
    red = shows(sketch("castle@0,0.5 | sea@0.5,0.5", wraps=True, spread=0.2), RED)
    assert red[32, 0]
    assert red[32, -1]
    assert torch.equal(red[:, :8], red[:, -8:].flip(1))


def test_a_negative_prompt_keeps_its_place_free_if_it_outweighs():
    doors = sketch("castle @0.2 @0.8 | castle @0.5 :-2", width=192)
    assert shows(doors, RED)[:, :64].any()
    assert shows(doors, RED)[:, 128:].any()
    assert shows(doors, BARE)[:, 64:128].all()
    assert shows(sketch("castle @0.2 @0.8 | castle @0.5 :-0.5", width=192), RED)[:, 64:128].any()
    assert shows(sketch("castle | text :-3", width=192), RED)[:, 64:128].any(), (
        "one that stands nowhere empties nothing"
    )


def test_the_ground_that_was_given_is_left_alone():
    field = field_of("castle")
    ground = torch.full((1, 3, 32, 64), GROUND)
    assert not torch.equal(lay_out(ground, field, [(0,)], Book(), rng()), ground)
    assert (ground == GROUND).all()


@pytest.mark.parametrize(
    ("width", "height", "things"), [(64, 64, 1), (256, 64, 4), (64, 192, 3), (90, 60, 2), (24, 640, 27)]
)
def test_a_canvas_of_any_shape_is_divided_into_squares(width, height, things):
    field = field_of("castle", width / height)
    standing = spots(field, rng())
    assert len(standing) == things
    for spot in standing:
        assert spot.side / 2 <= spot.x + 1e-9
        assert spot.x <= field.aspect - spot.side / 2 + 1e-9
        assert spot.side / 2 <= spot.y + 1e-9
        assert spot.y <= 1 - spot.side / 2 + 1e-9
    assert shows(sketch("castle", width, height), RED).any()


def test_prompts_at_points_stand_there():
    picture = sketch("castle@0.25,0.3 | sea@0.75,0.7", spread=0.2)
    for colour, middle in ((RED, (32, 0.3 * 64)), (BLUE, (96, 0.7 * 64))):
        rows, columns = shows(picture, colour).nonzero().T
        assert abs(float(columns.float().mean()) - middle[0]) < 1.5
        assert abs(float(rows.float().mean()) - middle[1]) < 1.5


def test_a_far_reach_makes_no_larger_things_than_the_canvas_is_high():
    red = shows(sketch("castle@0.5,0.5", spread=100), RED)
    assert SIDES[0] * 64 - 1 <= red[32].sum() <= 64


def test_a_negative_prompt_at_a_point_leaves_the_squares_as_they_are():
    assert len(spots(field_of("castle | text @0.5,0.9 :-1", 4.0), rng())) == 4


def test_things_at_the_edges_of_the_canvas_are_cut_off():
    picture = sketch("castle@0,0 | sea@1,1", spread=0.35)
    assert shows(picture, RED)[0, 0]
    assert shows(picture, BLUE)[-1, -1]
