"""The stranger and what it is asked, on made-up drawings; its real weights come with the training data alone."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import pytest
import torch

from bench import concepts, stranger
from bench.concepts import chosen, evenly, rates, sheet, sides_are_told
from bench.stranger import (
    SIDE_PX,
    STAGES,
    Drawings,
    Network,
    Stranger,
    crowds,
    grounds,
    painted_crowds,
    scenes,
    squares,
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file with random weights under EfficientNet-Lite0's names."""
    rng, found = torch.Generator().manual_seed(0), {}

    def layer(convolution, norm, shape):
        found[f"{convolution}.weight"] = torch.randn(shape, generator=rng) * (2 / shape[1:].numel()) ** 0.5
        parts = {"weight": 1.0, "bias": 0.1, "running_mean": 0.0, "running_var": 1.0}
        found.update({f"{norm}.{part}": torch.full((shape[0],), value) for part, value in parts.items()})

    layer("_conv_stem", "_bn0", torch.Size((32, 3, 3, 3)))
    widths, before, number = (16, 24, 40, 80, 112, 192, 320), 32, 0
    for width, (blocks, kernel, _) in zip(widths, STAGES, strict=True):
        for _ in range(blocks):
            name, inner = f"_blocks.{number}.", before if number == 0 else 6 * before
            if number:
                layer(f"{name}_expand_conv", f"{name}_bn0", torch.Size((inner, before, 1, 1)))
            layer(f"{name}_depthwise_conv", f"{name}_bn1", torch.Size((inner, 1, kernel, kernel)))
            layer(f"{name}_project_conv", f"{name}_bn2", torch.Size((width, inner, 1, 1)))
            before, number = width, number + 1
    layer("_conv_head", "_bn1", torch.Size((1280, 320, 1, 1)))
    path = tmp_path_factory.mktemp("stranger") / "weights.pth"
    torch.save(found, path)
    return path


@pytest.fixture(scope="module")
def drawings():
    """A drawing that is red all over, and a blue one."""
    colours = torch.tensor([[255, 0, 0, 255], [0, 0, 255, 255]], dtype=torch.uint8)
    return Drawings(colours[:, :, None, None].expand(2, 4, 96, 96).contiguous(), ["red", "blue"], ["a", "b"])


@pytest.fixture(scope="module")
def taught(weights, drawings):
    """A stranger that has learnt red from blue, over made-up photographs."""
    photographs = torch.randint(256, (4, 3, 96, 200), generator=torch.Generator().manual_seed(1)).byte()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stranger, "_photographs", lambda held_out: photographs)
        patch.setattr(stranger, "Network", lambda: Network(weights))
        patch.setattr(stranger, "SHOWN", (*[scenes] * 5, painted_crowds))
        patch.setattr(stranger, "EPOCHS", 12)
        yield Stranger(["blue", "red"], drawings, weights.parent)


@pytest.fixture
def judge(taught):
    """The same one, whose head a test may take."""
    return copy(taught)


def plain(*colours):
    """A picture [1, 3, 96, 192] of which each part has one colour."""
    parts = [
        torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 96, 192 // len(colours)) for colour in colours
    ]
    return torch.cat(parts, 3)


RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


@pytest.mark.embedded
def test_it_learns_names_and_ranks_them(judge):
    assert judge.rank(squares(plain(RED)), "red") == 0
    assert judge.rank(squares(plain(RED)), "blue") == 1


@pytest.fixture
def learns_no_more(judge, monkeypatch):
    """A stranger that was taught already, and fails where it is to learn."""
    monkeypatch.setattr(Stranger, "_learn", lambda *_: pytest.fail("it learns again"))


@pytest.mark.embedded
def test_what_it_has_learnt_is_kept(learns_no_more, judge, drawings, weights):
    again = Stranger(["blue", "red"], drawings, weights.parent)
    assert torch.equal(again.head, judge.head)
    assert torch.equal(again.logits(squares(plain(RED))), judge.logits(squares(plain(RED))))


@pytest.mark.embedded
def test_it_learns_again_when_names_or_drawings_are_others(learns_no_more, drawings, weights):
    with pytest.raises(pytest.fail.Exception, match="learns again"):
        Stranger(["blue", "red", "green"], drawings, weights.parent)
    with pytest.raises(pytest.fail.Exception, match="learns again"):
        Stranger(["blue", "red"], replace(drawings, pixels=drawings.pixels // 2), weights.parent)


@pytest.mark.embedded
def test_it_learns_again_when_drawings_are_shown_otherwise(
    learns_no_more, drawings, monkeypatch, weights, tmp_path
):
    other = tmp_path / "restyle.py"
    other.write_text("COARSER = 1")
    monkeypatch.setattr(stranger.restyle, "__file__", str(other))
    with pytest.raises(pytest.fail.Exception, match="learns again"):
        Stranger(["blue", "red"], drawings, weights.parent)


@pytest.mark.embedded
def test_it_names_nothing_where_it_sees_no_number(judge):
    judge.head = judge.head * float("nan")
    assert judge.rank(squares(plain(RED)), "red") == 1


@pytest.mark.parametrize(
    "flags", [["--concepts", "101"], ["--concepts", "0"], ["--pairs", "0"], ["--pairs", "21"]]
)
def test_no_more_is_painted_than_was_chosen_and_something_is(flags, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["concepts", *flags])
    with pytest.raises(SystemExit):
        concepts.main()
    assert "must be in 1 to" in capsys.readouterr().err


@pytest.mark.embedded
def test_names_that_are_as_likely_come_first(judge):
    judge.head = torch.zeros_like(judge.head)
    assert judge.rank(squares(plain(RED)), "red") == 1, "a judge that knows nothing is never right"


def test_what_is_painted_is_one_word_and_in_no_two_places():
    names = ["an ox", *(f"{letter}{digit}" for letter in "abcd" for digit in range(5))]
    alone, pairs = chosen(names, 6, 3)
    assert (len(alone), len(pairs)) == (6, 3)
    assert len({*alone, *(side for pair in pairs for side in pair)}) == 12
    assert "an ox" not in alone


def test_a_part_of_what_is_painted_is_painted_again_with_all_of_it():
    words = [f"{letter}{digit}" for letter in "abcdef" for digit in range(5)]
    alone, pairs = chosen(words, 12, 4)
    assert evenly(alone, 6) == alone[::2]
    assert evenly(pairs, 4) == pairs


@pytest.mark.embedded
def test_a_crowd_has_the_drawing_on_every_ground_and_nothing_else(judge):
    def seeded():
        return torch.Generator().manual_seed(3)

    blank, ink = torch.zeros(16, 4, 96, 96, dtype=torch.uint8), torch.zeros(16, 4, 96, 96, dtype=torch.uint8)
    ink[:, 3] = 255
    empty, full = (crowds(drawings, seeded(), held_out=True) for drawings in (blank, ink))
    assert full.shape == (16, 3, SIDE_PX, SIDE_PX)
    assert float(full.min()) >= 0
    assert float(full.max()) <= 1
    covered = ((full - empty).abs().amax(1) > 0.01).float().mean((1, 2))
    assert float(covered.min()) > 0.02, "there is one in each"
    assert float(covered.max()) < 1, "and around it the ground"
    bare = grounds(16, seeded(), held_out=True)
    assert (empty == bare).flatten(1).all(1).any(), "some are not soft"


@pytest.mark.embedded
def test_sides_are_told_only_where_both_halves_are_right(judge):
    assert sides_are_told(judge, plain(RED, BLUE), "red", "blue")
    assert not sides_are_told(judge, plain(BLUE, RED), "red", "blue")
    assert not sides_are_told(judge, plain(RED, RED), "red", "blue")


@pytest.mark.embedded
def test_only_the_last_blocks_learn(judge, weights):
    before, learning = Network(weights), judge.network.learning()
    assert {name.split(".")[1] for name in learning if "." in name} == {"11", "12", "13", "14", "15"}
    changed = {
        name
        for name, parts in judge.network.layers.items()
        if any(not torch.equal(*pair) for pair in zip(parts, before.layers[name], strict=True))
    }
    assert changed == set(learning)


@pytest.mark.embedded
def test_a_painted_crowd_is_told_by_its_drawing_and_seed_and_its_codes_move(judge, monkeypatch):
    def seeded(seed):
        return torch.Generator().manual_seed(seed)

    ink = torch.zeros(6, 4, 96, 96, dtype=torch.uint8)
    blank, ink[:, 3] = ink.clone(), 255
    empty, full, again, other = (
        painted_crowds(drawings, seeded(seed), held_out=True)
        for drawings, seed in ((blank, 3), (ink, 3), (ink, 3), (ink, 4))
    )
    assert full.shape == (6, 3, SIDE_PX, SIDE_PX)
    assert float(full.min()) >= 0
    assert float(full.max()) <= 1
    assert torch.equal(full, again)
    assert not torch.equal(full, other)
    covered = ((full - empty).abs().amax(1) > 0.15).float().mean((1, 2))
    assert float(covered.median()) > 0.2, "they are full of it"
    assert float(covered.max()) < 1, "and around it the ground"
    monkeypatch.setattr(stranger, "MOVED", 0.0)
    still = painted_crowds(ink, seeded(3), held_out=True)
    assert ((full - still).abs().amax(1) > 0.15).any(), "its codes were moved"


def test_features_do_not_depend_on_the_batch(weights):
    pictures = torch.rand(3, 3, SIDE_PX, SIDE_PX, generator=torch.Generator().manual_seed(2))
    together = Network(weights)(pictures)
    assert together.shape == (3, 1280)
    assert torch.allclose(together[1:2], Network(weights)(pictures[1:2]), atol=1e-3)


def test_squares_go_from_one_end_of_a_part_to_the_other():
    ramp = torch.linspace(0, 1, 400).expand(1, 3, 100, 400)
    for begin, end in ((0, 1), (0, 0.5), (0.5, 1)):
        means = squares(ramp, begin, end).mean((1, 2, 3))
        assert float(means[0]) == pytest.approx(begin + 0.125, abs=0.01)
        assert float(means[-1]) == pytest.approx(end - 0.125, abs=0.01)


def test_rates_count_the_first_and_the_first_five():
    assert rates([0, 4, 5, 900]) == (0.5, 0.25)


def test_families_are_kept_apart():
    drawings = Drawings(torch.zeros(3, 4, 1, 1), ["a", "b", "c"], ["x", "y", "x"])
    assert drawings.of("x").names == ["a", "c"]
    assert drawings.of("x", others=True).names == ["b"]


def test_the_sheet_has_a_number_for_each_picture_and_no_name():
    drawn = sheet([torch.rand(1, 3, 24, 48) for _ in range(9)])
    assert drawn.width > 8 * 192
    assert drawn.height > 2 * 96
