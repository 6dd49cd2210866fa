"""What trainings share: how they stop, go on and are done; the average of their weights; clock and precision."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from doorways.atomic import whole
from doorways.devices import cpu_has_bf16
from doorways.errors import InputError
from doorways.swap import whole_folder
from training.fetch import WORK

BF16 = cpu_has_bf16()
"""Whether networks compute in half precision while they are trained; faster where the processor can."""


TOLD, KEPT = 50, 200
"""After how many steps a training says how it goes, and after how many it is kept."""


class Resumable(Protocol):
    """A training, whose state is all that its next step depends on but for its settings and data, which stay."""

    step: int

    @property
    def settings(self) -> dict[str, Any]:
        """What was asked of it: how many `steps`, and whatever else has a say in them, as plain values.

        What is there at its beginning alone (which model it began with) may be missing when it goes on.
        """
        ...

    def advance(self) -> str:
        """One step; says how it went."""
        ...

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on where `state` was taken."""
        ...

    def export(self, out: Path) -> None:
        """Writes the model into the folder `out`."""
        ...


def kept_of(name: str) -> Path:
    """The file that the training `name` goes on from."""
    return WORK / f"{name}.pt"


def go_on(training: Resumable, name: str, out: Path, minutes: float) -> bool:
    """Trains from where it was kept until all its steps are done or the minutes are over.

    The folder `out` is renewed every `KEPT` steps, and what is kept after it: whoever is killed in between does these
    steps again. Where all is done and `out` is missing, it is written once more.

    Returns: whether all steps are done.

    Raises:
        InputError: where what is kept was begun with other settings.
    """
    kept, settings = kept_of(name), training.settings
    steps = settings["steps"]
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        check_settings(kept, state["settings"], settings)
        settings = state["settings"] | settings
        training.restore(state)
        print(f"{name}: {training.step} of {steps} steps are done; to begin anew, remove {kept}", flush=True)
    clock = Clock(minutes, training.step)
    while training.step < steps:
        said = training.advance()
        if training.step % TOLD == 0:
            print(f"{name}: {said}, {clock.speed(training.step):.2f} steps/s", flush=True)
        stop = clock.over() and training.step < steps
        if training.step % KEPT == 0 or training.step == steps or stop:
            write(training, out)
            with whole(kept) as part:
                torch.save(training.state() | {"settings": settings}, part)
        if stop:
            print(f"{name}: {minutes:g} minutes are over at step {training.step} of {steps}; run again")
            return False
    if not out.exists():
        write(training, out)
    return True


def write(training: Resumable, out: Path) -> None:
    """The model as it is now, in place of what is in the folder `out`."""
    with whole_folder(out) as fresh:
        training.export(fresh)


def check_settings(kept: Path, begun: dict[str, Any], asked: dict[str, Any]) -> None:
    """InputError where a training was `begun` with other settings than are `asked` for now."""
    for key in asked:
        if begun.get(key) != asked[key]:
            raise InputError(
                f"{kept} was begun with {key} {begun.get(key)}, and {key} is {asked[key]} now; "
                "ask for the same, or remove it to begin anew"
            )


def check_done(name: str, settings: dict[str, Any]) -> None:
    """InputError where the training `name` has not done all steps of these settings."""
    kept, done = kept_of(name), 0
    if kept.exists():
        state = torch.load(kept, weights_only=True, mmap=True)
        check_settings(kept, state["settings"], settings)
        done = state["step"]
    if done < settings["steps"]:
        raise InputError(
            f"{done} of the {settings['steps']} steps of {name} are done; make train-{name} first"
        )


def take(module: nn.Module, weights: dict[str, Tensor], folder: Path) -> None:
    """Puts the `weights` of the model in `folder` into `module`; InputError where they are of another shape."""
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise InputError(
            f"{folder} holds a model of another shape than is trained; begin with one of the same shape"
        ) from error


def copy_of(module: nn.Module) -> dict[str, Tensor]:
    """The weights of `module` as they are now."""
    return {key: value.detach().clone() for key, value in module.state_dict().items()}


@torch.no_grad()
def follow(average: dict[str, Tensor], module: nn.Module, step: int) -> None:
    """Moves the running average of the weights on, over about 500 steps and over fewer at the beginning."""
    decay = min(0.998, step / (step + 50))
    for key, value in module.state_dict().items():
        average[key].lerp_(value, 1 - decay)


class Clock:
    """Says when the minutes that a piece of training may take are over, and how fast it goes from `step` on."""

    def __init__(self, minutes: float, step: int) -> None:
        self.minutes, self.step = minutes, step
        self.started = self.lap = time.time()

    def over(self) -> bool:
        """Whether the minutes are over."""
        return time.time() - self.started > 60 * self.minutes

    def speed(self, step: int) -> float:
        """Steps a second up to `step` since this was last asked."""
        now = time.time()
        speed = (step - self.step) / (now - self.lap)
        self.step, self.lap = step, now
        return speed
