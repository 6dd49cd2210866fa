"""What a perceptor is trained towards, and how its plan goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from doorways.errors import InputError
from doorways.perceptors.tower import TowerConfig
from doorways.perceptors.words import Words
from training import minilm, perceptor, resumable, teacher, words
from training.attack import radius_of
from training.perceptor import Student, Targets, same_captions, similar_names, wanted_names
from training.plans import PLANS, Plan
from training.scenes import Batch, Scenes
from training.ship import EMBEDDED

PLAN = Plan(
    "test", TowerConfig(), 1000, seed=0, radius=2.0, ramp=(200, 400), cooling=300, sides=((0, 24), (500, 48))
)
TINY = Plan(
    "tiny",
    TowerConfig(channels=(8, 16), blocks=(1, 1), words_width=4, dimension=8, size_px=16),
    3,
    seed=0,
    ramp=(0, 2),
    cooling=3,
    sides=((0, 16),),
    batch=4,
    phantoms=2,
)


@pytest.fixture
def lesson(monkeypatch, world):
    """What a training of `TINY` learns from, in place of what the first stage makes."""
    rng = torch.Generator().manual_seed(0)
    vocabulary = ("a", "castle", "tree", "star", "desert", "night")
    table = Words(vocabulary, torch.randn(len(vocabulary), 4, generator=rng), torch.ones(len(vocabulary)))
    views = F.normalize(torch.randn(3, teacher.WIDTH, generator=rng), dim=1)
    monkeypatch.setattr(perceptor, "Scenes", lambda: Scenes(folder=world))
    monkeypatch.setattr(words, "load", lambda: table)
    monkeypatch.setattr(teacher, "views", lambda: views)
    monkeypatch.setattr(minilm, "embed", lambda names: F.normalize(torch.eye(len(names), 8), dim=1))


@pytest.fixture
def trained(lesson, monkeypatch, tmp_path):
    """Trains `TINY` in a folder, piece by piece; gives the weights that it leaves there."""

    def train(folder, *minutes, begin=None):
        (tmp_path / folder).mkdir(exist_ok=True)
        monkeypatch.setattr(resumable, "WORK", tmp_path / folder)
        for some in minutes:
            perceptor.train(TINY, tmp_path / folder / "tower", some, begin)
        return (tmp_path / folder / "tower" / "weights.safetensors").read_bytes()

    return train


def test_a_training_that_stops_after_each_step_learns_what_one_that_goes_through_does(trained, capsys):
    assert trained("in pieces", *[0] * TINY.steps) == trained("through", 60)
    said = capsys.readouterr().out
    assert "0 minutes are over at step 1 of 3; run again" in said
    assert "0 minutes are over at step 2 of 3; run again" in said


@pytest.mark.parametrize("where", ["Training.export", "Training.state"])
def test_a_training_that_is_killed_while_it_is_kept_learns_the_same_when_it_runs_again(
    trained, where, monkeypatch
):
    trained("killed", 0, 0)
    with monkeypatch.context() as broken:
        broken.setattr(f"training.perceptor.{where}", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trained("killed", 0)
    assert trained("killed", 60) == trained("through", 60)


def test_a_training_that_was_begun_goes_on_as_such_whether_or_not_it_is_said_again(trained, tmp_path):
    trained("first", 60)
    begin = tmp_path / "first" / "tower"
    through = trained("said once more", 0, 0, 0, begin=begin)
    trained("said once", 0, begin=begin)
    assert trained("said once", 60) == through


def test_another_beginning_is_refused_once_it_has_begun_and_one_of_another_shape_at_once(trained, tmp_path):
    trained("first", 60)
    with pytest.raises(InputError, match="was begun with begin None, and begin is"):
        trained("first", 60, begin=tmp_path / "first" / "tower")
    with pytest.raises(InputError, match="holds a model of another shape"):
        trained("another", 60, begin=EMBEDDED / "perceptor")


def test_a_training_that_was_begun_on_other_drawings_is_refused(trained, world, monkeypatch, tmp_path):
    trained("first", 0)
    others = Scenes(folder=world)
    others.drawings[0, 0] += 1
    monkeypatch.setattr(perceptor, "Scenes", lambda: others)
    with pytest.raises(InputError, match="was begun with data"):
        trained("first", 0)


def test_each_step_learns_from_the_attacked_and_from_phantoms_too(lesson, monkeypatch):
    learned = []
    learn = perceptor.Training.learn

    def remember(training, pictures, batch, empty=None):
        shown = pictures.detach().clone()
        loss, gradient = learn(training, pictures, batch, empty)
        learned.append((shown, batch, gradient.clone(), empty))
        return loss, gradient

    monkeypatch.setattr(perceptor.Training, "learn", remember)
    training = perceptor.Training(TINY, perceptor.Scenes())
    for _ in range(2):
        training.advance()
    (clean, first, *_), (noisy, batch, gradient, _), (attacked, same, *_) = learned
    assert [empty is not None and len(empty) for *_, empty in learned] == [False, False, TINY.phantoms]
    assert torch.equal(clean, first.pictures), "the radius is 0 at first"
    assert same is batch
    for moved in (noisy, attacked):
        assert ((moved - batch.pictures).flatten(1).norm(dim=1) <= 1.0001 * TINY.radius_at(1)).all()
    assert (((attacked - noisy) * gradient).flatten(1).sum(1) > 0).all(), "up the loss"


def test_a_teacher_that_saw_other_drawings_is_refused(lesson, monkeypatch):
    monkeypatch.setattr(teacher, "views", lambda: torch.zeros(2, teacher.WIDTH))
    with pytest.raises(InputError, match="seen 2 drawings, and there are 3; remove"):
        perceptor.Training(TINY, perceptor.Scenes())


def test_the_radius_grows_over_the_ramp_and_then_with_the_side():
    assert [PLAN.radius_at(step) for step in (0, 200)] == [0, 0]
    assert PLAN.radius_at(300) == pytest.approx(radius_of(24))
    assert PLAN.radius_at(900) == pytest.approx(radius_of(48, 2.0))
    assert [PLAN.side_px(step) for step in (0, 499, 500, 999)] == [24, 24, 48, 48]


def test_what_goes_on_is_attacked_from_the_beginning():
    begun = PLAN.going_on()
    assert begun.radius_at(1) > 0
    assert begun.radius_at(200) == pytest.approx(radius_of(24, 2.0))
    assert begun.rate_at(500) == PLAN.rate_at(500)


@pytest.mark.parametrize("done", [None, 5999, 6000])
def test_a_plan_begins_with_the_one_before_it_once_that_is_done(done, monkeypatch, tmp_path):
    for module in (perceptor, resumable):
        monkeypatch.setattr(module, "WORK", tmp_path)
    first, second = PLANS["ordinary"], PLANS["perceptor"]
    if done is not None:
        torch.save({"step": done, "settings": first.settings | {"data": "these"}}, tmp_path / "ordinary.pt")
    assert perceptor.before(first, "these") is None
    if done == first.steps:
        assert perceptor.before(second, "these") == tmp_path / "ordinary"
        with pytest.raises(InputError, match="was begun with data these, and data is others now"):
            perceptor.before(second, "others")
    else:
        with pytest.raises(
            InputError, match=f"{done or 0} of the 6000 steps of ordinary are done; make train-ordinary first"
        ):
            perceptor.before(second, "these")


def test_what_another_was_begun_with_need_not_be_there_to_go_on(lesson, trained, monkeypatch, tmp_path):
    monkeypatch.setattr(perceptor, "WORK", tmp_path)
    trained("first", 1)
    second = replace(TINY, name="second", after="tiny")
    monkeypatch.setitem(PLANS, "tiny", TINY)
    assert not perceptor.train(second, tmp_path / "out", 0, tmp_path / "first" / "tower")
    (tmp_path / "first" / "tiny.pt").unlink()
    assert perceptor.train(second, tmp_path / "out", 1)


def test_the_learning_rate_warms_up_and_ends_at_nothing():
    rates = [PLAN.rate_at(step) for step in (0, 100, 200, 700, 850, 1000)]
    assert rates[0] == rates[-1] == 0
    assert rates[2] == rates[3] == PLAN.learning_rate
    assert rates[1] == rates[4] == PLAN.learning_rate / 2


def test_the_judge_shares_neither_shape_nor_seed_with_the_perceptor():
    perceptor, judge = PLANS["perceptor"], PLANS["judge"]
    assert perceptor.config.channels != judge.config.channels
    assert perceptor.config.activation != judge.config.activation
    assert perceptor.seed != judge.seed


def test_a_tenth_of_each_name_goes_to_names_of_about_the_same_meaning():
    vectors = F.normalize(torch.tensor([[1.0, 0.0], [0.95, 0.05], [0.0, 1.0]]), dim=-1)
    batch = Batch(torch.zeros(2, 3, 1, 1), torch.tensor([[0, 2, -1], [2, -1, -1]]),
                  torch.tensor([[0.75, 0.25, 0.0], [1.0, 0.0, 0.0]]), ["", ""], torch.tensor([0, 1]))  # fmt: skip
    wanted = wanted_names(batch, similar_names(vectors), 3)
    assert torch.allclose(wanted.sum(1), torch.ones(2))
    assert wanted[0, 0] > 0.9 * 0.75
    assert wanted[0, 1] > 0.02, "it lies beside the first"
    assert wanted[1, 2] > 0.99


def test_equal_captions_are_equally_right():
    same = same_captions(["a castle", "a tree", "a castle"])
    assert same.tolist() == [[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]]


def test_training_lowers_the_loss_of_a_batch():
    torch.manual_seed(0)
    config = TowerConfig(channels=(8, 16), blocks=(1, 1), words_width=4, dimension=8, size_px=16)
    student, bags = Student(config), F.normalize(torch.randn(5, 4), dim=-1)
    pictures, labels = torch.rand(5, 3, 16, 16), torch.eye(5)
    views = F.normalize(torch.randn(5, teacher.WIDTH), dim=-1)
    optimiser = torch.optim.AdamW(student.parameters(), 1e-2)
    losses = []
    for _ in range(25):
        names = F.normalize(student.texts(bags), dim=-1)
        loss = student.loss(pictures, Targets(names, labels, names, labels, views), 1.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_what_the_teacher_has_not_seen_is_not_asked_of_the_student():
    torch.manual_seed(0)
    student = Student(TowerConfig(channels=(8, 16), blocks=(1, 1), words_width=4, dimension=8, size_px=16))
    pictures, eye = torch.rand(4, 3, 16, 16), torch.eye(4, 8)
    unseen = Targets(eye, torch.eye(4), eye, torch.eye(4), torch.zeros(4, teacher.WIDTH))
    seen = unseen._replace(taught=F.normalize(torch.randn(4, teacher.WIDTH), dim=-1))
    assert student.loss(pictures, unseen, 4.0) == student.loss(pictures, unseen, 0.0)
    assert student.loss(pictures, seen, 4.0) > student.loss(pictures, seen, 0.0)


def test_a_student_learns_to_see_nothing():
    torch.manual_seed(0)
    student = Student(TowerConfig(channels=(8, 16), blocks=(1, 1), words_width=4, dimension=8, size_px=16))
    pictures, names = torch.rand(6, 3, 16, 16), F.normalize(torch.randn(5, 8), dim=-1)
    names[0] = F.normalize(student.embed(pictures).detach(), dim=-1).mean(0)
    least = torch.tensor(5.0).log()
    before = student.seeing_nothing(pictures, names)
    assert before > 1.2 * least
    optimiser = torch.optim.AdamW(student.parameters(), 1e-2)
    for _ in range(25):
        loss = student.seeing_nothing(pictures, names)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert least <= student.seeing_nothing(pictures, names) < least + 0.5 * (before - least)


def test_phantoms_go_further_from_step_to_step():
    assert [PLAN.phantoms_at(step) for step in (0, 40, 80, 500)] == pytest.approx([0.2, 0.6, 1, 1])
