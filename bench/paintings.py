"""Paintings for a bench: each is painted once, kept in bench/cache/ and read from there the next time.

A painting is known by its whole recipe, by the fingerprints of weights and sketches, and by the engine's source
less its comments, so that a bench that was stopped goes on where it was, and nothing old is taken for new. What is judged
is always the 8-bit picture, as an artist has it.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

import doorways
from doorways.generators import load_generator
from doorways.painter import Painter
from doorways.perceptors import load_perceptor
from doorways.pictures import read_picture, to_image
from doorways.png import save_png
from doorways.recipe import Recipe
from doorways.start import Start

CACHE = Path(__file__).parent / "cache"
FACES = (
    "cli",
    "judge",
    "explore",
    "export",
    "library",
    "surgery",
    "models",
    "registry.py",
    "video.py",
    "trajectory.py",
    "png.py",
    "metadata.py",
    "checkpoint.py",
    "swap.py",
)
"""Parts of the package that have no say in what a picture looks like."""


def paint_all(recipes: Iterable[Recipe], *, cache_folder: Path = CACHE) -> list[Tensor]:
    """The pictures [1, 3, H, W] of `recipes`, those painted that are not in the cache yet."""
    recipes = list(recipes)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task, pictures = progress.add_task("paintings", total=len(recipes)), []
        for recipe in recipes:
            progress.update(task, description=recipe.prompts)
            pictures.append(painted(recipe, cache_folder))
            progress.advance(task)
    return pictures


def painted(recipe: Recipe, cache_folder: Path = CACHE) -> Tensor:
    """The picture of one recipe."""
    path = cache_folder / f"{key(recipe)}.png"
    if not path.is_file():
        painter = Painter(recipe)
        for _ in painter:
            pass
        cache_folder.mkdir(parents=True, exist_ok=True)
        save_png(
            path,
            to_image(painter.picture()),
            painter.recipe,
            step=painter.step,
            finished=True,
            machine=painter.machine(),
        )
    return read_picture(path)


def key(recipe: Recipe) -> str:
    """16 hexadecimal digits for all that decides the picture but the machine."""
    weights = [
        generator_weights(recipe.generator),
        *(perceptor_weights(spec) for spec, _ in recipe.weighted_perceptors),
    ]
    book = Start.read(recipe).sketchbook
    sketches = [] if book is None else [book.fingerprint]
    known = json.dumps([recipe.settings(), weights + sketches, engine()], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def weights_used(**perceptors: str) -> dict[str, str]:
    """The fingerprints of the embedded models that paint, and of other perceptors that had a part, for a bench's record.

    A record's figures are of the models that ship as long as these are (`tests/test_docs.py`).
    """
    specs = {"perceptor": "embedded"} | perceptors
    found = {name: perceptor_weights(spec) for name, spec in specs.items()}
    return {"generator": generator_weights("embedded")} | found


@cache
def generator_weights(spec: str) -> str:
    """The fingerprint of a generator, loaded once a process."""
    return load_generator(spec).fingerprint


@cache
def perceptor_weights(spec: str) -> str:
    """The fingerprint of a perceptor, loaded once a process."""
    return load_perceptor(spec).fingerprint


@cache
def engine() -> str:
    """A digest of the engine's source."""
    root = Path(doorways.__path__[0])
    return source(path for path in root.rglob("*.py") if path.relative_to(root).parts[0] not in FACES)


def source(paths: Iterable[Path]) -> str:
    """A digest of Python files with their names and folders, which comments, docstrings and layout do not change."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update("/".join(path.parts[-2:]).encode() + code(path.read_text("utf-8")).encode())
    return digest.hexdigest()


def code(text: str) -> str:
    """What `text` says to Python, without what it says to people.

    >>> code("x = 2  # twice" + chr(10) + "'Sides.'") == code("x   =  2" + chr(10) + "'How many sides.'")
    True
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [ast.Pass() if _is_said(line) else line for line in body]
    return ast.dump(tree)


def _is_said(line: ast.AST) -> bool:
    """Whether it is a docstring: of what it begins, or of the name before it."""
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )
