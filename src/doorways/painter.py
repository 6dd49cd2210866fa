"""The painter: a latent is moved, step by step, until the pieces of its picture match the prompts.

VQGAN+CLIP (Crowson et al. 2022), with the prompts placed along the canvas and paired pieces held alike across a
symmetry ("Doorways", Moulton 2021). `events` is the loop, and a step of it is `step.py`; the rest prepares them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from doorways.aims import Aims
from doorways.canvas import Canvas
from doorways.checkpoint import must_be_whole, must_fit
from doorways.compiling import compile_models, pays
from doorways.descent import Descent
from doorways.ensemble import Ensemble
from doorways.errors import DoorwaysError, InputError, OutOfMemoryError
from doorways.events import Event, Finished, Grew, Squeezed, Started, Stepped
from doorways.eye import Eye
from doorways.gaze import Gaze
from doorways.growth import Growth
from doorways.ingredients import must_be_the_same, named_pictures
from doorways.machine import describe_machine, out_of_memory
from doorways.memory import Meter, plan, thriftier
from doorways.painting import Painting
from doorways.pictures import fit, to_image
from doorways.prompts import parse_prompts
from doorways.recipe import Recipe
from doorways.schedule import Schedule
from doorways.size import Size
from doorways.sketching import lay_out
from doorways.standing import Standing, Taken
from doorways.start import Start
from doorways.step import Found, Step, find, look, slopes
from doorways.strip_gaze import open_gaze
from doorways.symmetry import parse_symmetry
from doorways.transfer import Fetched, sent

SKETCHED = 0.3
"""Share of the generator's learning rate that moves what begins with a sketch: its outlines are to stay."""


