"""`doorways paint`: prompts, a recipe or a checkpoint in, a panorama out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from doorways.cli.flags import FROM, OUTPUT, WEIGHTS, Settings
from doorways.errors import InputError

if TYPE_CHECKING:
    from doorways.cli.outputs import Outputs
    from doorways.painter import Painter

app = App(
    name="paint",
    help="Paint a panorama.",
    help_epilogue=WEIGHTS,
    default_parameter=Parameter(show_default=False),
)

PROMPTS = Parameter(help="Worlds from left to right, parted by |: 'forest | kelp forest'.", group=FROM)
RECIPE = Parameter(
    help="Paint the recipe in a painted PNG or a TOML file; what is given beside it wins.",
    group=FROM,
    metavar="FILE",
)
RESUME = Parameter(
    help="Go on with a painting that was stopped, from the checkpoint beside it.",
    group=FROM,
    metavar="PICTURE",
)


def _output(text: str, placeholder: str = "FILE", **more: Any) -> Parameter:
    return Parameter(help=text, group=OUTPUT, metavar=placeholder, **more)


def _switch(text: str) -> Parameter:
    return Parameter(help=text, group=OUTPUT, negative="")


@dataclass(frozen=True, kw_only=True)
class Output:
    """What to write, and where."""

    out: Annotated[
        Path | None,
        _output(
            "The picture to write, a .png; named after the prompts and the seed if not given.", alias="-o"
        ),
    ] = None
    force: Annotated[bool, _switch("Overwrite files that exist.")] = False
    preview_every: Annotated[
        int, _output("Write the picture so far every N steps; 0 for never. [0]", "N")
    ] = 0
    checkpoint_every: Annotated[int, _output("Write a checkpoint every N steps; 0 for never. [25]", "N")] = 25
    video: Annotated[Path | None, _output("A timelapse of the run, an .mp4.")] = None
    zoom: Annotated[Path | None, _output("A slow pan and zoom over the finished picture, an .mp4.")] = None
    trajectory: Annotated[
        bool, _switch("One sheet of the picture after 1 step, a third, two thirds and all of them.")
    ] = False

    def beside(self, picture: Path) -> Outputs:
        """The files of a run that paints `picture`."""
        from doorways.cli.outputs import Outputs

        return Outputs(
            picture=picture,
            video=self.video,
            zoom=self.zoom,
            trajectory=picture.with_name(f"{picture.stem}-trajectory.png") if self.trajectory else None,
            preview_every=self.preview_every,
            checkpoint_every=self.checkpoint_every,
        )


@app.default
def paint(
    prompts: Annotated[str | None, PROMPTS] = None,
    *,
    recipe: Annotated[Path | None, RECIPE] = None,
    resume: Annotated[Path | None, RESUME] = None,
    settings: Annotated[Settings | None, Parameter(name="*")] = None,
    output: Annotated[Output | None, Parameter(name="*")] = None,
) -> int:
    """Says what is wrong before anything slow begins; then paints."""
    given: dict[str, Any] = dict(settings or {}) | ({} if prompts is None else {"prompts": prompts})
    output = output or Output()
    if resume is not None:
        return _resume(resume, given | ({"recipe": recipe} if recipe else {}), output)
    from doorways.cli.outputs import unused_name
    from doorways.recipe import Recipe

    wanted = Recipe.from_file(recipe, **given) if recipe else Recipe.build(**given)
    outputs = output.beside(output.out or unused_name(wanted))
    outputs.check(force=output.force)
    bring_models(given.get("models"), (wanted.generator, *(spec for spec, _ in wanted.weighted_perceptors)))
    return run(lambda painter: painter(wanted), outputs)


def _resume(picture: Path, given: dict[str, Any], output: Output) -> int:
    if output.out is not None:
        given["out"] = output.out
    if given:
        flag = f"--{next(iter(given)).replace('_', '-')}".replace("--prompts", "prompts")
        raise InputError(
            f"--resume goes on with the painting as it was begun, so {flag} has no place beside it; leave it out, or "
            f"begin anew with `doorways paint --recipe {picture}`"
        )
    from doorways.cli.outputs import checkpoint_beside

    outputs = output.beside(picture)
    if not checkpoint_beside(picture).exists():
        raise InputError(_why_not(picture))
    outputs.check(force=output.force, resuming=True)
    from doorways.checkpoint import load_checkpoint

    return run(lambda painter: painter.resume(*load_checkpoint(outputs.checkpoint)), outputs)


def _why_not(picture: Path) -> str:
    """Why a picture without a checkpoint cannot be gone on with."""
    from doorways.cli.outputs import checkpoint_beside
    from doorways.metadata import read_metadata

    if not picture.exists():
        return f"{picture}: there is no such painting, and no checkpoint of one; check its name"
    again = f"`doorways paint --recipe {picture}` paints it anew"
    if read_metadata(picture).finished:
        return f"{picture}: is finished, so there is nothing to resume; {again}"
    return f"{picture}: its checkpoint, {checkpoint_beside(picture)}, is missing; {again}"


def bring_models(preset_name: str | None, specs: tuple[str, ...]) -> None:
    """Says what a preset of models costs, and fetches what is not here, before the slow imports."""
    from doorways.cli.watching import Watcher
    from doorways.models.hub import HUB
    from doorways.models.presets import preset

    if preset_name:
        Watcher().say(preset(preset_name).note)
    if any(spec.startswith(HUB) for spec in specs):
        from doorways.cli.fetching import fetch

        for _ in fetch(specs):
            pass


def run(begin: Callable[[type[Painter]], Painter], outputs: Outputs) -> int:
    """Loads torch and the models, which takes its time, and runs what `begin` makes of a Painter."""
    from doorways.cli.watching import Watcher

    watcher = Watcher()
    with watcher.waiting("loading the models"):
        from doorways.cli.session import Session
        from doorways.painter import Painter

        painter = begin(Painter)
    watcher.begin(painter.recipe, step=painter.step)
    return Session(painter, outputs, watcher).run()
