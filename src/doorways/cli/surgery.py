"""`doorways surgery`: operate on a picture, by a script or in an editor."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from doorways.cli.heal import Everywhere, Files, Settings, Strength, heal_picture
from doorways.cli.paint import Output
from doorways.errors import DoorwaysError, InputError

if TYPE_CHECKING:
    from torch import Tensor

app = App(
    name="surgery",
    help="Operate on a picture, by a script or in an editor.",
    help_epilogue="",
    default_parameter=Parameter(show_default=False),
)

Picture = Annotated[
    Path,
    Parameter(help="What to operate on, a picture or a painting of the library.", metavar="PICTURE|ID"),
]


@app.command(name="apply")
def apply_script(
    picture: Picture,
    script: Annotated[Path, Parameter(help="A TOML file of operations; its paths are relative to it.")],
    /,
    *,
    out: Annotated[
        Path | None,
        Parameter(
            help="The picture to write, a .png; named after picture and script if not given.",
            alias="-o",
            metavar="FILE",
        ),
    ] = None,
    force: Annotated[bool, Parameter(help="Overwrite it if it exists.", negative="")] = False,
    library: Annotated[
        Path | None,
        Parameter(
            help="The library of an ID; $DOORWAYS_LIBRARY or your data folder if not given.",
            metavar="FOLDER",
        ),
    ] = None,
) -> None:
    """Do what a script says, one operation after the other.

    The new picture carries its parent's recipe, the script, and what was changed.
    """
    from doorways.cli.keeping import picture_of
    from doorways.cli.outputs import Outputs, unused
    from doorways.pictures import read_picture
    from doorways.surgery import Script, apply
    from doorways.surgery.record import Record, save_operated

    out = out or unused(Path(f"{picture.stem}-{script.stem}.png"))
    parent = picture_of(picture, library)
    Outputs(out).check(force=force)
    operations = Script.from_file(script)
    after, changed = apply(read_picture(parent), operations)
    record = Record.after(parent, operations.settings(), changed, name=picture.name)
    save_operated(out, after, record, parent=parent)
    number = len(operations.operations)
    sys.stdout.write(
        f"{out}: {number} operation{'s' * (number > 1)}, {float(changed.mean()):.1%} of the picture changed; this heals "
        f"it:\n  doorways heal {shlex.quote(str(out))}\n"
    )


@app.command
def edit(
    picture: Picture,
    /,
    *,
    editor: Annotated[
        str, Parameter(help="The program to edit with, and its options. [gimp]", metavar="COMMAND")
    ] = "gimp",
    keep_watching: Annotated[
        bool,
        Parameter(
            help="Go on until Ctrl-C: for editors that end at once and leave a window open.", negative=""
        ),
    ] = False,
    all_: Everywhere = False,
    strength: Strength = 0.7,
    settings: Settings = None,
    output: Files = None,
) -> int:
    """Edit a picture in another program, and heal it whenever it is saved.

    Works on a copy, PICTURE-edit.png. What is saved there is kept as PICTURE-edit-1.png and so on, and healed as
    PICTURE-edit-1-healed.png. It goes on until the editor ends.
    """
    from doorways.cli.keeping import picture_of
    from doorways.cli.outputs import unused
    from doorways.cli.watching import Watcher
    from doorways.pictures import read_picture, to_image
    from doorways.png import write_png
    from doorways.surgery.editor import Editor
    from doorways.surgery.healing import healing
    from doorways.surgery.record import carried

    given: dict[str, Any] = dict(settings or {})
    output, watcher = output or Output(), Watcher()
    for name in ("out", "video", "zoom"):
        if (path := getattr(output, name)) is not None:
            raise InputError(f"--{name} {path}: edit names each healing itself; leave it out")
    parent = picture_of(picture, output.library)
    before = read_picture(parent)
    copy = unused(Path(f"{picture.stem}-edit.png"))
    opened = Editor(editor, copy)
    healing(
        parent, strength=strength, **({"mask": None} | given)
    )  # what is wrong with settings is said at once
    write_png(copy, to_image(before), carried(parent))
    watcher.say(f"save {copy} in the editor under this name, and it is healed")
    kept = []
    for saved in opened.saves(lingers=keep_watching):
        try:
            kept.append(_keep(saved, before, parent, copy, {"editor": editor}, name=picture.name))
            healed = replace(output, out=kept[-1].with_name(f"{kept[-1].stem}-healed.png"))
            code = heal_picture(kept[-1], given, healed, parent=None, everywhere=all_, strength=strength)
        except DoorwaysError as error:
            watcher.say(f"{error}; the editor is being watched on")
        else:
            if code:
                return code
    if opened.code:
        raise DoorwaysError(
            f"editor {editor!r}: ended with exit code {opened.code}; {copy} is as it was saved last"
        )
    if not kept:
        watcher.say(
            f"the editor ended, and nothing was changed in {copy}; if its window is still open, use --keep-watching"
        )
    return 0


@app.command(name="show")
def show_surgery(
    picture: Annotated[Path, Parameter(help="A picture that was operated on and is not healed yet.")], /
) -> None:
    """Print what was done to a picture, as a script that does it again."""
    from doorways.surgery.record import read_record

    if not picture.is_file():
        raise InputError(f"{picture}: there is no such picture; check its name")
    record = read_record(picture)
    if record is None:
        raise InputError(f"{picture}: nothing in it says that it was operated on; give what `surgery` wrote")
    where = f"{float(record.changed.mean()):.1%} of it changed"
    sys.stdout.write(f"# {picture.name}: {where} since {record.parent}\n\n{record.to_toml()}")


@app.command(name="operations")
def list_operations(
    *,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="As JSON schemas.")] = False,
) -> None:
    """List what a script may say: the operations and their fields."""
    from doorways.surgery.glossary import glossary, schemas

    sys.stdout.write(json.dumps(schemas(), indent=2) + "\n" if json_ else glossary())


def _keep(
    saved: Tensor | InputError,
    before: Tensor,
    parent: Path,
    copy: Path,
    change: Mapping[str, str],
    *,
    name: str,
) -> Path:
    """Keeps what an editor saved, with its record, under the next unused name; InputError if it cannot be healed."""
    from doorways.surgery.changed import changed
    from doorways.surgery.record import Record, save_operated

    if isinstance(saved, InputError):
        raise saved
    where = changed(before, saved)
    if not where.any():
        raise InputError(f"{copy}: nothing in it was changed yet")
    names = (copy.with_name(f"{copy.stem}-{number}.png") for number in count(1))
    path = next(path for path in names if not path.exists())
    save_operated(path, saved, Record.after(parent, [change], where, name=name), parent=parent)
    return path
