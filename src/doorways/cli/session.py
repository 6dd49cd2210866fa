"""One run, from its first step to its files: what the command does around the engine's loop."""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from doorways.background import Background, Job
from doorways.checkpoint import checkpoint_path, save_checkpoint
from doorways.cli.failures import INTERRUPTED
from doorways.cli.keeping import ASKED, PAINTING
from doorways.cli.outputs import Outputs
from doorways.cli.stopping import Stopping
from doorways.cli.watching import Watcher, clock
from doorways.errors import DoorwaysError
from doorways.events import Event, Grew, Squeezed, Started, Stepped
from doorways.export.sheet import contact_sheet
from doorways.export.strip import strip
from doorways.library.claims import ClaimLost
from doorways.pictures import image_of, to_pixels
from doorways.png import save_png
from doorways.trajectory import trajectory_steps
from doorways.transfer import Fetched
from doorways.video import Frames, open_video, zoom_frames

if TYPE_CHECKING:
    from torch import Tensor

    from doorways.library.recorder import Recorder
    from doorways.painter import Painter

FRAMES = 120
"""Frames of a timelapse, about."""
FPS = 20


SAMPLE = "sample."
"""How the names of a checkpoint's tensors begin that are pictures of the trajectory, before their steps."""


LONGEST_PX = 2048
"""Longest side of a picture of the trajectory, of which a sheet holds four."""


def _fitting(width: int, height: int) -> int:
    """The width of the trajectory's pictures: as they are, or smaller, so that the sheet can be drawn."""
    return max(16, round(width * min(1.0, LONGEST_PX / max(width, height))))


