"""`doorways`: the command line, and what happens around every command of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

import doorways
from doorways.cli import failures
from doorways.errors import InputError

DEBUG = "--debug"

app = App(
    name="doorways",
    help="Paint panoramas from text: two or more worlds in one picture.",
    help_epilogue=f"doorways COMMAND --help says more of each. {DEBUG} shows the whole traceback of an error.",
    help_format="plaintext",
    version=doorways.__version__,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
    exit_on_error=False,
    print_error=False,
)
# Commands are imported when they are called, so that each waits for nothing but its own needs.
for rank, (name, summary) in enumerate(
    {
        "paint": "Paint a panorama.",
        "explore": "Paint a theme, and find the best few of many.",
        "show": "Print the recipe inside a picture.",
        "library": "List, find, judge and move what has been painted.",
        "judge": "Measure pictures: match, contrast, symmetry, repetition, sharpness.",
        "rank": "Put pictures in order, the best first: by weights that you set, and by your taste.",
        "surgery": "Operate on a picture, by a script or in an editor.",
        "heal": "Let the optimisation heal a picture that was operated on.",
        "cull": "Go through paintings, and say with one key what becomes of each.",
        "sheet": "Lay out many pictures on one sheet.",
        "publish": "Publish pictures as a gallery for the web.",
        "models": "List the models that are known, show one, fetch one.",
    }.items()
):
    app.command(f"doorways.cli.{name}:app", name=name, help=summary, sort_key=rank)


def run(words: Sequence[str]) -> int:
    """Runs a command given as its words, and returns its exit code: 0, 2 for bad input, 1 for other failures."""
    end = words.index("--") if "--" in words else len(words)
    debug = DEBUG in words[:end]
    words = [word for place, word in enumerate(words) if word != DEBUG or place > end]
    try:
        code = app(words)
        sys.stdout.flush()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except BrokenPipeError:  # `doorways show picture.png | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except CycloptsError as error:
        return failures.show(_usage(error), debug=debug)
    except (Exception, KeyboardInterrupt) as error:
        return failures.show(error, debug=debug)
    return code if isinstance(code, int) else 0


def _usage(error: CycloptsError) -> InputError:
    """What is wrong with the words of a command, in one sentence."""
    text = " ".join(str(error).split())
    command = " ".join(("doorways", *(error.command_chain or ())))
    found = InputError(f"{text.rstrip('.')} (`{command} --help` lists what there is)")
    found.__cause__ = error
    return found


def main() -> None:
    """The entry point of the command."""
    sys.exit(run(sys.argv[1:]))
