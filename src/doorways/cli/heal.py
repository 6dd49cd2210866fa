"""`doorways heal`: the wounds of a picture that was operated on are painted on until they match what is around."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Group, Parameter

from doorways.cli.flags import WEIGHTS, HealingSettings
from doorways.cli.paint import Output, bring_models, run
from doorways.errors import InputError

if TYPE_CHECKING:
    from doorways.cli.keeping import Keeping

app = App(
    name="heal",
    help_epilogue=WEIGHTS,
    default_parameter=Parameter(show_default=False),
)

HEALING = Group("What to heal", sort_key=1)
MASK = "-mask.png"
"""How the name of the mask ends that is kept beside a healed picture."""


def _option(text: str, placeholder: str | None = None, **more: Any) -> Parameter:
    return Parameter(help=text, group=HEALING, metavar=placeholder, negative="", **more)


Picture = Annotated[
    Path, _option("What `doorways surgery` or an editor made, or a painting of the library.", "PICTURE|ID")
]
Parent = Annotated[
    Path | None,
    _option(
        "The picture that it was before, where it does not say: has the recipe, and shows what was changed.",
        "PICTURE",
    ),
]
Everywhere = Annotated[
    bool,
    _option("Heal all of it. Else only what was changed may change, and a little around it.", name="--all"),
]
Strength = Annotated[
    float, _option("How freely it is painted anew: 1 holds on to nothing, near 0 nothing moves. [0.7]", "X")
]
Settings = Annotated[HealingSettings | None, Parameter(name="*")]
Files = Annotated[Output | None, Parameter(name="*")]


@app.default
def heal(
    picture: Picture,
    /,
    *,
    parent: Parent = None,
    all_: Everywhere = False,
    strength: Strength = 0.7,
    settings: Settings = None,
    output: Files = None,
) -> int:
    """Let the optimisation heal a picture that was operated on.

    Its own recipe paints it on, looking mostly at small pieces. Options that are not given are as that recipe says,
    but for --steps, which are 100, the size, which is the picture's, the weights of sizes, the learning rate of a painting
    that began with a sketch, and what suits this machine: precision, threads and compile.
    """
    return heal_picture(
        picture, dict(settings or {}), output or Output(), parent=parent, everywhere=all_, strength=strength
    )


def heal_picture(
    picture: Path,
    given: dict[str, Any],
    output: Output,
    *,
    parent: Path | None,
    everywhere: bool,
    strength: float,
) -> int:
    """Heals the picture in a file; the exit code of the run."""
    from doorways.cli.keeping import picture_of
    from doorways.cli.outputs import check_name, unused
    from doorways.surgery.healing import healing, save_wound

    check_name(picture)
    healed = output.out or unused(picture.with_name(f"{picture.stem}-healed.png"), MASK)
    picture = picture_of(picture, output.library)
    parent = parent and picture_of(parent, output.library)
    if everywhere and "mask" in given:
        raise InputError("--all heals everywhere and --mask only where it is white; leave one of the two out")
    outputs = output.beside(healed)
    wound = None if everywhere or "mask" in given else healed.with_name(f"{healed.stem}{MASK}")
    recipe = healing(picture, parent=parent, strength=strength, **({"mask": wound} | given))
    outputs = replace(outputs, mask=wound)
    with outputs.held(force=output.force):
        if wound is not None:
            save_wound(wound, picture, parent=parent)
        try:
            bring_models(given.get("models"), recipe)
            keeping = output.keeping()
            if keeping:
                _trace(keeping, picture, parent)
            return run(lambda painter: painter(recipe), outputs, keeping)
        finally:
            if wound is not None and not (outputs.picture.exists() or outputs.checkpoint.exists()):
                wound.unlink(missing_ok=True)


def _trace(keeping: Keeping, picture: Path, parent: Path | None) -> None:
    """Finds in the library what the picture was before it was operated on."""
    from doorways.cli.keeping import parent_of
    from doorways.surgery.record import read_record

    record = read_record(picture)
    before = keeping.library.with_sha256(record.parent_sha256) if record else None
    keeping.parent = before.id if before else parent_of(keeping, parent, picture)
    if record:
        keeping.change = {"surgery": record.summary, "script": record.to_toml()}
        if not keeping.parent:
            keeping.change["of"] = record.parent
