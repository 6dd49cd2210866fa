"""The descent: a latent, Adam's memory of how it moved, and the average of it that is shown.

Where a step moves a few columns of a wide latent, Adam's moments and the average are those columns' own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy

import torch
from torch import Tensor

# As a function: to make one of torch's optimisers imports its compiler, which takes a second.
from torch.optim.adam import adam

BETAS = (0.9, 0.99)
"""Adam's decay of its two moments (Kingma and Ba 2015); the second forgets sooner than usual, as cutouts change."""
EPSILON = 1e-8
"""What Adam adds to the deviation that it divides by."""
MOMENTS = ("exp_avg", "exp_avg_sq")
"""Its moments, as torch calls them."""


class Descent:
    """A latent on its way to a lower loss.

    Args:
        latent: where it begins; float32, in the generator's own shape.
        learning_rate: Adam's step size, > 0; another may be set before any step.
        averaging: share of the average that each step keeps, in [0, 1); 0 shows the latent itself.

    Attributes:
        average: exponential average of the latents so far, the plain mean while there are few.
        steps: taken so far.
        visits: int64 [n], how many of them have moved each column, once a step has moved some columns alone.
    """

    visits: Tensor | None
    _adam: dict[str, Tensor]

    def __init__(self, latent: Tensor, *, learning_rate: float, averaging: float) -> None:
        self.learning_rate, self.averaging, self.device = learning_rate, averaging, latent.device
        self.load({"latent": latent, "average": latent}, steps=0)

    def step(
        self, gradient: Tensor, clamp_: Callable[[Tensor], Tensor], columns: Tensor | None = None
    ) -> None:
        """Moves the latent against `gradient`, brings it back into its range, and takes it into the average.

        Args:
            gradient: of the latent; with `columns`, of these alone.
            columns: int64, places along the last axis, each but once. All else stays as it is, the moments and the
                average too, and columns are counted each by its own steps.
        """
        if columns is not None:
            self._step_columns(gradient, clamp_, columns)
            return
        memory = self._memory()
        adam(
            [self.latent],
            [gradient],
            [memory["exp_avg"]],
            [memory["exp_avg_sq"]],
            [],
            [memory["step"]],
            lr=self.learning_rate,
            beta1=BETAS[0],
            beta2=BETAS[1],
            eps=EPSILON,
            weight_decay=0,
            amsgrad=False,
            maximize=False,
        )
        clamp_(self.latent)
        self.steps += 1
        self.average.lerp_(self.latent, max(1 - self.averaging, 1 / (self.steps + 1)))

    def _step_columns(self, gradient: Tensor, clamp_: Callable[[Tensor], Tensor], columns: Tensor) -> None:
        """Adam's step of some columns (Kingma and Ba 2015, algorithm 1, with t the column's own)."""
        memory = self._memory()
        if self.visits is None:
            self.visits = torch.full((self.latent.shape[-1],), int(memory["step"]), device=self.device)
        self.steps += 1
        memory["step"].fill_(self.steps)
        self.visits[columns] += 1
        visited = self.visits[columns].to(gradient.dtype)
        latent, average, mean, square = (
            tensor.index_select(-1, columns)
            for tensor in (self.latent, self.average, memory["exp_avg"], memory["exp_avg_sq"])
        )
        mean.lerp_(gradient, 1 - BETAS[0])
        square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        size = (square / (1 - BETAS[1] ** visited)).sqrt_().add_(EPSILON)
        latent -= self.learning_rate * (mean / (1 - BETAS[0] ** visited)) / size
        clamp_(latent)
        average.lerp_(latent, (1 / (visited + 1)).clamp(min=1 - self.averaging).expand_as(average))
        for tensor, part in (
            (self.latent, latent),
            (self.average, average),
            (memory["exp_avg"], mean),
            (memory["exp_avg_sq"], square),
        ):
            tensor.index_copy_(-1, columns, part)

    def _memory(self) -> dict[str, Tensor]:
        """Adam's moments, and how many steps they have seen; nothing yet before the first."""
        if not self._adam:
            self._adam = {"step": torch.zeros(())} | {name: torch.zeros_like(self.latent) for name in MOMENTS}
        return self._adam

    def grow(self, latent: Tensor, resize: Callable[[Tensor], Tensor]) -> None:
        """Goes on from `latent` on another canvas, with an average that begins there; `resize` carries Adam's moments over."""
        moments = {
            f"adam.{name}": resize(tensor) if tensor.ndim else tensor for name, tensor in self._adam.items()
        }
        visits = {}
        if self.visits is not None:  # as a latent in which every row is the same
            rows = self.visits.to(self.latent.dtype).expand_as(self.latent)
            visits = {"visits": resize(rows)[0, 0, 0].round().long()}
        self.load({"latent": latent, "average": latent, **moments, **visits}, steps=self.steps)

    def begin_anew(self, fresh: Tensor, share: float) -> None:
        """Goes on with a share of `fresh` in the latent, and with an average that begins there.

        What was enlarged is smooth, and has no detail that steps could bring out.

        Args:
            fresh: a latent of the same shape.
            share: in [0, 1]; 0 leaves the latent as it is, 1 is `fresh` alone.
        """
        self.latent.lerp_(fresh, share)
        self.average.copy_(self.latent)

    def copy(self) -> Descent:
        """Another one that goes on from here by itself."""
        other = copy(self)
        other.load(self.tensors(), steps=self.steps)
        return other

    def tensors(self) -> dict[str, Tensor]:
        """All of its memory by name, not copied; `load` takes it back."""
        moments = {f"adam.{name}": tensor for name, tensor in self._adam.items()}
        visits = {} if self.visits is None else {"visits": self.visits}
        return {"latent": self.latent, "average": self.average, **moments, **visits}

    def load(self, tensors: Mapping[str, Tensor], *, steps: int) -> None:
        """Goes on from copies of what `tensors` gave after `steps` steps; names that are not its own are left aside.

        Raises:
            KeyError, ValueError: one is missing, or of another shape than it was.
        """
        moments = {name: tensors[f"adam.{name}"] for name in ("step", *MOMENTS) if steps}
        latents = [tensors["latent"], tensors["average"], *(moments[name] for name in MOMENTS if steps)]
        if len({tensor.shape for tensor in latents}) > 1:
            raise ValueError("the latent, its average and Adam's moments of it differ in shape")
        if moments and moments["step"].ndim:
            raise ValueError("Adam's step is no single number")
        self.steps = steps
        self.latent, self.average = (
            tensors[name].detach().to(self.device, copy=True, memory_format=torch.contiguous_format)
            for name in ("latent", "average")
        )
        visits = tensors.get("visits")
        if visits is not None and visits.shape != self.latent.shape[-1:]:
            raise ValueError("the visits are not one number for each column")
        self.visits = None if visits is None else visits.to(self.device, copy=True)
        self._adam = {
            name: tensor.clone() if name == "step" else tensor.to(self.latent, copy=True)
            for name, tensor in moments.items()
        }
