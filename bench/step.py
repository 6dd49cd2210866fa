"""What a step costs, by part, beside a straightforward one of the genre and the peers' own: `python -m bench.step`.

Protocol. All are built once on models of the same shapes and weights (ours, the reference and the peers each have a copy) and
take one step to warm up. Then they take turns, ours, the reference's, one of each peer, ours, …, on the same threads, so
that whatever else the machine does falls on all; of each, medians are reported, and a ratio is the median of the turns'
ratios (that of processor time to the reference is shown beside it: it is steadier where others use the machine too). Parts
are measured in further steps of ours, with a clock around the engine's seams and hooks on the way back
(`bench/stopwatch.py`), as shares of these steps. Memory is the peak resident memory during two steps after everything is
built, each in a process of its own, models and libraries included (`bench/memory.py`); no turn is shared, so they are
measured one after the other. The floor (`bench/floor.py`) is what the models' arithmetic takes at the rate of matrix
products, which is found anew at each turn; the ratio to it is the median of the turns' too. Ours paints with the prompt match
alone, as the reference does, and keeps its average besides; fp32 on the CPU, but for the cases that say bf16. The reference
and the peers are in fp32 in every case. `piece-at-once` embeds all pieces at once, and not a few at a time as by default.

Peers are measured where `--peers` names a folder with checkouts of them, around the random models (`bench/peers.py` says what
of a step is theirs: all but the models). The best peer is the one of the shortest step, and for memory the one of the least.

The targets are for VQGAN f16-16384 with ViT-B/32 at 768x256 and 32 cutouts: at most 0.9 of the reference's time,
0.75 of its memory, 10 % of a step for all that is neither generator nor perceptor, and 1.25 times the floor, in fp32. With
peers besides: at most 0.55 of the best one's time in bf16, where the CPU has instructions for it, and 0.5 of the
best one's memory. Exits 1 where one is missed.
Leaves docs/bench/step.json and step.png.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console

from bench import floor, peers, shapes
from bench.memory import peak_mib
from bench.reference import Reference, build
from bench.results import FOLDER, Verdict, report
from bench.stopwatch import MODELS, PARTS, timed, watched
from doorways.devices import DTYPES, cpu_has_bf16
from doorways.errors import DoorwaysError
from doorways.painter import Painter
from doorways.recipe import Recipe
from doorways.size import Size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PROMPTS = "forest | kelp forest"
TIME, MEMORY, REST, FLOOR = 0.9, 0.75, 0.1, 1.25
"""The targets: of the reference's time, of its memory, of a step for what is no model, and of the floor."""
PEER_TIME, PEER_MEMORY = 0.55, 0.5
"""The targets beside the best peer: of its time, in bf16, and of its memory."""


@dataclass(frozen=True)
class Case:
    """Models, a size and our precision to measure; `judged` where the targets are for it."""

    generator: str
    perceptor: str
    size: Size
    judged: bool = False
    precision: str = "fp32"
    at_once: bool = False

    def __str__(self) -> str:
        how = ", all pieces at once" * self.at_once
        return f"{self.generator} + {self.perceptor}, {self.size}, {self.precision}{how}"


CASES = {
    "piece": Case("random-f16-16384", "random-vit-b-32", Size(768, 256), judged=True),
    "piece-bf16": Case("random-f16-16384", "random-vit-b-32", Size(768, 256), judged=True, precision="bf16"),
    "piece-at-once": Case("random-f16-16384", "random-vit-b-32", Size(768, 256), at_once=True),
    "piece-small": Case("random-f16-16384", "random-vit-b-32", Size(256, 128)),
    "piece-square": Case("random-f16-16384", "random-vit-b-32", Size(256, 256)),
    "embedded": Case("embedded", "embedded", Size(768, 384)),
    "embedded-bf16": Case("embedded", "embedded", Size(768, 384), precision="bf16"),
    "tiny": Case("random-tiny-vqgan", "random-tiny-clip", Size(64, 32)),
}
"""By the names that `--cases` takes."""


