"""`doorways paint`: prompts, a recipe or a checkpoint in, a panorama out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from doorways.cli.flags import FROM, OUTPUT, WEIGHTS, Settings
from doorways.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from doorways.cli.keeping import Keeping
    from doorways.cli.outputs import Outputs
    from doorways.painter import Painter
    from doorways.recipe import Recipe

app = App(
    name="paint",
    help="Paint a panorama.",
    help_epilogue=WEIGHTS,
    default_parameter=Parameter(show_default=False),
)

PROMPTS = Parameter(help="Worlds from left to right, parted by |: 'forest | kelp forest'.", group=FROM)
RECIPE = Parameter(
    help="Paint the recipe in a painted PNG, a TOML file or a painting of the library; what is given beside it wins.",
    group=FROM,
    metavar="FILE|ID",
)
RESUME = Parameter(
    help="Go on with a painting that was stopped: its picture, with the checkpoint beside it, or its ID in the library.",
    group=FROM,
    metavar="PICTURE|ID",
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
    library: Annotated[
        Path | None,
        _output("The library to keep it in; $DOORWAYS_LIBRARY or your data folder if not given.", "FOLDER"),
    ] = None
    no_library: Annotated[bool, _switch("Do not keep it in the library.")] = False

    def beside(self, picture: Path) -> Outputs:
        """The files of a run that paints `picture`; InputError for a path that names no file."""
        from doorways.cli.outputs import Outputs, check_name

        check_name(picture)
        return Outputs(
            picture=picture,
            video=self.video,
            zoom=self.zoom,
            trajectory=picture.with_name(f"{picture.stem}-trajectory.png") if self.trajectory else None,
            preview_every=self.preview_every,
            checkpoint_every=self.checkpoint_every,
            asked=self.asked(),
        )

    def asked(self) -> dict[str, Any]:
        """The options that were given, as JSON values that mean the same in every folder; but for names to use once."""
        return {
            name: str(value.absolute()) if isinstance(value, Path) else value
            for name, value in asdict(self).items()
            if name not in ("out", "force") and value != getattr(Output, name)
        }

    def going_on(self, asked: Mapping[str, Any]) -> Output:
        """These options, and those of the run that is gone on with; a film goes on in a file of its own."""
        from doorways.cli.outputs import unused

        if self.library is not None or self.no_library:
            asked = {name: value for name, value in asked.items() if name not in ("library", "no_library")}
        begun: dict[str, Any] = {
            name: Path(value) if isinstance(value, str) else value for name, value in asked.items()
        }
        if "video" in begun:
            begun["video"] = unused(begun["video"])
        given = {one.name for one in fields(self) if getattr(self, one.name) != one.default}
        return replace(self, **{name: value for name, value in begun.items() if name not in given})

    def keeping(self) -> Keeping | None:
        """Where the painting is kept, opened; None with --no-library."""
        from doorways.cli.keeping import open_keeping

        if self.library is not None and self.no_library:
            raise InputError("--library and --no-library contradict each other; leave one of them out")
        return open_keeping(self.library, wanted=not self.no_library)


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
    from doorways.cli.keeping import in_library, parent_of, recipe_of

    if resume is not None:
        return _resume(resume, given | ({"recipe": recipe} if recipe else {}), output)
    from doorways.cli.outputs import unused_name
    from doorways.recipe import Recipe

    keeping = output.keeping()
    origin = in_library(keeping, recipe) if recipe else None
    if keeping and origin:
        wanted, keeping.parent = recipe_of(keeping, origin, given), origin.id
    else:
        wanted = Recipe.from_file(recipe, **given) if recipe else Recipe.build(**given)
        if keeping:
            keeping.parent = parent_of(keeping, recipe, wanted.init_image)
    outputs = output.beside(output.out or unused_name(wanted))
    with outputs.held(force=output.force):
        bring_models(given.get("models"), wanted)
        return run(lambda painter: painter(wanted), outputs, keeping)


def _resume(picture: Path, given: dict[str, Any], output: Output) -> int:
    from doorways.cli.keeping import ASKED, in_library
    from doorways.cli.outputs import checkpoint_beside, is_there

    beside = bool(picture.name) and is_there(checkpoint_beside(picture))
    keeping = None if beside else output.keeping()
    begun = None if beside else in_library(keeping, picture)
    if output.out is not None and begun is None:
        given["out"] = output.out
    if given:
        flag = f"--{next(iter(given)).replace('_', '-')}".replace("--prompts", "prompts")
        raise InputError(
            f"--resume goes on with the painting as it was begun, so {flag} has no place beside it; leave it out, or "
            f"begin anew with `doorways paint --recipe {picture}`"
        )
    if keeping and begun:
        return _resume_in_library(keeping, begun.id, output)
    if not beside:
        raise InputError(_why_not(picture))
    output.beside(picture).check(force=output.force, resuming=True)
    from doorways.checkpoint import load_checkpoint, must_be_whole

    checkpoint = checkpoint_beside(picture)
    tensors, meta = load_checkpoint(checkpoint)
    with must_be_whole(checkpoint):
        output = output.going_on(meta.get(ASKED) or {})
    outputs = output.beside(picture)
    with outputs.held(force=output.force, resuming=True):
        if keeping := output.keeping():
            keeping.find(meta)
        return run(
            lambda painter: painter.resume(tensors, meta, source=checkpoint),
            outputs,
            keeping,
            checkpoint=tensors,
        )


def _resume_in_library(keeping: Keeping, id: str, output: Output) -> int:
    from doorways.cli.keeping import recipe_of
    from doorways.cli.outputs import unused_name

    entry = keeping.library.get(id)
    outputs = output.beside(output.out or unused_name(recipe_of(keeping, entry, {})))

    def begin(_: type[Painter]) -> Painter:
        from doorways.library.recorder import painter_of

        return painter_of(keeping.library, entry)

    with outputs.held(force=output.force):
        entry = keeping.take(id)
        return run(begin, outputs, keeping)


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


def bring_models(asked: str | None, recipe: Recipe) -> None:
    """Says what a preset of models costs, asked for by name or by a recipe; fetches what is not here."""
    from doorways.cli.watching import Watcher
    from doorways.models.hub import HUB
    from doorways.models.presets import PRESETS

    specs = (recipe.generator, *(spec for spec, _ in recipe.weighted_perceptors))
    for name, preset in PRESETS.items():
        if name == asked or (preset.download_bytes and preset.specs == specs):
            Watcher().say(preset.note)
    if any(spec.startswith(HUB) for spec in specs):
        from doorways.cli.fetching import fetch

        for _ in fetch(specs):
            pass


def run(
    begin: Callable[[type[Painter]], Painter],
    outputs: Outputs,
    keeping: Keeping | None = None,
    *,
    checkpoint: Mapping[str, Tensor] | None = None,
) -> int:
    """Loads torch and the models, which takes its time, and runs what `begin` makes of a Painter.

    Args:
        checkpoint: the tensors of the one beside the picture, where the run goes on from there.
    """
    from doorways.cli.watching import Watcher

    watcher = Watcher()
    try:
        with watcher.waiting("loading the models"):
            from doorways.cli.session import Session
            from doorways.painter import Painter

            painter = begin(Painter)
    except BaseException:
        if keeping:
            keeping.give_back()
        raise
    recorder = keeping.begin(painter, checkpoint_every=outputs.checkpoint_every) if keeping else None
    watcher.begin(painter.recipe, step=painter.step)
    return Session(painter, outputs, watcher, recorder, checkpoint).run()
