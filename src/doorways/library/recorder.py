"""The recorder: a listener that keeps a painter's run in the library, so that it can be gone on with after any end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from torch import Tensor

from doorways.atomic import PART, whole
from doorways.checkpoint import load_checkpoint, must_be_whole, save_checkpoint
from doorways.ensemble import Ensemble
from doorways.errors import DoorwaysError
from doorways.events import Event, Stepped
from doorways.library.claims import LEASE_S, ClaimLost, PainterLost
from doorways.library.entry import Entry
from doorways.library.event_log import EventLog, as_json
from doorways.library.files import Files
from doorways.library.library import Library
from doorways.library.sources import kept_sources, renamed
from doorways.painter import Painter
from doorways.painting import Painting
from doorways.pictures import to_image
from doorways.prompts import parse_prompts
from doorways.recipe import Recipe
from doorways.trajectory import trajectory_steps


class AnyPainter(Protocol):
    """What a recorder asks of a painter, which may be a `Painter` or speak for one in another process."""

    @property
    def recipe(self) -> Recipe: ...
    @property
    def step(self) -> int: ...
    def __iter__(self) -> Iterator[Event]: ...
    def picture(self) -> Tensor: ...
    def painting(self) -> Painting: ...
    def machine(self) -> dict[str, Any]: ...
    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]: ...


def painter_of(library: Library, entry: Entry) -> Painter:
    """The painter of a painting in the library: ready for the step after its last checkpoint, or for the first one.

    Raises:
        InputError: as `Painter` and `Painter.resume`.
    """
    return painter_from(library.files(entry.id), entry.recipe)


def painter_from(files: Files, recipe: Mapping[str, Any], *, models: Ensemble | None = None) -> Painter:
    """As `painter_of`, from the checkpoint and the copies of pictures among `files`, and from a recipe's settings.

    Args:
        models: the recipe's, if they are loaded and other painters have them too.
    """
    copies = kept_sources(recipe, files.sources)
    if not files.checkpoint.exists():
        begun = Recipe.build(**renamed(recipe, copies))
        prompts = parse_prompts(begun.prompts, style=begun.style)
        return Painter(begun, ensemble=models and models.looking_for(prompts))
    tensors, meta = load_checkpoint(files.checkpoint)
    with must_be_whole(files.checkpoint):
        pictures = {copies.get(name, name): digest for name, digest in meta["pictures"].items()}
        meta |= {"recipe": renamed(meta["recipe"], copies), "pictures": pictures}
    return Painter.resume(tensors, meta, source=files.checkpoint, ensemble=models)


def named_recipe(recipe: Recipe, names: Mapping[str, str]) -> Recipe:
    """A painter's recipe with the names that the artist gave to pictures, by the copies' paths."""
    return Recipe.build(**renamed(recipe.settings(), names)) if names else recipe


def named_state(meta: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The meta of a painter's state, likewise."""
    pictures = {names.get(name, name): digest for name, digest in meta["pictures"].items()}
    return {**meta, "recipe": renamed(meta["recipe"], names), "pictures": pictures}


SAMPLE_PX = 512
"""Longest side of the small pictures of a trajectory."""


