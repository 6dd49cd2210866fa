"""Stage 2: a robust perceptor, trained under attack against the words' vectors.

Each step draws scenes, perturbs them by projected gradient within an L2 ball (Madry et al. 2018), and asks the tower
for their names among all names, and for their captions among the captions of the batch (Radford et al. 2021).
The ball's radius is given for 32 px as 0.8 (0.0144 root-mean-square per value) and scales with the input's side.
Resumable: `work/NAME.pt` holds all that the next step depends on.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from doorways.perceptors.tower import PictureTower, TextTower, TowerConfig, save
from training import minilm, words
from training.fetch import WORK
from training.scenes import Batch, Scenes

RADIUS_PER_VALUE = 0.0144


@dataclass(frozen=True)
class Plan:
    """One training: shape, length, attack. Fractions are of the run; a batch is 256 scenes."""

    name: str
    config: TowerConfig
    steps: int
    seed: int
    radius: float = 1.0  # times RADIUS_PER_VALUE
    ramp: tuple[float, float] = (0.08, 0.35)
    attack_steps: int = 1
    sides: tuple[tuple[float, int], ...] = ((0.0, 24), (0.3, 32))  # from which fraction on, which input side
    learning_rate: float = 2.5e-3
    batch: int = 256
    extra: dict = field(default_factory=dict)

    def side_px(self, progress: float) -> int:
        return [side for start, side in self.sides if progress >= start][-1]

    def radius_at(self, progress: float, side_px: int) -> float:
        start, end = self.ramp
        share = min(1.0, max(0.0, (progress - start) / (end - start)))
        return self.radius * share * RADIUS_PER_VALUE * (3 * side_px**2) ** 0.5


PLANS = {
    "perceptor": Plan(
        "perceptor", TowerConfig(), 2600, seed=1, radius=1.1, sides=((0.0, 24), (0.35, 32), (0.92, 48))
    ),
    "judge": Plan(
        "judge",
        TowerConfig(
            channels=(32, 64, 128, 192), blocks=(1, 1, 2, 1), activation="gelu", dimension=192, size_px=48
        ),
        1500,
        seed=2,
        radius=0.4,
        sides=((0.0, 32), (0.5, 48)),
    ),
}


class Student(nn.Module):
    """The two towers and the sharpness of their softmax."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.pictures, self.texts = PictureTower(config), TextTower(config)
        self.sharpness = nn.Parameter(torch.tensor(2.7))

    def loss(self, pictures: Tensor, names: Tensor, wanted: Tensor, captions: Tensor, same: Tensor) -> Tensor:
        """Cross-entropy to the wanted names [n, l], plus that of pictures and captions [n, d] within the batch."""
        seen, scale = F.normalize(self.pictures(pictures), dim=-1), self.sharpness.exp().clamp(max=60)
        naming = -(wanted * (scale * seen @ names.T).log_softmax(-1)).sum(-1).mean()
        logits = scale * seen @ captions.T
        matching = (
            -(same * logits.log_softmax(-1)).sum(-1).mean() - (same * logits.log_softmax(0)).sum(0).mean()
        )
        return naming + 0.25 * matching


def wanted_names(batch: Batch, similar: Tensor, count: int) -> Tensor:
    """Shares of the names [n, l]; a tenth of each goes to names that mean about the same."""
    wanted = torch.zeros(len(batch.labels), count)
    wanted.scatter_add_(1, batch.labels.clamp_min(0), batch.shares * (batch.labels >= 0))
    return 0.9 * wanted + 0.1 * (wanted @ similar)


def similar_names(names: list[str]) -> Tensor:
    """Sparse [l, l]: for each name, the softmax over its nearest names in MiniLM's space."""
    vectors = minilm.embed(names)
    cosines, places = (vectors @ vectors.T).topk(8)
    rows = torch.arange(len(names))[:, None].expand_as(places)
    shares = (cosines / 0.05).softmax(-1)
    indices = torch.stack([rows.flatten(), places.flatten()])
    return torch.sparse_coo_tensor(
        indices, shares.flatten(), (len(names),) * 2, check_invariants=True
    ).coalesce()