def prompts() -> list[str]:
    """The two prompts by themselves."""
    return [prompt.strip() for prompt in PROMPTS.split("|")]


def ours(case: Case, cutouts: int) -> Painter:
    """A painter of `case` that does not grow and minimises the prompt match alone."""
    shapes.enter()
    recipe = Recipe.build(
        prompts=PROMPTS,
        size=case.size,
        start_size=case.size,
        cutouts=cutouts,
        steps=1000,
        seed=0,
        generator=case.generator,
        perceptor=shapes.perceptor_spec(case.perceptor),
        semantic_symmetry=0,
        tone_symmetry=0,
        edge_symmetry=0,
        smoothness=0,
        device="cpu",
        precision=case.precision,
        micro_batch=cutouts if case.at_once else None,
    )
    return Painter(recipe)


def our_step(case: Case, cutouts: int) -> Callable[[], object]:
    """Ours, ready to step."""
    return ours(case, cutouts).take_step


def theirs(case: Case, cutouts: int) -> Reference:
    """The reference."""
    return build(case.generator, case.perceptor, prompts(), case.size, cutouts)


def their_step(case: Case, cutouts: int) -> Callable[[], object]:
    """The reference, ready to step."""
    return theirs(case, cutouts).take_step


def stage(case: Case, cutouts: int) -> peers.Stage:
    """What peers paint."""
    return peers.Stage.build(case.generator, case.perceptor, prompts(), case.size, cutouts)


def peer_step(case: Case, cutouts: int, name: str, folder: Path) -> Callable[[], object]:
    """The peer `name`, ready to step."""
    return peers.build(name, folder, stage(case, cutouts)).take_step


def peer_steps(case: Case, cutouts: int, folder: Path | None) -> tuple[dict[str, Any], dict[str, str]]:
    """The steps of the peers that `folder` has, each taken once, and why others are left out."""
    if folder is None or case.generator not in shapes.GENERATORS or case.perceptor not in shapes.PERCEPTORS:
        return {}, {}
    shared, steps, left_out = stage(case, cutouts), {}, {}
    for name in peers.PEERS:
        try:
            step = peers.build(name, folder, shared).take_step
            step()
        except DoorwaysError as error:
            left_out[name] = str(error)
        except Exception as error:  # anything may go wrong in what others wrote
            left_out[name] = f"it does not run: {type(error).__name__}: {error}"
        else:
            steps[name] = step
    return steps, left_out


