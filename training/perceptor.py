"""Stage 2: a robust perceptor, trained under attack against the words' vectors and a teacher of pictures.

It learns names from undisturbed scenes first, which is quick, and robustness after that (Jeddi et al. 2020, "A simple
fine-tuning is all you need"): then each step learns from its scenes twice, under noise within an L2 ball, and moved
within the ball to where that made the network wrong. The gradient that moves them is a by-product of the first pass
(Shafahi et al. 2019, "Adversarial training for free"). The tower names them among all names, their captions among
those of the batch (Radford et al. 2021), and sees their first drawing as the teacher sees it undisturbed (`teacher.py`).
In the end it learns besides that nothing is to be seen in phantoms (`phantoms.py`).
The ball's radius is given for 32 px as 0.8 (0.0144 root-mean-square per value) and scales with the input's side.
Resumable: `work/NAME.pt` holds all that the next step depends on.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from doorways.errors import InputError
from doorways.perceptors import tower
from doorways.perceptors.tower import PictureTower, TextTower, TowerConfig, save
from doorways.perceptors.words import Words
from training import minilm, teacher, words
from training.attack import moved, somewhere_within
from training.fetch import WORK
from training.phantoms import grounds, phantoms
from training.plans import PLANS, Plan
from training.resumable import BF16, check_done, copy_of, follow, go_on, kept_of, take
from training.scenes import Batch, Scenes

NOTHING = 0.25
"""Weight of seeing nothing in phantoms."""
SHOWN = {"bare": 0.1, "second": 0.2, "third": 0.3, "repeated": 0.15, "lit": 0.1, "paper": 0.15}
"""Shares of the scenes: `Scenes.draw`."""


class Targets(NamedTuple):
    """What the pictures of a batch are to be seen as.

    Args:
        names: unit vectors [l, d] of all names.
        wanted: share [n, l] of each name in each picture.
        captions: unit vectors [n, d] of the batch's captions.
        same: [n, n], rows sum to one: which captions of the batch are the same words.
        taught: [n, 384], how the teacher sees the first drawing of each, a unit vector; 0 where there is none.
    """

    names: Tensor
    wanted: Tensor
    captions: Tensor
    same: Tensor
    taught: Tensor


class Student(nn.Module):
    """The two towers, the sharpness of their softmax, and how the teacher would say what the first one sees."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.pictures, self.texts = PictureTower(config), TextTower(config)
        self.as_teacher = nn.Linear(config.dimension, teacher.WIDTH)
        self.sharpness = nn.Parameter(torch.tensor(3.4))

    def loss(self, pictures: Tensor, targets: Targets, teaching: float) -> Tensor:
        """Cross-entropy to the wanted names, a quarter of that of pictures and captions within the batch, and
        `teaching` times the mean of 1 - cos to what the teacher sees.
        """
        embedded = self.embed(pictures)
        seen, scale = F.normalize(embedded, dim=-1), self.scale()
        naming = -(targets.wanted * (scale * seen @ targets.names.T).log_softmax(-1)).sum(-1).mean()
        logits, same = scale * seen @ targets.captions.T, targets.same
        matching = (
            -(same * logits.log_softmax(-1)).sum(-1).mean() - (same * logits.log_softmax(0)).sum(0).mean()
        )
        there = targets.taught.square().sum(1)
        unlike = (there - (F.normalize(self.as_teacher(embedded), dim=-1) * targets.taught).sum(1)).mean()
        return naming + 0.25 * matching + teaching * unlike

    def embed(self, pictures: Tensor) -> Tensor:
        """Embeddings [n, d] of pictures, not normalised."""
        with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            embedded = self.pictures(pictures)
        return embedded.float()

    def scale(self) -> Tensor:
        """What cosines are multiplied by before the softmax."""
        return self.sharpness.exp().clamp(max=60)

    def seeing_nothing(self, pictures: Tensor, names: Tensor) -> Tensor:
        """Cross-entropy to all `names` [l, d] alike: log(l), the least, where none is seen more than another."""
        seen = F.normalize(self.embed(pictures), dim=-1)
        return -(self.scale() * seen @ names.T).log_softmax(-1).mean()


