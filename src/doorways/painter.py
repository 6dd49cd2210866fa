"""The painter: a latent is moved, step by step, until the pieces of its picture match the prompts.

VQGAN+CLIP (Crowson et al. 2022), with the prompts placed along the canvas and paired pieces held alike across a
symmetry ("Doorways", Moulton 2021). `take_step` is the method; the rest prepares it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from doorways.canvas import Canvas
from doorways.cutouts import Cutouts, build_pyramid
from doorways.devices import choose_device
from doorways.errors import DoorwaysError
from doorways.events import Event, Finished, Grew, Started, Stepped
from doorways.eye import Eye
from doorways.generators import load_generator
from doorways.growth import Growth
from doorways.machine import describe_machine, out_of_memory
from doorways.objectives import Objective, Sight, pair_weights
from doorways.painting import Painting
from doorways.perceptors import load_perceptor
from doorways.perceptors.tower import TowerPerceptor
from doorways.pictures import to_image
from doorways.prompts import parse_prompts
from doorways.recipe import Recipe
from doorways.registry import objectives
from doorways.schedule import Schedule
from doorways.size import Size
from doorways.start import Start
from doorways.symmetry import parse_symmetry


class Painter:
    """Paints one recipe; iterating takes its steps and yields events.

    The engine prints, saves and draws nothing. It may be left and gone on with at any step, also by
    another process: `Painter.resume(*painter.state())` takes the same steps, bit for bit on a CPU.

    Args:
        recipe: what to paint.

    Raises:
        InputError: a setting that does not fit the models, a missing file, a model that is not there.
    """

    def __init__(self, recipe: Recipe) -> None:
        if recipe.threads is not None:
            torch.set_num_threads(recipe.threads)
        self.place = choose_device(recipe.device, recipe.precision)
        device, dtype = self.place.device, self.place.dtype
        self.generator = load_generator(recipe.generator, device=device, dtype=dtype)
        self.learning_rate = recipe.learning_rate or self.generator.learning_rate
        self.growth = Growth.plan(recipe, self.generator.factor)
        self.recipe = recipe.override(
            start_size=self.growth.sizes[0],
            learning_rate=self.learning_rate,
            threads=torch.get_num_threads(),
            precision=self.place.precision,
        )
        self.prompts = parse_prompts(recipe.prompts, style=recipe.style)
        weights = recipe.weighted_perceptors
        total = sum(weight for _, weight in weights)
        self.eyes = [
            Eye.open(load_perceptor(spec, device=device, dtype=dtype), weight / total, self.prompts, device)
            for spec, weight in weights
        ]
        self.symmetry = parse_symmetry(recipe.symmetry)
        self.objectives = choose_objectives(recipe)
        self.start = Start.read(recipe)
        self.rng = torch.Generator().manual_seed(recipe.seed)
        self.step = 0
        self.canvas = self.stretch(self.growth.sizes[0])
        with torch.no_grad():
            self.latent = self.start.latent(self.generator, self.size, self.rng, device)
        self.average = self.latent.clone()
        self.optimiser = self.new_optimiser()

    @property
    def size(self) -> Size:
        """The canvas as it is now, in pixels."""
        return self.canvas.size

    def __iter__(self) -> Iterator[Event]:
        yield Started(self.recipe, self.notes())
        while self.step < self.recipe.steps:
            began = time.perf_counter()
            if self.size != self.growth.size_at(self.step):
                self.grow(self.growth.size_at(self.step))
                yield Grew(self.step, self.size)
            with out_of_memory(self.recipe):
                loss, parts = self.take_step()
            yield Stepped(self.step, self.recipe.steps, loss, parts, self.size, time.perf_counter() - began)
        yield Finished(self.step)

    def take_step(self) -> tuple[float, dict[str, float]]:
        """Latent -> picture -> cutouts -> embeddings -> objectives -> latent, once; the loss and its parts."""
        progress = self.step / max(1, self.recipe.steps - 1)
        cutouts = self.draw_cutouts(progress)
        self.latent.requires_grad_(True)
        picture = self.canvas.masked(self.generator.decode(self.latent))
        values = self.evaluate(picture, cutouts)
        weights = {name: schedule.at(progress) for name, (_, schedule) in self.objectives.items()}
        loss = sum((weights[name] * value for name, value in values.items()), picture.new_zeros(()))
        loss = loss + self.recipe.hold.at(progress) * self.canvas.drift(self.latent)
        (gradient,) = torch.autograd.grad(loss, self.latent)
        self.latent.requires_grad_(False)
        self.must_be_finite(loss, gradient)
        self.latent.grad = gradient
        self.optimiser.step()
        self.generator.clamp_(self.latent)
        self.step += 1
        self.average.lerp_(self.latent, max(1 - self.recipe.averaging, 1 / (self.step + 1)))
        return float(loss.detach()), {name: float(value.detach()) for name, value in values.items()}

    def evaluate(self, picture: Tensor, cutouts: Cutouts) -> dict[str, Tensor]:
        """Each objective's value, unweighted: of the picture once, of embeddings as the eyes' weighted mean."""
        centres = cutouts.centre
        shares = self.canvas.field.shares(centres, cutouts.overview).to(picture)
        loss_weights = self.canvas.field.loss_weights(centres, cutouts.overview).to(picture)
        firsts = cutouts.pairs[:, 0]
        distance = self.symmetry.fixed_distance(centres[firsts], self.size.aspect)
        paired = pair_weights(distance, cutouts.size[firsts]).to(picture)
        pyramid, values = build_pyramid(picture), dict.fromkeys(self.objectives, picture.new_zeros(()))
        for rank, eye in enumerate(self.eyes):
            embeddings = eye.see(pyramid, cutouts)
            mean = None
            if self.recipe.remove_mean:
                eye.learn_mean(embeddings, shares)
                mean = eye.residual_mean
            sight = Sight(
                picture,
                self.symmetry,
                embeddings,
                eye.prompts,
                shares,
                loss_weights,
                cutouts.pairs,
                paired,
                mean,
            )
            for name, (objective, _) in self.objectives.items():
                if objective.needs == "embeddings":
                    values[name] = values[name] + eye.weight * objective.evaluate(sight)
                elif rank == 0:
                    values[name] = objective.evaluate(sight)
        return values

    def draw_cutouts(self, progress: float) -> Cutouts:
        """The cutouts of a step: in pairs where an objective compares places."""
        paired = any(
            name != "prompt_match" and objective.needs == "embeddings"
            for name, (objective, _) in self.objectives.items()
        )
        matrix = self.symmetry.matrix(self.size.aspect) if paired else None
        return self.canvas.sampler.draw(
            self.rng, progress=progress, symmetry_matrix=matrix, wraps=self.symmetry.wraps
        )

    def stretch(self, size: Size) -> Canvas:
        return Canvas.stretch(size, self.recipe, self.prompts, self.start, self.generator, self.place.device)

    def grow(self, size: Size) -> None:
        """Resamples the latent, its average and Adam's moments for a canvas of `size`."""
        moments = self.optimiser.state_dict()["state"]
        self.canvas = self.stretch(size)
        self.latent = self.generator.resize(self.latent, *size)
        self.average = self.generator.resize(self.average, *size)
        self.optimiser = self.new_optimiser()
        for name in ("exp_avg", "exp_avg_sq"):
            if moments:
                moments[0][name] = self.generator.resize(moments[0][name], *size)
        self.load_moments(moments)

    def new_optimiser(self) -> torch.optim.Adam:
        return torch.optim.Adam([self.latent], lr=self.learning_rate, betas=(0.9, 0.99))

    def load_moments(self, moments: Mapping[int, Mapping[str, Tensor]]) -> None:
        self.optimiser.load_state_dict(self.optimiser.state_dict() | {"state": moments})

    def must_be_finite(self, loss: Tensor, gradient: Tensor) -> None:
        if not (loss.isfinite() and gradient.isfinite().all()):
            raise DoorwaysError(
                f"at step {self.step + 1} the loss or its gradient was not finite (loss {float(loss.detach())}); the picture of step "
                f"{self.step} is kept: try a lower learning_rate than {self.learning_rate:g}, or precision fp32"
            )

    @torch.no_grad()
    def picture(self) -> Tensor:
        """The picture so far, [1, 3, H, W] in [0, 1]: that of the latent's average."""
        return self.canvas.masked(self.generator.decode(self.average))

    def painting(self, events: tuple[Event, ...] = ()) -> Painting:
        """What has been painted so far."""
        return Painting(to_image(self.picture()), self.recipe, self.average.detach().cpu().clone(), events)

    def notes(self) -> tuple[str, ...]:
        """What the artist should know before the first step."""
        notes = (
            [self.place.note]
            if self.step == 0
            else [f"going on after step {self.step} of {self.recipe.steps}"]
        )
        for spec, eye in zip(self.recipe.perceptor, self.eyes, strict=True):
            if isinstance(eye.perceptor, TowerPerceptor):
                fallbacks = eye.perceptor.fallbacks(" ".join(prompt.text for prompt in self.prompts))
                notes += [
                    f"{spec} does not know the word {word!r} and reads {known!r}"
                    for word, known in fallbacks.items()
                ]
        return tuple(dict.fromkeys(notes))

    def machine(self) -> dict[str, Any]:
        """What made the picture, as JSON values: versions, device, precision, threads, fingerprints of the weights."""
        models = {self.recipe.generator: self.generator.fingerprint}
        models |= {
            spec: eye.perceptor.fingerprint
            for (spec, _), eye in zip(self.recipe.weighted_perceptors, self.eyes, strict=True)
        }
        return describe_machine(self.place) | {"weights": models}

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that the next step depends on: tensors and JSON values, for `resume`."""
        tensors = {"latent": self.latent, "average": self.average, "rng": self.rng.get_state()}
        for moments in self.optimiser.state_dict()["state"].values():
            tensors |= {f"adam.{name}": tensor for name, tensor in moments.items()}
        tensors |= {f"eye.{i}.residual_mean": eye.residual_mean for i, eye in enumerate(self.eyes)}
        meta = {"recipe": self.recipe.settings(), "step": self.step, "seen": [eye.seen for eye in self.eyes]}
        return tensors, meta | {"size": str(self.size), "machine": self.machine()}

    @classmethod
    def resume(cls, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> Painter:
        """The painter that `state` was taken of, ready for the step after; InputError if the weights are others now."""
        painter = cls(Recipe.build(**meta["recipe"]))
        painter.must_be_the_same_weights(meta["machine"]["weights"])
        device = painter.place.device
        painter.step = meta["step"]
        painter.canvas = painter.stretch(Size.parse(meta["size"]))
        painter.latent, painter.average = tensors["latent"].to(device), tensors["average"].to(device)
        painter.rng.set_state(tensors["rng"])
        painter.optimiser = painter.new_optimiser()
        moments = {name.removeprefix("adam."): t for name, t in tensors.items() if name.startswith("adam.")}
        painter.load_moments({0: moments} if moments else {})
        for i, eye in enumerate(painter.eyes):
            eye.residual_mean, eye.seen = tensors[f"eye.{i}.residual_mean"].to(device), meta["seen"][i]
        return painter

    def must_be_the_same_weights(self, weights: Mapping[str, str]) -> None:
        now = self.machine()["weights"]
        for spec, was in weights.items():
            if now.get(spec) != was:
                raise DoorwaysError(
                    f"{spec} has other weights ({now.get(spec)}) than when the painting was begun ({was}), so it cannot be gone "
                    "on with; bring back those weights, or paint it anew with --recipe"
                )


def choose_objectives(recipe: Recipe) -> dict[str, tuple[Objective, Schedule]]:
    """The objectives that a recipe gives any weight, with their schedules; the prompt match comes first."""
    weights = {
        "prompt_match": recipe.match,
        "semantic_symmetry": recipe.semantic_symmetry,
        "tone_symmetry": recipe.tone_symmetry,
        "edge_symmetry": recipe.edge_symmetry,
        "smoothness": recipe.smoothness,
    } | recipe.objectives
    return {name: (objectives.get(name), weight) for name, weight in weights.items() if not weight.is_zero}


def paint(prompts: str, *, on_event: Callable[[Event], None] | None = None, **recipe: Any) -> Painting:
    """Paints a panorama.

    Args:
        prompts: worlds from left to right, parted by `|`: "fall garden | spring garden".
        on_event: called with each event of the run (`doorways.events`).
        recipe: any other field of `doorways.Recipe`, such as `seed=3, size="512x256", steps=200`.

    Returns: the painting; nothing is written to disk.

    Raises:
        InputError: something given cannot be used; it says what, why, and what to do.
    """
    painter, events = Painter(Recipe.build(prompts=prompts, **recipe)), []
    for event in painter:
        events.append(event)
        if on_event is not None:
            on_event(event)
    return painter.painting(tuple(events))
