"""How fast a library answers as it grows: `python -m bench.library`, or with the sizes to try, `… 100 1000`.

For each size a library of so many made-up paintings is written into a temporary folder; then each question is asked
`--times` times over, and the median is shown, in milliseconds. A list is one screen of the newest or the best; a search
is for one word that a hundredth of all prompts hold, the closest 20 of them; a claim is one of many that wait, with the
write to the disk that it needs.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from doorways.library import Library

FIRST = ("kelp", "sand", "moon", "fern", "iron", "rose", "dusk", "salt", "bone", "gold")
SECOND = ("forest", "garden", "canyon", "palace", "river", "desert", "temple", "harbour", "meadow", "cave")
WORDS = [first + second for first in FIRST for second in SECOND]
STATES = ("finished",) * 6 + ("waiting",) * 3 + ("stopped",)
SCREEN = 20

app = App(help=__doc__)


def fill(library: Library, count: int, seed: int = 0) -> None:
    """Adds `count` paintings with prompts, states, scores, tags and boards drawn from `seed`."""
    rng = random.Random(seed)
    sweep = library.add_sweep("bench", "").id
    for start in range(0, count, 1000):
        with library.together():
            for number in range(start, min(start + 1000, count)):
                prompts = f"{rng.choice(WORDS)} | {rng.choice(WORDS)}"
                entry = library.add(
                    {"prompts": prompts, "seed": number, "steps": 300, "size": "768x384"},
                    sweep=sweep,
                    subject=prompts,
                    tags=[rng.choice(WORDS)],
                    boards=["best"] if number % 100 == 0 else [],
                    state=rng.choice(STATES),
                )
                library.score(entry.id, {"match": rng.random()})


def questions(library: Library) -> dict[str, Callable[[], object]]:
    """What is asked of a library, by name."""
    last = library.get("last")
    return {
        "get by ID": lambda: library.get(last.id),
        "newest 20": lambda: library.list(order="newest", limit=SCREEN),
        "20 waiting": lambda: library.list(state="waiting", limit=SCREEN),
        "a board": lambda: library.list(board="best", order="newest", limit=SCREEN),
        "20 best by score": lambda: library.list(order="score:match", limit=SCREEN),
        "find a word": lambda: library.find(WORDS[0], limit=SCREEN),
        "counts": library.counts,
        "claim": lambda: library.claim("bench"),
        "beat": lambda: library.beat(last.id, "bench", 1),
        "rate": lambda: library.rate(last.id, 3),
        "add": lambda: library.add({"prompts": "sea", "seed": 1}, state="paused"),
    }


def median_ms(ask: Callable[[], object], times: int) -> float:
    """The median duration of a question, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        taken.append(1e3 * (time.perf_counter() - began))
    return statistics.median(taken)


def measure(count: int, times: int) -> dict[str, float]:
    """Milliseconds for each question to a library of `count` paintings; and for adding one of them when it was filled."""
    with tempfile.TemporaryDirectory() as folder, Library.open(folder) as library:
        began = time.perf_counter()
        fill(library, count)
        filled = 1e3 * (time.perf_counter() - began) / count
        library.release("last", "paused")
        library.take("last", "bench")
        return {"add, many together": filled} | {
            name: median_ms(ask, times) for name, ask in questions(library).items()
        }


@app.default
def main(
    *sizes: int, times: Annotated[int, Parameter(help="How often each question is asked.")] = 21
) -> None:
    """Measures libraries of so many paintings, and prints a table."""
    found = {count: measure(count, times) for count in sizes or (100, 10_000, 100_000)}
    table = Table("milliseconds, median", *(f"{count:,} paintings" for count in found))
    for name in next(iter(found.values())):
        table.add_row(name, *(f"{values[name]:.2f}" for values in found.values()))
    Console().print(table)


if __name__ == "__main__":
    app()
