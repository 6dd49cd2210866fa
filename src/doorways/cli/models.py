"""`doorways models`: what is known, what is here, and how to fetch it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Annotated

from cyclopts import App, Parameter

from doorways.amount import said
from doorways.errors import InputError
from doorways.models.catalogue import Model, find, known_models
from doorways.models.hub import HUB
from doorways.models.presets import PRESETS

app = App(name="models", help="List the models that are known, show one, fetch one.", help_epilogue="")

Spec = Annotated[str, Parameter(help="A spec such as hub:owner/name, or one of embedded, piece, large.")]

Asked = Annotated[
    tuple[str, ...],
    Parameter(
        consume_multiple=True,
        negative=(),
        show_default=False,
        help="Words: whether its perceptor knows each, and what lies near it.",
    ),
]


@app.default
@app.command(name="list")
def list_models() -> None:
    """List all: what each is, its size, its licence, and whether it is here."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    for role in ("generator", "perceptor"):
        console.print(Text(f"{role}s", style="bold"))
        for model in known_models():
            if model.role == role:
                here = "here" if model.is_here else "not here"
                console.print(Text(f"  {model.spec:<44}{size_text(model.size_bytes):>8}   {here}"))
                console.print(Padding(Text(f"{model.what}\n{model.licence}", style="dim"), (0, 0, 0, 6)))
        console.print()
    console.print(Text("--models sets generator and perceptors together", style="bold"))
    for preset in PRESETS.values():
        console.print(Padding(Text(preset.note.removeprefix("models ")), (0, 0, 0, 2)))


@app.command(name="show")
def show_model(spec: Spec, /, *, words: Asked = ()) -> None:
    """Show all that is known of one."""
    if words:
        sys.stdout.write("\n".join(_knowledge(spec, words)) + "\n")
        return
    if spec in PRESETS and spec != "embedded":
        sys.stdout.write(f"{PRESETS[spec].note}\n\n")
        models = [model for part in PRESETS[spec].specs for model in find(part)]
    else:
        models = list(find(spec))
    sys.stdout.write("\n\n".join(map(_description, models)) + "\n")


@app.command(name="pull")
def pull_model(*specs: Spec) -> None:
    """Fetch models from the hub.

    They are kept where HF_HOME says and verified; an interrupted fetch goes on where it stopped.
    """
    from doorways.cli.fetching import fetch

    if not specs:
        raise InputError("models pull needs a spec, such as hub:openai/clip-vit-base-patch32 or piece")
    wanted = [part for spec in specs for part in (PRESETS[spec].specs if spec in PRESETS else (spec,))]
    for spec in wanted:
        if not spec.startswith(HUB):
            sys.stdout.write(f"{find(spec)[0].spec}: nothing to fetch, {find(spec)[0].what}\n")
    for spec, folder in fetch(dict.fromkeys(wanted), again=True):
        sys.stdout.write(f"{spec}: {folder}\n")


def size_text(count: int) -> str:
    """Bytes as an artist reads them: 304 MB, 1.7 GB.

    >>> size_text(304_000_000), size_text(1_713_000_000), size_text(0)
    ('304 MB', '1.7 GB', '-')
    """
    return said(count) if count else "-"


def _knowledge(spec: str, texts: Iterable[str]) -> Iterator[str]:
    """A line for each word of `texts`: whether it is known, what it is read as, and the words of about its meaning.

    Raises:
        InputError: a perceptor that has no list of words, or a text that has none.
    """
    from doorways.perceptors import load_perceptor
    from doorways.perceptors.tower import TowerPerceptor
    from doorways.perceptors.words import split_words

    perceptor = None if spec in PRESETS and spec != "embedded" else load_perceptor(spec)
    if not isinstance(perceptor, TowerPerceptor):
        raise InputError(f"--words: {spec} reads pieces of words and has no list of them; ask it of embedded")
    for text in texts:
        if not split_words(text):
            raise InputError(f"--words {text!r}: has no Latin letters; give English words, such as castle")
        for word in split_words(text):
            read_as = perceptor.fallbacks(word).get(word, word)
            near = ", ".join(other for other, _ in perceptor.words.nearest(read_as))
            yield f"{word}: {'known' if read_as == word else f'not known, read as {read_as}'}; near it: {near}"


def _description(model: Model) -> str:
    lines = (
        f"{model.spec}",
        f"  {model.role}: {model.what}",
        f"  size:    {size_text(model.size_bytes)}",
        f"  licence: {model.licence}",
        f"  source:  {model.source}",
        f"  here:    {'yes' if model.is_here else 'no'}",
    )
    return "\n".join(lines)