def measure(
    case: Case, *, cutouts: int, repeats: int, memory: bool, folder: Path | None = None
) -> dict[str, Any]:
    """Seconds, shares by part, and MiB of one case; of the peers in `folder` too, where there is one."""
    painter, reference = ours(case, cutouts), theirs(case, cutouts)
    painter.take_step()
    reference.take_step()
    others, left_out = peer_steps(case, cutouts, folder)
    steps = {"ours": painter.take_step, "reference": reference.take_step, **others}
    least, dtype = floor.multiply_adds(reference), DTYPES[case.precision]
    turns = [
        {name: timed(step) for name, step in steps.items()} | {"floor": (least / floor.rate(dtype),)}
        for _ in range(repeats)
    ]
    with watched(painter) as watch:
        for _ in range(max(1, repeats // 2)):
            painter.take_step()
    whole = sum(watch.seconds.values())
    shares = {part: watch.seconds[part] / whole for part in PARTS}
    medians = {name: statistics.median(turn[name][0] for turn in turns) for name in turns[0]}
    found: dict[str, Any] = {
        "case": str(case),
        "precision": case.precision,
        "cutouts": cutouts,
        "turns": turns,
        "multiply-adds": least,
        "seconds": medians,
        "time": ratio(turns, "reference"),
        "processor time": ratio(turns, "reference", processor=True),
        "over the floor": ratio(turns, "floor"),
        "shares": shares,
        "rest": 1 - sum(shares[part] for part in MODELS),
    }
    if folder is not None:
        found |= {"peers": {name: peers.digest(name, folder) for name in others}, "left out": left_out}
    if others:
        found |= {
            "best peer": (best := min(others, key=medians.__getitem__)),
            "peer time": ratio(turns, best),
        }
    del painter, reference, steps
    if memory:
        mib = {"ours": peak_mib(our_step, case, cutouts), "reference": peak_mib(their_step, case, cutouts)}
        mib |= {name: peak_mib(peer_step, case, cutouts, name, folder) for name in others}
        peaks = {name: one["peak"] for name, one in mib.items()}
        found |= {"memory_mib": mib, "memory": peaks["ours"] / peaks["reference"]}
        if others:
            found["peer memory"] = peaks["ours"] / min(peaks[name] for name in others)
    return found


def ratio(turns: list[dict[str, Any]], other: str, *, processor: bool = False) -> float:
    """Of our time to `other`'s, the median of the turns'."""
    return statistics.median(turn["ours"][processor] / turn[other][processor] for turn in turns)


def judge(found: Mapping[str, Any]) -> list[Verdict]:
    """The targets against one case's numbers."""
    precision, verdicts = found["precision"], []
    if precision == "fp32":
        verdicts += [
            at_most("time", TIME, found["time"], "of the reference's"),
            at_most("peak memory", MEMORY, found.get("memory"), "of the reference's"),
            Verdict(
                f"neither generator nor perceptor <= {REST:.0%}",
                f"{found['rest']:.1%}",
                found["rest"] <= REST,
            ),
            at_most("time", FLOOR, found["over the floor"], "of the floor"),
        ]
    elif cpu_has_bf16():
        verdicts.append(at_most(f"{precision} time", PEER_TIME, found.get("peer time"), "of the best peer's"))
    verdicts.append(
        at_most(f"{precision} peak memory", PEER_MEMORY, found.get("peer memory"), "of the best peer's")
    )
    return [verdict for verdict in verdicts if verdict]


def at_most(what: str, target: float, value: float | None, of: str) -> Verdict | None:
    """The verdict on one ratio; None where it was not measured."""
    return value if value is None else Verdict(f"{what} <= {target} {of}", f"{value:.2f}", value <= target)


def run(
    *,
    cases: tuple[str, ...] = ("piece", "piece-bf16", "embedded", "embedded-bf16"),
    cutouts: int = 32,
    repeats: int = 5,
    memory: bool = True,
    folder: Annotated[Path | None, Parameter(name="--peers")] = None,
    out: Path = FOLDER,
) -> bool:
    """Measures a step of ours beside the reference's, and beside the peers'.

    Args:
        cases: which of `piece`, `piece-bf16`, `piece-at-once`, `piece-small`, `piece-square`, `embedded`, `embedded-bf16`,
            `tiny`.
        cutouts: a step's cutouts.
        repeats: turns of each.
        memory: whether memory is measured too (in a process for each).
        folder: folder with checkouts of nerdyrodent/VQGAN-CLIP, tnwei/vqgan-clip-app, rkhamilton/vqgan-clip-generator and
            EleutherAI/vqgan-clip, or some of them, each called by its owner or its repository. Their own code is executed,
            with your rights: name only a folder whose checkouts you trust. With kornia installed their cutouts are
            augmented as by default.
        out: folder for step.json and step.png.
    """
    results, verdicts = [], []
    for name in cases:
        case = CASES[name]
        try:
            found = measure(case, cutouts=cutouts, repeats=repeats, memory=memory, folder=folder)
        except DoorwaysError as error:
            Console().print(f"{name} is left out: {error}")
            continue
        for peer, why in found.get("left out", {}).items():
            Console().print(f"{peer} is left out of {name}: {why}", markup=False)
        results.append(found)
        verdicts += judge(found) if case.judged else []
    draw(results, out / "step.png")
    return report(
        "step",
        f"A step of {cutouts} cutouts" + (f"; the peers' cutouts {peers.augmentation()}" if folder else ""),
        ["", *(found["case"] for found in results)],
        lines(results),
        verdicts=verdicts,
        data={"protocol": __doc__, "cases": results},
        out=out,
    )


def lines(results: list[dict[str, Any]]) -> list[list[Any]]:
    """The table: a line for each quantity, a column for each case."""
    names = list(dict.fromkeys(name for found in results for name in found["seconds"] if name != "floor"))
    others = any("peer time" in found for found in results)
    table = [
        *([f"{told(name)}, s", *(found["seconds"].get(name, "") for found in results)] for name in names),
        ["time, ours / reference", *(found["time"] for found in results)],
        ["processor time, likewise", *(found["processor time"] for found in results)],
        ["floor, s", *(found["seconds"]["floor"] for found in results)],
        ["time, ours / floor", *(found["over the floor"] for found in results)],
    ]
    if others:
        table.insert(
            len(names) + 2, ["time, ours / best peer", *(found.get("peer time", "") for found in results)]
        )
    if all("memory" in found for found in results):
        for name in names:
            peaks = [found["memory_mib"].get(name, {}).get("peak") for found in results]
            table.append(
                [f"{told(name)}, peak MiB", *("" if peak is None else round(peak) for peak in peaks)]
            )
        table.append(["memory, ours / reference", *(found["memory"] for found in results)])
        if others:
            table.append(["memory, ours / best peer", *(found.get("peer memory", "") for found in results)])
    table += [[f"  {part}", *(f"{found['shares'][part]:.1%}" for found in results)] for part in PARTS]
    return [*table, ["neither generator nor perceptor", *(f"{found['rest']:.1%}" for found in results)]]


def told(name: str) -> str:
    """A side's name, and what a peer's step does that others do not."""
    return peers.label(name) if name in peers.PEERS else name


def draw(results: list[dict[str, Any]], path: Path) -> None:
    """Seconds and memory of each side, a column for each case, as one picture; ours by part, and the floor."""
    from matplotlib.figure import Figure  # not where memory is measured

    figure = Figure(figsize=(5.5 * max(1, len(results)), 6), layout="constrained")
    axes = figure.subplots(2, max(1, len(results)), squeeze=False)
    for column, found in enumerate(results):
        above, below = axes[:, column]
        sides = [name for name in found["seconds"] if name != "floor"]
        bars(above, sides, [found["seconds"][name] for name in sides])
        begins = 0.0
        for rank, part in enumerate(PARTS):
            length = found["shares"][part] * found["seconds"]["ours"]
            above.barh("ours", length, left=begins, color=f"C{rank}", label=part)
            begins += length
        above.axvline(found["seconds"]["floor"], linestyle="--", color="black", label="floor")
        above.set(title=found["case"].replace(", ", "\n", 1), xlabel="a step, s")
        above.title.set_fontsize("small")
        if "memory_mib" in found:
            bars(below, sides, [found["memory_mib"][name]["peak"] for name in sides])
            below.set_xlabel("a step, peak MiB")
        else:
            below.set_axis_off()
    if results:
        figure.legend(
            *axes[0][0].get_legend_handles_labels(),
            loc="outside lower center",
            ncols=3 * len(results),
            fontsize="small",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def bars(axes: Axes, names: list[str], values: list[float]) -> None:
    """A bar for each name, the first at the top, with its value beside it."""
    drawn = axes.barh(names, values, color=["C0", *["lightgrey"] * (len(names) - 1)])
    labels = [f"{value:.3g}" if value < 1000 else f"{value:,.0f}" for value in values]
    axes.bar_label(drawn, labels, padding=2, fontsize="small")
    axes.invert_yaxis()
    axes.margins(x=0.2)
    axes.tick_params(axis="y", labelsize="small")


if __name__ == "__main__":
    app = App(name="bench.step")
    app.default(run)
    raise SystemExit(0 if app(result_action="return_value") else 1)
