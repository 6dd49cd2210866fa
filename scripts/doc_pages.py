"""The pages of the documentation as things to run: their commands, programs, recipes and plugins.

    python scripts/doc_pages.py                         every page whole; its pictures go to docs/pictures
    python scripts/doc_pages.py --small docs/paint.md   one page at a small size, in a folder that is thrown away

What a page's blocks mean: `console` holds commands after `$ `, `python` a program, and a block of any other language
whose first line is `# name` the file of that name. The blocks of a page run in order, in one folder and one process.
`<!-- needs a download -->` before a block of commands says that they cannot run here: they must end with exit code 2.
`sh` blocks are for setting up, and are not run.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
SMALL = {"steps": "2", "cutouts": "4", "overviews": "1"}
SMALL_HEIGHT_PX = 32
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
FILE_NAME = re.compile(r"# ([\w.-]+\.(?:toml|py))\n")
DOWNLOAD = "<!-- needs a download -->"


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    needs_download: bool

    @property
    def commands(self) -> list[list[str]]:
        """The words of each command after a `$ `; a line that ends in a backslash goes on."""
        joined = self.text.replace("\\\n", " ")
        return [shlex.split(line[2:]) for line in joined.splitlines() if line.startswith("$ ")]

    @property
    def file(self) -> str | None:
        """The file that this block shows."""
        found = FILE_NAME.match(self.text)
        return found[1] if found else None


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        before = text[: found.start()]
        needs_download = before.rstrip().endswith(DOWNLOAD)
        yield Block(page, before.count("\n") + 1, found[1], found[2], needs_download)


def small_size(size: str) -> str:
    """A size of about the same shape, `SMALL_HEIGHT_PX` high and a multiple of 16 wide."""
    width, height = map(int, size.split("x"))
    return f"{max(2, round(width / height * SMALL_HEIGHT_PX / 16)) * 16}x{SMALL_HEIGHT_PX}"


def small_command(words: list[str]) -> list[str]:
    """The same command with few steps and cutouts on a small canvas."""
    if words[:2] not in (["doorways", "paint"], ["doorways", "heal"]) or "--resume" in words:
        return words
    words = list(words)
    for name in [word for word in words if word in {f"--{name}" for name in SMALL}]:
        at = words.index(name)
        del words[at : at + 2]
    for name in ("--size", "--start-size"):
        if name in words:
            words[words.index(name) + 1] = small_size(words[words.index(name) + 1])
    if words[1] == "paint" and "--size" not in words and "--recipe" not in words:
        words += ["--size", small_size("768x384")]
    return words + [part for name, value in SMALL.items() for part in (f"--{name}", value)]


class SmallCalls(ast.NodeTransformer):
    """Gives every `doorways.paint(...)` and `doorways.Recipe.build(...)` of a program few steps and a small canvas."""

    def visit_Call(self, call: ast.Call) -> ast.Call:
        """Replaces size, steps and cutouts of a call that paints."""
        self.generic_visit(call)
        if ast.unparse(call.func) in {"doorways.paint", "doorways.Recipe.build"}:
            given = {keyword.arg: keyword for keyword in call.keywords}
            size = given["size"].value if "size" in given else ast.Constant("768x384")
            small = {"size": small_size(ast.literal_eval(size))} | {name: int(n) for name, n in SMALL.items()}
            kept = [keyword for keyword in call.keywords if keyword.arg not in small]
            call.keywords = kept + [ast.keyword(name, ast.Constant(value)) for name, value in small.items()]
        return call


def small_recipe(text: str) -> str:
    """The same TOML recipe with few steps and cutouts on a small canvas."""
    size = small_size(tomllib.loads(text).get("size", "768x384"))
    kept = [line for line in text.splitlines() if line.partition("=")[0].strip() not in {*SMALL, "size"}]
    return "\n".join([f'size = "{size}"', *(f"{name} = {value}" for name, value in SMALL.items()), *kept])


def small_theme(text: str) -> str:
    """The same theme with two seeds, few steps and cutouts on a small canvas."""
    text = re.sub(
        r'^(size|start_size) = "(\S+)"',
        lambda found: f'{found[1]} = "{small_size(found[2])}"',
        text,
        flags=re.M,
    )
    text = re.sub(rf"^({'|'.join(SMALL)}) = .*\n", "", text, flags=re.M)
    text = re.sub(r"^seeds = .*$", "seeds = 2", text, flags=re.M)
    given = "".join(f"{name} = {value}\n" for name, value in SMALL.items())
    return text.replace("[recipe]\n", f"[recipe]\n{given}")


def write_file(block: Block, *, small: bool) -> None:
    """Writes the file that a block shows; a plugin's pyproject.toml is installed as pip would record it."""
    assert block.file is not None
    settings = tomllib.loads(block.text) if block.file.endswith(".toml") else {}
    make_small = small_recipe if "prompts" in settings else small_theme
    text = make_small(block.text) if small and block.file.endswith(".toml") else block.text
    Path(block.file).write_text(text, encoding="utf-8")
    if "project" not in settings:
        return
    project = settings["project"]
    record = Path(f"{project['name'].replace('-', '_')}-{project['version']}.dist-info")
    record.mkdir()
    (record / "METADATA").write_text(
        f"Name: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    groups = project.get("entry-points", {}).items()
    lines = [
        line
        for group, entries in groups
        for line in (f"[{group}]", *(f"{k} = {v}" for k, v in entries.items()))
    ]
    (record / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def run_command(words: list[str]) -> int:
    """The exit code of a `doorways` command, run in this process."""
    from doorways.cli.app import main

    sys.argv = list(words)
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def run_block(block: Block, names: dict[str, object], *, small: bool) -> None:
    """Runs one block; a command that ends otherwise than it must stops everything with its page and line."""
    place = f"{block.page.relative_to(ROOT)}:{block.line}"
    if block.language == "console" and (small or not block.needs_download):
        for words in block.commands:
            shown = shlex.join(small_command(words) if small else words)
            print(f"{place}: {shown}", flush=True)
            code = run_command(
                shlex.split(shown) + (["--force"] if words[:2] == ["doorways", "paint"] else [])
            )
            if code != (2 if block.needs_download else 0):
                sys.exit(f"{place}: {shown} ended with exit code {code}")
    elif block.file:
        write_file(block, small=small)
    elif block.language == "python":
        print(f"{place}: python", flush=True)
        program = ast.parse(block.text, filename=place)
        program = ast.fix_missing_locations(SmallCalls().visit(program)) if small else program
        exec(compile(program, place, "exec"), names)


def run_page(page: Path, *, small: bool) -> None:
    """Runs a page in a folder of its own; whole, what it wrote into a folder `pictures` is kept."""
    pictures = "docs/pictures" if page.name == "README.md" else "pictures"
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as library:
        os.environ["DOORWAYS_LIBRARY"] = library  # never the user's own, and empty when the page begins
        os.chdir(folder)
        sys.path.insert(0, folder)
        Path(pictures).mkdir(parents=True)
        names: dict[str, object] = {"__name__": "__main__"}
        for block in blocks(page):
            run_block(block, names, small=small)
        if not small:
            shutil.copytree(pictures, ROOT / "docs" / "pictures", dirs_exist_ok=True)
        os.chdir(ROOT)
        sys.path.remove(folder)


def main() -> None:
    """Runs the pages named, or all of them."""
    parser = argparse.ArgumentParser(description="Runs what the pages of the documentation show.")
    parser.add_argument("pages", nargs="*", type=Path, help="pages to run; all of them if none is named")
    parser.add_argument("--small", action="store_true", help="at a small size, and keep nothing")
    given = parser.parse_args()
    if len(given.pages) == 1:
        run_page(given.pages[0].resolve(), small=given.small)
        return
    for page in given.pages or PAGES:  # each in a process of its own: plugins are found once a process
        subprocess.run([sys.executable, __file__, page, *(["--small"] if given.small else [])], check=True)


if __name__ == "__main__":
    main()