def wanted_names(batch: Batch, similar: Tensor, count: int) -> Tensor:
    """Shares of the names [n, l]; a tenth of each goes to names that mean about the same."""
    wanted = torch.zeros(len(batch.labels), count)
    wanted.scatter_add_(1, batch.labels.clamp_min(0), batch.shares * (batch.labels >= 0))
    return 0.9 * wanted + 0.1 * (wanted @ similar)


def similar_names(vectors: Tensor) -> Tensor:
    """Sparse [l, l] of unit vectors [l, k]: for each name, the softmax over its eight nearest names."""
    cosines, places = (vectors @ vectors.T).topk(min(8, len(vectors)))
    rows = torch.arange(len(vectors))[:, None].expand_as(places)
    shares = (cosines / 0.05).softmax(-1)
    indices = torch.stack([rows.flatten(), places.flatten()])
    return torch.sparse_coo_tensor(
        indices, shares.flatten(), (len(vectors),) * 2, check_invariants=True
    ).coalesce()


def same_captions(captions: list[str]) -> Tensor:
    """[n, n], rows sum to one: which captions are the same words."""
    same = torch.tensor([[float(a == b) for b in captions] for a in captions])
    return same / same.sum(1, keepdim=True)


class Training:
    """One run of a plan: all that its next step depends on."""

    def __init__(self, plan: Plan, scenes: Scenes, begin: Path | None = None) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan if begin is None else plan.going_on()
        self.step = 0
        self.rng = torch.Generator().manual_seed(plan.seed)
        self.table, self.scenes = words.load(), scenes
        self.similar = similar_names(minilm.embed(self.scenes.names))
        self.views = teacher.views()
        if len(self.views) != len(self.scenes.drawings):
            raise InputError(
                f"the teacher has seen {len(self.views)} drawings, and there are {len(self.scenes.drawings)}; "
                f"remove {WORK / 'teacher.npy'} and make train-data"
            )
        self.settings = self.plan.settings | {"shown": SHOWN, "data": self.scenes.digest}
        self.student = Student(plan.config)
        if begin is not None:
            before = tower.load(begin)
            self.settings["begin"] = before.fingerprint
            self.table = before.words
            take(self.student.pictures, before.picture_tower.state_dict(), begin)
            take(self.student.texts, before.text_tower.state_dict(), begin)
        self.name_bags = self.table.bag(self.scenes.names)
        self.student.pictures.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy_of(self.student)
        parameters = list(self.student.parameters())
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.05},
                {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
            ]
        )

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from."""
        return {
            "student": self.student.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average,
            "words": {
                "vocabulary": self.table.vocabulary,
                "vectors": self.table.vectors,
                "weights": self.table.weights,
            },
            "step": self.step,
            "ramp": self.plan.ramp,
            "rng": self.rng.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on where `state` was taken, with the words and the ramp that it was begun with."""
        self.plan = replace(self.plan, ramp=state["ramp"])
        self.table = Words(**state["words"])
        self.name_bags = self.table.bag(self.scenes.names)
        self.student.load_state_dict(state["student"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average, self.step = state["average"], state["step"]
        self.rng.set_state(state["rng"])

    def targets(self, batch: Batch) -> Targets:
        """What the pictures of `batch` are to be seen as, with the gradient to the text tower."""
        return Targets(
            F.normalize(self.student.texts(self.name_bags), dim=-1),
            wanted_names(batch, self.similar, len(self.scenes.names)),
            F.normalize(self.student.texts(self.table.bag(batch.captions)), dim=-1),
            same_captions(batch.captions),
            self.views[batch.drawn] * (batch.drawn >= 0)[:, None],
        )

    def learn(self, pictures: Tensor, batch: Batch, empty: Tensor | None = None) -> tuple[float, Tensor]:
        """One update from `pictures` of `batch`, and from `empty` ones to see nothing in.

        Returns: the loss of the former alone, and its gradient at them.
        """
        pictures.requires_grad_(True)
        targets = self.targets(batch)
        loss = whole = self.student.loss(pictures, targets, self.plan.teaching)
        if empty is not None:
            whole = loss + NOTHING * self.student.seeing_nothing(empty, targets.names)
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate_at(self.step)
        self.optimiser.zero_grad()
        whole.backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimiser.step()
        follow(self.average, self.student, 2 * self.step + 1)
        assert pictures.grad is not None
        return loss.item(), pictures.grad

    def advance(self) -> str:
        """One step; says how it went."""
        plan = self.plan
        side_px, radius = plan.side_px(self.step), plan.radius_at(self.step)
        batch = self.scenes.draw(plan.batch, side_px, self.rng, restyle=True, **SHOWN)
        noisy = somewhere_within(batch.pictures, radius, self.rng)
        loss, gradient = self.learn(noisy.clone(), batch)
        if radius > 0:
            attacked = batch.pictures + moved(noisy - batch.pictures, gradient, radius, 1)
            loss, _ = self.learn(attacked, batch, self.phantoms())
        self.step += 1
        return f"step {self.step}, loss {loss:.3f}, radius {radius:.2f} at {side_px} px"

    def phantoms(self) -> Tensor | None:
        """Those of a step, painted for the student as it is; None where the plan has none."""
        plan = self.plan
        if not plan.phantoms:
            return None
        with torch.no_grad():
            names = F.normalize(self.student.texts(self.name_bags), dim=-1)
        return phantoms(
            lambda pictures: F.normalize(self.student.embed(pictures), dim=-1),
            grounds(self.scenes, plan.phantoms, plan.side_px(self.step), self.rng),
            names,
            self.rng,
            share=plan.phantoms_at(self.step),
        )

    def export(self, out: Path) -> None:
        """Writes the averaged towers as a folder that `load_perceptor` reads."""
        shown = Student(self.plan.config)
        shown.load_state_dict(self.average)
        save(out, self.plan.config, self.table, shown.pictures, shown.texts)


def before(plan: Plan, data: str) -> Path | None:
    """The folder that `plan` begins with; None: with chance.

    Args:
        data: which scenes it learns from (`Scenes.digest`).

    Raises:
        InputError: where it is not done, or has learned from others.
    """
    if plan.after is None:
        return None
    check_done(plan.after, PLANS[plan.after].settings | {"data": data})
    return WORK / plan.after


def train(plan: Plan, out: Path, minutes: float, begin: Path | None = None) -> bool:
    """Trains until the plan is done or the minutes are over (`resumable.go_on`).

    It begins with what is kept of it; where there is nothing, with the folder `begin`, or else as the plan says.

    Raises:
        InputError: where it has begun with another `begin`, or other data; where the plan that it builds on is not done.
    """
    scenes = Scenes()
    if begin is None and not kept_of(plan.name).exists():
        begin = before(plan, scenes.digest)
    return go_on(Training(plan, scenes, begin), plan.name, out, minutes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", choices=PLANS)
    parser.add_argument("--out", type=Path, help="folder of the trained perceptor (default: work/NAME)")
    parser.add_argument(
        "--begin",
        type=Path,
        help="folder of a perceptor of this shape whose weights to begin with (default: the plan's)",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=120, help="stop after this long; run again to go on")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    plan = PLANS[arguments.plan]
    try:
        done = train(plan, arguments.out or WORK / plan.name, arguments.minutes, arguments.begin)
    except InputError as error:
        sys.exit(f"not trained: {error}")
    sys.exit(not done)


if __name__ == "__main__":
    main()