def attack(
    student: Student, pictures: Tensor, radius: float, steps: int, rng: torch.Generator, *targets: Tensor
) -> Tensor:
    """Pictures moved within the ball to where the loss is larger; steps of radius * 1.25 / sqrt(steps)."""
    if radius <= 0:
        return pictures
    delta = torch.randn(pictures.shape, generator=rng)
    delta *= (torch.rand(len(pictures), 1, 1, 1, generator=rng) * radius) / norm(delta)
    for _ in range(steps):
        delta.requires_grad_(True)
        (gradient,) = torch.autograd.grad(student.loss(pictures + delta, *targets), delta)
        delta = delta.detach() + 1.25 * radius / steps**0.5 * gradient / norm(gradient)
        delta = delta * (radius / norm(delta)).clamp(max=1)
    return (pictures + delta).detach()


def norm(x: Tensor) -> Tensor:
    return x.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)


def train(plan: Plan, out: Path, minutes: float) -> None:
    torch.manual_seed(plan.seed)
    rng = torch.Generator().manual_seed(plan.seed)
    table, scenes = words.load(), Scenes()
    name_bags, similar = table.bag(scenes.names), similar_names(scenes.names)
    student = Student(plan.config)
    student.pictures.to(memory_format=torch.channels_last)
    average = {k: v.detach().clone() for k, v in student.state_dict().items()}
    decayed = [p for p in student.parameters() if p.ndim > 1]
    plain = [p for p in student.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}]
    )
    step, state_file, started, last_log = 0, WORK / f"{plan.name}.pt", time.time(), time.time()
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        student.load_state_dict(state["student"])
        optimiser.load_state_dict(state["optimiser"])
        average, step = state["average"], state["step"]
        rng.set_state(state["rng"])

    def keep() -> None:
        state = {"student": student.state_dict(), "optimiser": optimiser.state_dict(), "average": average}
        torch.save(state | {"step": step, "rng": rng.get_state()}, state_file.with_suffix(".tmp"))
        state_file.with_suffix(".tmp").rename(state_file)
        shown = Student(plan.config)
        shown.load_state_dict(average)
        save(out, plan.config, table, shown.pictures, shown.texts)

    while step < plan.steps:
        progress = step / plan.steps
        side_px = plan.side_px(progress)
        batch = scenes.draw(plan.batch, side_px, rng)
        wanted = wanted_names(batch, similar, len(scenes.names))
        same = torch.tensor([[float(a == b) for b in batch.captions] for a in batch.captions])
        same /= same.sum(1, keepdim=True)
        caption_bags = table.bag(batch.captions)
        targets = (
            F.normalize(student.texts(name_bags), dim=-1),
            wanted,
            F.normalize(student.texts(caption_bags), dim=-1),
            same,
        )
        radius = plan.radius_at(progress, side_px)
        for parameter in student.parameters():
            parameter.requires_grad_(False)
        hard = attack(student, batch.pictures, radius, plan.attack_steps, rng, *(t.detach() for t in targets))
        for parameter in student.parameters():
            parameter.requires_grad_(True)
        loss = student.loss(hard, *targets)
        for group in optimiser.param_groups:
            group["lr"] = plan.learning_rate * min(1.0, step / 200) * (1 - progress) ** 0.9
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        step += 1
        decay = min(0.998, step / (step + 50))
        for key, value in student.state_dict().items():
            average[key].lerp_(value, 1 - decay)
        if step % 50 == 0:
            print(f"{plan.name}: step {step}, loss {loss.item():.3f}, radius {radius:.2f} at {side_px} px, "
                  f"{50 / (time.time() - last_log):.2f} steps/s", flush=True)  # fmt: skip
            last_log = time.time()
        if step % 200 == 0 or step == plan.steps:
            keep()
        if time.time() - started > 60 * minutes:
            keep()
            print(
                f"{plan.name}: {minutes} minutes are over at step {step} of {plan.steps}; run again to go on"
            )
            return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", choices=PLANS)
    parser.add_argument(
        "--out", type=Path, default=None, help="folder of the trained perceptor (default: work/NAME)"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=120, help="stop after this long; run again to go on")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(PLANS[arguments.plan], arguments.out or WORK / f"{arguments.plan}_tower", arguments.minutes)