class Recorder:
    """Keeps what a painter paints in a library: checkpoints and events as they come, the picture at the end.

        entry = library.claim(this_worker())
        painter = painter_of(library, entry)
        with Recorder(library, entry, painter) as recorder:
            for event in painter:
                recorder(event)

    While the block runs, the claim is renewed from a thread of its own, however long a step takes. When it ends, the
    painting is `finished`, or `paused` if steps are left, or `failed` if an error ended it, or `waiting` for another
    process if the painter's is gone; `leave` says otherwise.

    Args:
        entry: claimed by its `worker`.
        painter: of this painting (`painter_of`), or what speaks for one.
        checkpoint_every: steps between checkpoints; 0 for none but at the end.
        picture_every: steps between pictures; 0 for none but at the end.
    """

    def __init__(
        self,
        library: Library,
        entry: Entry,
        painter: AnyPainter,
        *,
        checkpoint_every: int = 25,
        picture_every: int = 0,
        lease_s: float = LEASE_S,
    ) -> None:
        self.library, self.entry, self.painter = library, entry, painter
        self.checkpoint_every, self.picture_every, self.lease_s = checkpoint_every, picture_every, lease_s
        self.files = library.files(entry.id)
        self._log = EventLog(self.files.events)
        self._names = {copy: name for name, copy in kept_sources(entry.recipe, self.files.sources).items()}
        self._worker = entry.worker or ""
        self._step = painter.step
        self._saved = -1
        self._state: str | None = None
        self._over = threading.Event()
        self._lost: DoorwaysError | None = None
        self._beating = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for half in self.files.folder.glob(
            f"{PART}*"
        ):  # of a process that was killed; the painting is ours now
            half.unlink(missing_ok=True)
        self._log.forget_after(self.painter.step)
        self._beating.start()
        return self

    def __call__(self, event: Event) -> None:
        """Keeps what happened.

        Raises:
            ClaimLost: somebody else paints it by now.
            DoorwaysError: the disk is full, or fails; the painting can go on, and the next event tries again.
        """
        if self._lost is not None:
            raise self._lost
        self._log.write(as_json(event))
        if not isinstance(event, Stepped):
            return
        self._step = event.step
        if event.step == event.steps:
            return
        if event.step in trajectory_steps(event.steps):
            self._sample(event.step)
        if self.checkpoint_every and event.step % self.checkpoint_every == 0:
            self._save_checkpoint()
        if self.picture_every and event.step % self.picture_every == 0:
            self._keep(finished=False)

    def leave(self, state: str) -> None:
        """Ends the recording with what was painted so far kept, and the painting in `state`, such as `resting`."""
        self._state = state
        self._end(state)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._state is None:
            if isinstance(error, ClaimLost):
                self._stop_beating()
            elif isinstance(error, PainterLost):
                self._stop_beating()
                self._release("waiting")
            elif isinstance(error, Exception):
                self._fail(error)
            elif error is not None:  # Ctrl-C in the middle of a step: what there is of it is not to be kept
                self._stop_beating()
                self._release("paused")
            else:
                done = self.painter.step >= self.painter.recipe.steps
                self.leave("finished" if done else "paused")

    def _end(self, state: str) -> None:
        """Files first, then the row; the checkpoint of a finished painting goes last."""
        self._stop_beating()
        self.library.beat(self.entry.id, self._worker, self._step, lease_s=self.lease_s)
        if state == "finished":
            latent = {"latent": self.painter.painting().latent}
            save_checkpoint(
                self.files.latent, latent, {"recipe": self._recipe().settings(), "step": self._step}
            )
            self._keep(finished=True)
            self.files.checkpoint.unlink(missing_ok=True)
            return
        if self._step:
            if self._saved != self._step:
                self._save_checkpoint()
            self._keep(finished=False)
        self._release(state)

    def _fail(self, error: Exception) -> None:
        """Keeps the last good picture, the checkpoint before it, and what went wrong, as far as that is possible."""
        self._stop_beating()
        try:
            self._log.write(
                {"event": "failed", "step": self._step, "reason": str(error) or type(error).__name__}
            )
            if self._step:
                self._keep(finished=False)
        except Exception as another:
            error.add_note(f"the library could not keep its picture: {another}")
        try:
            self._release("failed")
        except DoorwaysError as another:
            error.add_note(f"the library could not be told: {another}")

    def _release(self, state: str) -> None:
        self.library.release(
            self.entry.id, state, step=self._step, seconds=self._seconds(), worker=self._worker
        )

    def _keep(self, *, finished: bool) -> None:
        painting, machine = self.painter.painting(), self.painter.machine()
        seconds = self._seconds() if finished else 0.0
        self.library.keep(
            self.entry.id, painting.image, self._recipe(), self._step, finished, machine, seconds=seconds
        )

    def _sample(self, step: int) -> None:
        """Keeps a small picture of how it is now, for sheets of trajectories."""
        image = to_image(self.painter.picture())
        image.thumbnail((SAMPLE_PX, SAMPLE_PX))
        self.files.trajectory.mkdir(exist_ok=True)
        with whole(self.files.sample(step)) as part:
            image.save(part, format="WEBP", quality=80)

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _save_checkpoint(self) -> None:
        tensors, meta = self.painter.state()
        save_checkpoint(self.files.checkpoint, tensors, named_state(meta, self._names))
        self._saved = self._step
        self.library.beat(self.entry.id, self._worker, self._step, lease_s=self.lease_s)

    def _recipe(self) -> Recipe:
        return named_recipe(self.painter.recipe, self._names)

    def _beat(self) -> None:
        while not self._over.wait(self.lease_s / 4):
            try:
                self.library.beat(self.entry.id, self._worker, self._step, lease_s=self.lease_s)
            except ClaimLost as lost:
                self._lost = lost
                return
            except DoorwaysError:  # a full disk may have room again by the next beat
                continue

    def _stop_beating(self) -> None:
        self._over.set()
        if self._beating.is_alive():
            self._beating.join()