class Painter:
    """Paints one recipe; iterating takes its steps and yields events.

    The engine prints, saves and draws nothing. It may be left and gone on with at any step, also by
    another process: `Painter.resume(*painter.state())` takes the same steps, bit for bit on a CPU.

    Args:
        recipe: what to paint. Where its steps would take more than its `memory`, or than what is free, they are taken in
            smaller parts (`doorways.memory`); `self.recipe` says how.
        ensemble: models that are loaded; the recipe is then painted as it is, whatever memory it takes.
        begun: whether a state will be put in place of the beginning, which is then not made (`resume`).

    Attributes:
        compiled: whether models were compiled for it.
        together: of how many paintings steps were taken in one pass with its own, at most; 1 if it was painted alone.
        sketchbook: the fingerprint of the drawings it began with, or "".
        standing: where it stands: after the last step that was told.
        ahead: how many steps are queued beyond the one that is waited for; 0 takes one after the other. One keeps a GPU busy
            while the step before is told.

    Raises:
        InputError: a setting that does not fit the models, a missing file, a model that is not there.
    """

    def __init__(self, recipe: Recipe, *, ensemble: Ensemble | None = None, begun: bool = False) -> None:
        self.prompts = parse_prompts(recipe.prompts, style=recipe.style)
        self.ensemble = ensemble or Ensemble.open(recipe, self.prompts)
        self.thrift = self.uncompiled = ""
        self.together = 1
        self._prepare(recipe, begun=begun)
        if ensemble is None:
            with out_of_memory(recipe):
                as_fits = recipe.override(micro_batch=self.recipe.micro_batch)
                chosen = plan(as_fits, self.place, self.generator, self.rehearse, self._can_be)
            self.thrift = chosen.note
            if chosen.changes:
                self._prepare(recipe.override(**chosen.changes))
            self.compile()

    def _prepare(self, recipe: Recipe, *, begun: bool = False) -> None:
        """Everything but the models."""
        if recipe.precision not in ("auto", self.ensemble.place.precision):
            self.ensemble = self.ensemble.computing_in(recipe.precision, self.prompts)
        self.place, self.generator = self.ensemble.place, self.ensemble.generator
        device = self.place.device
        self.start = Start.read(recipe, begun=begun)
        self.growth = Growth.plan(recipe, self.generator.factor)
        slower = SKETCHED if any(self.start.drawings) else 1
        self.rate = recipe.learning_rate or Schedule.parse(round(slower * self.generator.learning_rate, 6))
        self.recipe = recipe.override(
            memory=None,
            micro_batch=recipe.micro_batch or self.ensemble.micro_batch(recipe.cutouts),
            recompute=recipe.recompute,
            sketch=None if recipe.init_image or recipe.suggest else recipe.sketches,
            start_size=self.growth.sizes[0],
            learning_rate=self.rate,
            threads=torch.get_num_threads(),
            precision=self.place.precision,
        )
        self.ahead, self.compiled = int(device.type == "cuda"), False
        self.sketchbook = "" if self.start.sketchbook is None else self.start.sketchbook.fingerprint
        self.symmetry = parse_symmetry(recipe.symmetry)
        self.aims = Aims.read(recipe)
        self.pictures = named_pictures(recipe, self.prompts)
        self.canvases = {
            size: Canvas.stretch(size, recipe, self.prompts, self.start, self.generator, device)
            for size in self.growth.sizes
        }
        self.canvas = self.canvases[self.growth.sizes[0]]
        self.gazes = {
            size: open_gaze(canvas, self.generator, recipe, self.symmetry, paired=self.aims.compare_places)
            for size, canvas in self.canvases.items()
        }
        rng = torch.Generator().manual_seed(recipe.seed)
        first = self.generator.random_latent(*self.size, rng).to(device) if begun else self._first_latent(rng)
        descent = Descent(first, learning_rate=self.rate.at(0), averaging=recipe.averaging)
        self.standing = Standing(descent, self.gazes[self.size], self.ensemble.fresh_eyes(), rng)
        self._save_memory()
        if (chain := getattr(self.generator, "chain", None)) is not None:
            chain.compiled = None  # what another painter did with these models

    @torch.no_grad()
    def _first_latent(self, rng: torch.Generator) -> Tensor:
        """What the descent begins with."""
        gaze, book = self.gazes[self.size], self.start.sketchbook
        if self.canvas.held is not None:
            return self.canvas.held.clone()
        latent = self.start.latent(self.generator, self.size, rng, self.place.device, gaze.encode)
        if book is None:
            return latent
        with out_of_memory(self.recipe):
            sketch = lay_out(gaze.picture(latent), self.canvas.field, self.start.drawings, book, rng)
            return latent if sketch is None else gaze.encode(sketch)

    @property
    def descent(self) -> Descent:
        """The latent on its way."""
        return self.standing.descent

    @property
    def gaze(self) -> Gaze:
        """How the canvas is looked at."""
        return self.standing.gaze

    @property
    def eyes(self) -> tuple[Eye, ...]:
        """The perceptors, and what they look for."""
        return self.standing.eyes

    @property
    def rng(self) -> torch.Generator:
        """Where all chance comes from."""
        return self.standing.rng

    @property
    def size(self) -> Size:
        """The canvas as it is now, in pixels."""
        return self.canvas.size

    @property
    def step(self) -> int:
        """Steps taken so far."""
        return self.standing.step

    def __iter__(self) -> Iterator[Event]:
        return self.events(deque())

    def events(self, queued: deque[Taken]) -> Iterator[Event]:
        """What iterating gives; steps that somebody else has taken for it and `queued` are not taken anew."""
        yield Started(self.recipe, self.notes())
        arrived = 0.0
        while self.step < self.recipe.steps:
            if not queued and self.size != self.growth.size_at(self.step):
                self.grow(self.growth.size_at(self.step))
                yield Grew(self.step, self.size)
            while (last := self.last(queued)) is not None:
                if (taken := self.try_step(last, alone=not queued)) is None:
                    break
                queued.append(taken)
            if not queued:
                note = self.squeeze()
                yield Squeezed(self.step, note, self.recipe)
                continue
            taken = queued.popleft()
            loss, parts, now = self.accept(taken)
            seconds, arrived = now - max(taken.began, arrived), now
            yield Stepped(self.step, self.recipe.steps, loss, parts, self.size, seconds)
        yield Finished(self.step)

    def last(self, queued: Sequence[Taken]) -> Standing | None:
        """Where another step may be queued from; None if there are enough, or the canvas grows first."""
        last = queued[-1].standing if queued else self.standing
        goes_on = last.step < self.recipe.steps and self.growth.size_at(last.step) == self.size
        return last if goes_on and len(queued) <= self.ahead else None

    def take_step(self) -> tuple[float, dict[str, float]]:
        """One step; the loss and its parts."""
        loss, parts, _ = self.accept(self.step_from(self.standing))
        return loss, parts

    def step_from(self, last: Standing) -> Taken:
        """Latent -> picture -> cutouts -> embeddings -> objectives -> latent, once.

        Where steps are queued ahead, `last` stays as it is; otherwise its latent is moved, if what was found is finite.
        """
        step = self.begin(last)
        (found,) = find([step])
        return self.end(step, found)

    def begin(self, last: Standing) -> Step:
        """The step after `last`, of which nothing has been found yet."""
        began = time.perf_counter()
        self._take_threads()
        here = last.forked(whole=self.ahead > 0)
        progress = here.step / max(1, self.recipe.steps - 1)
        return Step(here, self.canvas, self.symmetry, self.aims, self.recipe, progress, began)

    def _take_threads(self) -> None:
        """Computes with the threads of its recipe; another painter of this process may have had its own."""
        threads = self.recipe.threads
        if threads is not None and threads != torch.get_num_threads():
            torch.set_num_threads(threads)

    def end(self, step: Step, found: Found) -> Taken:
        """Moves the latent of a step by what it has found."""
        here = step.here
        taken = Taken(here, found.loss, found.parts, found.gradient, step.began)
        if not self.ahead:
            self.must_be_finite(taken)
        here.descent.learning_rate = self.rate.at(step.progress)
        here.descent.step(found.gradient, self.generator.clamp_, found.glimpse.columns)
        here.gaze.remember(found.glimpse)
        return taken

    def accept(self, taken: Taken) -> tuple[float, dict[str, float], float]:
        """Stands where a step has led; its loss and parts, and when they arrived. DoorwaysError where they are not finite."""
        if self.ahead:
            self.must_be_finite(taken)
        _, loss, parts, now = taken.read()
        self.standing = taken.standing
        return loss, parts, now

    def grow(self, size: Size) -> None:
        """Goes on with a canvas of `size`."""
        self._take_threads()
        with out_of_memory(self.recipe):
            self._stand_on(size, self.enlarged(size))
            if share := self.recipe.grow_noise:
                fresh = self.generator.random_latent(*size, self.rng)
                self.descent.begin_anew(sent(fresh, self.place.device), share)

    def _stand_on(self, size: Size, latent: Tensor) -> None:
        """Goes on from `latent` on a canvas of `size`, in the direction it had."""
        self.canvas = self.canvases[size]
        self.standing = replace(self.standing, gaze=self.gazes[size])
        self.descent.grow(latent, lambda tensor: self.generator.resize(tensor, *size))

    @torch.no_grad()
    def enlarged(self, size: Size) -> Tensor:
        """The latent of what is painted, on a canvas of `size`: its picture is enlarged and encoded.

        Between cells there is no picture to be had by resampling: halfway between two codes stands a third.
        """
        if size == self.size:
            return self.descent.latent
        picture = self.gaze.picture(self.descent.latent)
        return self.gazes[size].encode(fit(picture, size, "stretch"))

    def try_step(self, last: Standing, *, alone: bool) -> Taken | None:
        """`step_from`; None where memory ran out and there will be more, since steps are queued or less can be taken."""
        try:
            with out_of_memory(self.recipe):
                return self.step_from(last)
        except OutOfMemoryError:
            if alone and thriftier(self.recipe, self.generator) is None:
                raise
        return None

    def squeeze(self) -> str:
        """Takes less memory from now on; how, in a few words."""
        changes = thriftier(self.recipe, self.generator) or {}
        self.recipe = self.recipe.override(**changes)
        self._save_memory()
        return ", ".join(f"{name} {value}" for name, value in changes.items())

    def _save_memory(self) -> None:
        """Sets the models to what the recipe says of micro-batches and recomputation."""
        for eye in self.eyes:
            eye.micro_batch = self.recipe.micro_batch
        if (chain := getattr(self.generator, "chain", None)) is not None:
            chain.recomputes = bool(self.recipe.recompute)

    def compile(self) -> None:
        """Compiles the models where the recipe asks for it, or leaves it open and it pays.

        Raises:
            InputError: it asks for it, and they cannot be compiled.
        """
        if not pays(self.recipe.compile, self.place.device, self.recipe.steps - self.step):
            return
        sizes = self.growth.sizes[self.growth.sizes.index(self.size) :]
        latents = [self.generator.resize(self.descent.latent, *size) for size in sizes]
        gazes = [(self.gazes[size], latent) for size, latent in zip(sizes, latents, strict=True)]
        try:
            compile_models(self.generator, self.eyes, gazes, cutouts=self.recipe.cutouts)
            self.compiled = True
        except InputError as error:
            if self.recipe.compile:
                raise
            self.uncompiled = str(error)

    def rehearse(self, recipe: Recipe, meter: Meter) -> None:
        """The first step of another recipe under a meter, with these models; nothing of this painting changes."""
        other = Painter(recipe, ensemble=self.ensemble)
        steps = [other.begin(other.standing)]
        with meter:
            glimpses = look(steps)
            meter.phase = "see"
            glimpses[0].picture.register_hook(lambda _: setattr(meter, "phase", "back"))
            slopes(steps, glimpses)

    def _can_be(self, recipe: Recipe) -> bool:
        """Whether another recipe can be painted with these models."""
        try:
            Painter(recipe.override(sketch=False, start_size=self.recipe.start_size), ensemble=self.ensemble)
        except InputError:
            return False
        return True

    def must_be_finite(self, taken: Taken) -> None:
        """DoorwaysError with the step and the remedy, before a painting stands where a bad step leads."""
        finite, loss, _, _ = taken.read()
        if not finite:
            kept = f"the picture after step {self.step} is kept" if self.step else "nothing is painted yet"
            raise DoorwaysError(
                f"at step {self.step + 1} the loss (now {loss:g}) or its gradient is not finite; "
                f"{kept}: try a learning_rate below {self.rate}, or precision fp32"
            )

    @torch.no_grad()
    def picture(self) -> Tensor:
        """The picture so far, [1, 3, H, W] in [0, 1]: that of the latent's average."""
        self._take_threads()
        return self.gaze.picture(self.descent.average)

    @torch.no_grad()
    def outlook(self) -> Tensor:
        """The picture that says most of what will be, [1, 3, H, W] of the whole canvas: of the latent, which leads its average,
        as it is where the canvas has grown; at the end what is kept. Nothing of the painting changes.
        """
        if self.step >= self.recipe.steps:
            return self.picture()
        self._take_threads()
        size = self.recipe.size
        return self.gazes[size].picture(self.enlarged(size))

    def painting(self, events: tuple[Event, ...] = ()) -> Painting:
        """What has been painted so far."""
        return Painting(to_image(self.picture()), self.recipe, self.descent.average.cpu().clone(), events)

    def notes(self) -> tuple[str, ...]:
        """What the artist should know before the first step."""
        begun = [f"going on after step {self.step} of {self.recipe.steps}"] if self.step else []
        misread = [
            f"{eye.perceptor.name} does not know the word {word!r} and reads {known!r}"
            for eye in self.eyes
            for word, known in eye.misread(self.prompts).items()
        ]
        undrawn = [
            f"the sketch has nothing like {name!r}, which begins in noise: more steps or --no-sketch may do it better"
            for name in self.start.undrawn
            if not self.step
        ]
        told = self.recipe.grow_at not in ((), Recipe.model_fields["grow_at"].default)
        stays = told and self.recipe.sketches and len(self.growth.sizes) == 1
        whole = (
            "nothing grows: the first canvas is the whole one; a smaller --start-size changes that"
            if stays
            else ""
        )
        notes = [*begun, self.place.note, self.thrift, self.uncompiled, *misread, *undrawn, whole]
        return tuple(dict.fromkeys(note for note in notes if note))

    def machine(self) -> dict[str, Any]:
        """What made the picture, as JSON values: versions, device, precision, threads, fingerprints of weights and sketches."""
        weights = {f"generator {self.recipe.generator}": self.generator.fingerprint}
        for (spec, _), eye in zip(self.recipe.weighted_perceptors, self.eyes, strict=True):
            weights[f"perceptor {spec}"] = eye.perceptor.fingerprint
        sketched = {"sketchbook": self.sketchbook} if self.sketchbook else {}
        compiled = {"compiled": True} if self.compiled else {}
        together = {"together": self.together} if self.together > 1 else {}
        return describe_machine(self.place) | sketched | compiled | together | {"weights": weights}

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that the next step depends on, copied: tensors on the CPU and JSON values, for `resume`."""
        tensors, meta = self.fetch_state()
        return {name: tensor.read() for name, tensor in tensors.items()}, meta

    def fetch_state(self) -> tuple[dict[str, Fetched], dict[str, Any]]:
        """`state` as it is now, its tensors on their way; on CUDA nobody waits for them before they are read."""
        tensors = self.descent.tensors() | self.gaze.tensors() | {"rng": self.rng.get_state()}
        tensors |= {f"eye.{i}.residual_mean": eye.residual_mean for i, eye in enumerate(self.eyes)}
        meta = {
            "recipe": self.recipe.settings(),
            "step": self.step,
            "size": str(self.size),
            "seen": [eye.seen for eye in self.eyes],
            "machine": self.machine(),
            "pictures": self.pictures,
        }
        return {name: Fetched(tensor) for name, tensor in tensors.items()}, meta

    @classmethod
    def resume(
        cls,
        tensors: Mapping[str, Tensor],
        meta: Mapping[str, Any],
        *,
        source: Path | str = "what was given",
        ensemble: Ensemble | None = None,
    ) -> Painter:
        """The painter that `state` was taken of, ready for the step after.

        Args:
            source: the file that it comes from, for error messages.
            ensemble: its models, if they are loaded and other painters have them too; they are then not compiled.

        Raises:
            InputError: this is no state of a painter; or weights of a model or a picture that the recipe names are
                others now, or are gone.
        """
        with must_be_whole(source):
            recipe, step, size = (
                Recipe.build(**{"sketch": False} | meta["recipe"]),
                int(meta["step"]),
                Size.parse(meta["size"]),
            )
            if step not in range(recipe.steps + 1):
                raise ValueError(f"it stands at step {step} of {recipe.steps}")
            weights, pictures = dict(meta["machine"]["weights"]), dict(meta["pictures"])
        prompts = parse_prompts(recipe.prompts, style=recipe.style)
        models = Ensemble.open(recipe, prompts) if ensemble is None else ensemble.looking_for(prompts)
        painter = cls(recipe, ensemble=models, begun=True)
        must_be_the_same(painter.machine()["weights"], weights)
        must_be_the_same(painter.pictures, pictures)
        with must_be_whole(source):
            painter._stand_on(size, painter.generator.resize(painter.descent.latent, *size))
            must_fit(tensors, painter.state()[0])
            painter.descent.load(tensors, steps=step)
            painter.gaze.load(tensors)
            painter.rng.set_state(tensors["rng"])
            for i, eye in enumerate(painter.eyes):
                eye.residual_mean.copy_(tensors[f"eye.{i}.residual_mean"])
                eye.seen = int(meta["seen"][i])
            painter.together = int(meta["machine"].get("together", 1))
            painter.sketchbook = str(meta["machine"].get("sketchbook", ""))
        if ensemble is None:
            painter.compile()
        return painter


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
    painter = Painter(Recipe.build(prompts=prompts, **recipe))
    events: list[Event] = []
    for event in painter:
        events.append(event)
        if on_event is not None:
            on_event(event)
    return painter.painting(tuple(events))