class Session:
    """Runs a painter and keeps what it paints.

    What is shown, filmed and saved on the way is taken from a GPU without waiting, and written in a thread (`background`).

    Args:
        checkpoint: tensors of the one beside the picture, where the run goes on from there.
    """

    def __init__(
        self,
        painter: Painter,
        outputs: Outputs,
        watcher: Watcher,
        recorder: Recorder | None = None,
        checkpoint: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.painter, self.outputs, self.watcher, self.recorder = painter, outputs, watcher, recorder
        self.steps = painter.recipe.steps
        self.film: Frames | None = None
        self.background = Background(aside=painter.ahead > 0)
        self._reel = ExitStack()
        self._samples = {
            int(name.removeprefix(SAMPLE)): Image.fromarray(tensor.numpy())
            for name, tensor in (checkpoint or {}).items()
            if name.startswith(SAMPLE)
        }
        self._is_new, self._unrecorded, self._is_kept_whole = checkpoint is None, "", False

    def run(self) -> int:
        """Paints to the end, or until Ctrl-C; exit code 0 or 130. What was painted is kept in either case."""
        began, first = time.monotonic(), self.painter.step
        if self._is_new:
            self.outputs.checkpoint.unlink(missing_ok=True)  # of what this run was told to overwrite
        try:
            finished = self._run()
            if finished:
                self._make_extras()
        except KeyboardInterrupt:
            if self._is_kept_whole:
                sys.stdout.write(
                    f"{self.outputs.picture} is finished; what was made of it besides was left at once\n"
                )
                return INTERRUPTED
            return self._say_how_to_resume("stopped at once")
        if not finished:
            return self._say_how_to_resume(f"stopped after step {self.painter.step} of {self.steps}")
        took = f"{self.painter.step - first} steps in {clock(time.monotonic() - began)}"
        recipe = self.painter.recipe
        kept = f", {self.recorder.entry.id} in the library" if self.recorder else ""
        sys.stdout.write(f"{self.outputs.picture}: {recipe.size}, {took}, seed {recipe.seed}{kept}\n")
        return 0

    def _run(self) -> bool:
        """Paints, and keeps what was painted; whether that is all."""
        with self.recorder or nullcontext(), self._reel, self.background:
            if self.outputs.video:
                self.film = self._reel.enter_context(
                    open_video(self.outputs.video, self.painter.recipe.size, fps=FPS)
                )
            with Stopping() as stopping:
                with self.watcher:
                    self._paint(stopping)
                finished = self.painter.step >= self.steps
                try:
                    self._keep(finished=finished)
                finally:
                    if self.recorder:
                        self.recorder.leave("finished" if finished else "paused")
            if finished:
                self._shoot(times=2 * FPS)
                self.background.wait()
        return finished

    def _paint(self, stopping: Stopping) -> None:
        try:
            for event in self.painter:
                self._record(event)
                match event:
                    case Started(notes=notes):
                        for note in notes:
                            self.watcher.say(note)
                    case Grew(size=size):
                        self.watcher.say(f"the canvas grew to {size}")
                    case Squeezed(step=step, note=note):
                        self.watcher.say(f"memory ran out after step {step}; going on with {note}")
                    case Stepped(step=step, loss=loss):
                        self.watcher.stepped(step, loss)
                        self._after(step)
                if stopping.asked:
                    break
            self.background.wait()
        except Exception as error:
            self._rescue(error)
            raise

    def _record(self, event: Event) -> None:
        """Tells the library. If it cannot be told, the run goes on, and it is tried again."""
        try:
            if self.recorder:
                self.recorder(event)
        except ClaimLost:
            raise
        except DoorwaysError as error:
            if str(error) != self._unrecorded:
                self.watcher.say(f"{error}; painting goes on")
            self._unrecorded = str(error)

    def _after(self, step: int) -> None:
        """Writes what is due after a step. If that cannot be written now, the run goes on and tries again."""
        if step % max(1, self.steps // FRAMES) == 0 or step == 1:
            self._shoot()
        if self.outputs.trajectory and step in trajectory_steps(self.steps):
            sample = self._image()
            self.background.do(lambda: self._samples.update({step: sample()}))
        if step == self.steps:
            return
        if self.outputs.preview_every and step % self.outputs.preview_every == 0:
            self._try_to(self._saving_picture(self.outputs.picture, finished=False), step)
        if self.outputs.checkpoint_every and step % self.outputs.checkpoint_every == 0:
            self._try_to(self._saving_checkpoint(self.outputs.checkpoint), step)

    def _try_to(self, save: Job, step: int) -> None:
        def job() -> None:
            try:
                save()
            except DoorwaysError as error:
                self.watcher.say(f"after step {step}: {error}; painting goes on")

        self.background.do(job)

    def _image(self) -> Callable[[], Image.Image]:
        """The picture as it is now, once it is asked for."""
        pixels = Fetched(to_pixels(self.painter.picture()))
        return lambda: image_of(pixels.read())

    def _shoot(self, *, times: int = 1) -> None:
        """Films the picture as it is; a camera that breaks does not stop the painting."""
        if self.film is None:
            return
        image = self._image()
        self.background.do(lambda: self._film(image(), times))

    def _film(self, image: Image.Image, times: int) -> None:
        if self.film is None:
            return
        try:
            self.film.add(image, times=times)
        except OSError as error:
            self.film = None
            try:
                self._reel.__exit__(type(error), error, error.__traceback__)
            except (DoorwaysError, OSError) as reason:
                self.watcher.say(f"{reason}; painting goes on without the video")

    def _saving_picture(self, path: Path, *, finished: bool) -> Job:
        """What saves the picture as it is now."""
        image, recipe, step = self._image(), self.painter.recipe, self.painter.step
        machine = self.painter.machine()
        return lambda: save_png(path, image(), recipe, step=step, finished=finished, machine=machine)

    def _keep(self, *, finished: bool) -> None:
        """Saves the picture, and a checkpoint if there is more to paint; elsewhere if it must be."""
        try:
            self._save_all(self.outputs.picture, finished=finished)
        except DoorwaysError as error:
            refuge = Path(tempfile.mkdtemp(prefix="doorways-")) / self.outputs.picture.name
            try:
                self._save_all(refuge, finished=finished)
            except DoorwaysError:
                shutil.rmtree(refuge.parent)
                raise error from None
            raise type(error)(f"{error}; until then the painting is kept as {refuge}") from error
        if finished:
            self.outputs.checkpoint.unlink(missing_ok=True)
            self._is_kept_whole = True

    def _save_all(self, path: Path, *, finished: bool) -> None:
        self._saving_picture(path, finished=finished)()
        if not finished:
            self._saving_checkpoint(checkpoint_path(path))()

    def _saving_checkpoint(self, path: Path) -> Job:
        """What saves a checkpoint of the painting as it is now."""
        fetched, meta = self.painter.fetch_state()
        meta |= {ASKED: dict(self.outputs.asked)}
        meta |= {PAINTING: self.recorder.entry.id} if self.recorder else {}

        def save() -> None:
            tensors = {name: tensor.read() for name, tensor in fetched.items()}
            tensors |= {
                f"{SAMPLE}{step}": torch.tensor(np.array(image)) for step, image in self._samples.items()
            }
            save_checkpoint(path, tensors, meta)

        return save

    def _rescue(self, error: Exception) -> None:
        """Keeps the last good picture of a run that fails; its checkpoint stays the one before."""
        if not self.painter.step:
            return
        try:
            self.background.wait()
            self._saving_picture(self.outputs.picture, finished=False)()
        except Exception as another:
            error.add_note(f"its picture could not be saved: {another}")
        else:
            self.watcher.say(f"{self.outputs.picture} shows it after step {self.painter.step}")

    def _say_how_to_resume(self, what: str) -> int:
        if self.outputs.checkpoint.exists():
            command = f"doorways paint --resume {shlex.quote(str(self.outputs.picture))}"
            kept = self.outputs.picture if self.outputs.picture.exists() else self.outputs.checkpoint
            sys.stdout.write(f"{what}; {kept} is kept, and this goes on with it:\n  {command}\n")
        else:
            sys.stdout.write(f"{what}; there was nothing to keep yet\n")
        return INTERRUPTED

    def _make_extras(self) -> None:
        """The zoom over the finished picture, and the sheet of how it came."""
        if self.outputs.trajectory:
            recipe, machine = self.painter.recipe, self.painter.machine()
            samples = strip(sorted(self._samples.items()), title=recipe.prompts)
            sheet = contact_sheet(samples, width_px=_fitting(*recipe.size))
            save_png(self.outputs.trajectory, sheet, recipe, step=self.steps, finished=True, machine=machine)
        if self.outputs.zoom:
            frames = zoom_frames(self._image()())
            first = next(frames)
            with open_video(self.outputs.zoom, first.size) as film:
                film.add(first, times=12)
                for frame in frames:
                    film.add(frame)
