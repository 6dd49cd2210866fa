"""The descent: a latent, Adam's memory of how it moved, and the average of it that is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

BETAS = (0.9, 0.99)
"""Adam's decay of its two moments (Kingma and Ba 2015); the second forgets sooner than usual, as cutouts change."""
MOMENTS = ("exp_avg", "exp_avg_sq")
"""Those two, as torch calls them."""


class Descent:
    """A latent on its way to a lower loss.

    Args:
        latent: where it begins; float32, in the generator's own shape.
        learning_rate: Adam's step size, > 0.
        averaging: share of the average that each step keeps, in [0, 1); 0 shows the latent itself.

    Attributes:
        average: exponential average of the latents so far, the plain mean while there are few.
        steps: taken so far.
    """

    def __init__(self, latent: Tensor, *, learning_rate: float, averaging: float) -> None:
        self.learning_rate, self.averaging, self.device = learning_rate, averaging, latent.device
        self.load({"latent": latent, "average": latent}, steps=0)

    def step(self, gradient: Tensor, clamp_: Callable[[Tensor], Tensor]) -> None:
        """Moves the latent against `gradient`, brings it back into its range, and takes it into the average."""
        self.latent.grad = gradient
        self._adam.step()
        self.latent.grad = None
        clamp_(self.latent)
        self.steps += 1
        self.average.lerp_(self.latent, max(1 - self.averaging, 1 / (self.steps + 1)))

    def resample(self, resize: Callable[[Tensor], Tensor]) -> None:
        """Goes on with another canvas: the latent, its average and Adam's moments are all put through `resize`."""
        tensors = self.tensors()
        self.load(
            {name: resize(tensor) if tensor.ndim else tensor for name, tensor in tensors.items()},
            steps=self.steps,
        )

    def tensors(self) -> dict[str, Tensor]:
        """All of its memory by name, not copied; `load` takes it back."""
        memory = self._adam.state.get(self.latent, {})
        moments = {f"adam.{name}": tensor for name, tensor in memory.items()}
        return {"latent": self.latent, "average": self.average, **moments}

    def load(self, tensors: Mapping[str, Tensor], *, steps: int) -> None:
        """Goes on from copies of what `tensors` gave after `steps` steps; names that are not its own are left aside.

        Raises:
            KeyError, ValueError: one is missing, or of another shape than it was.
        """
        moments = {name: tensors[f"adam.{name}"].clone() for name in ("step", *MOMENTS) if steps}
        latents = [tensors["latent"], tensors["average"], *(moments[name] for name in MOMENTS if steps)]
        if len({tensor.shape for tensor in latents}) > 1:
            raise ValueError("the latent, its average and Adam's moments of it differ in shape")
        if moments and moments["step"].ndim:
            raise ValueError("Adam's step is no single number")
        self.steps = steps
        self.latent, self.average = (
            tensors[name].detach().to(self.device, copy=True) for name in ("latent", "average")
        )
        self._adam = torch.optim.Adam([self.latent], lr=self.learning_rate, betas=BETAS)
        if moments:
            self._adam.load_state_dict(self._adam.state_dict() | {"state": {0: moments}})
