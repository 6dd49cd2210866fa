"""What an artist is told when something fails: one sentence, and an exit code."""

from __future__ import annotations

import errno
import sys
from types import TracebackType

from doorways.errors import DoorwaysError, InputError

BAD_INPUT, FAILURE, INTERRUPTED = 2, 1, 130


def explain(error: BaseException) -> tuple[str, int]:
    """The sentence for an error, and the exit code: 2 for what the user can mend, else 1; 130 for Ctrl-C."""
    if isinstance(error, KeyboardInterrupt):
        return "stopped", INTERRUPTED
    if isinstance(error, InputError):
        return str(error), BAD_INPUT
    if isinstance(error, DoorwaysError):
        return str(error), FAILURE
    if is_out_of_memory(error):
        return (
            "there is too little memory for this painting; make it smaller (--size), look at fewer pieces "
            "(--cutouts), or choose smaller models (--models)"
        ), FAILURE
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full; free some space, and run the command again", FAILURE
    kind = type(error).__name__
    return f"unexpected {kind}: {error}; run again with --debug and report what it shows", FAILURE


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory has run out: Python's own, CUDA's, or the CPU allocator's."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("allocate memory" in text or "out of memory" in text)


def show(error: BaseException, *, debug: bool) -> int:
    """Tells stderr what went wrong, with the traceback if `debug`, and gives the exit code."""
    text, code = explain(error)
    if debug and not isinstance(error, KeyboardInterrupt):
        _show_traceback(type(error), error, error.__traceback__)
    sys.stderr.write(f"doorways: {' '.join(text.split())}\n")
    return code


def _show_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    import traceback

    sys.stderr.write("".join(traceback.format_exception(kind, error, trace)))
