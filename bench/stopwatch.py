"""Where the time of a step goes, its backward pass included, without a timer in the engine.

The clock is put around the seams between the engine's parts. On the way back, hooks on the tensors that pass those
seams (picture, pieces, embeddings) tell when the gradient reaches them: from the embeddings to the pieces it is in
the perceptor, from the pieces to the picture in the cutouts, from the picture to the latent in the generator.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

import doorways.eye
import doorways.step
from doorways.painter import Painter

PARTS = (
    "decode",
    "cutouts",
    "embed",
    "backward: embed",
    "backward: cutouts",
    "backward: decode",
    "backward: objectives",
    "rest",
)
"""In this order in tables; `rest` is drawing cutouts, objectives and the optimiser."""
MODELS = ("decode", "embed", "backward: decode", "backward: embed")
"""The parts that are generator and perceptor."""


def timed(step: Callable[[], object]) -> tuple[float, float]:
    """Seconds of one step: on the clock, and of all processors together."""
    began = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - began[0], time.process_time() - began[1]


class Stopwatch:
    """Seconds by part; always in exactly one part, so that the parts sum to the whole."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.part = "rest"
        self.since = time.perf_counter()

    def enter(self, part: str) -> str:
        """From now on time is `part`'s; returns the part before."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = time.perf_counter()
        self.seconds[self.part] += now - self.since
        before, self.part, self.since = self.part, part, now
        return before

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` timed as `part`; the gradient of the tensor it gives enters `backward: part`."""

        def clocked(*args: Any, **kwargs: Any) -> Any:
            before = self.enter(part)
            try:
                result = function(*args, **kwargs)
            finally:
                self.enter(before)
            if isinstance(result, Tensor) and result.requires_grad:
                result.register_hook(lambda _: void(self.enter(f"backward: {part}")))
            return result

        return clocked


def void(_: object) -> None:
    """A hook must return None to leave the gradient as it is."""


@contextmanager
def watched(painter: Painter) -> Iterator[Stopwatch]:
    """A stopwatch on the steps that `painter` takes inside."""
    watch = Stopwatch()
    with ExitStack() as stack:

        def at(owner: Any, name: str, part: str) -> None:
            stack.enter_context(patch.object(owner, name, watch.around(part, getattr(owner, name))))

        at(painter.generator, "decode", "decode")
        at(doorways.step, "build_pyramid", "cutouts")
        at(doorways.eye, "cut", "cutouts")
        for eye in painter.eyes:
            at(eye.perceptor, "embed_pictures", "embed")
        at(torch.autograd, "grad", "backward: objectives")
        yield watch
        watch.enter("rest")
