"""Whether the memory of a step is told right beforehand, and whether a step fits what is asked: `python -m bench.memory_plan`.

Protocol. Forecast: for ten settings of models, size, cutouts, precision, micro-batch, recomputation and pairs, a process of its
own loads the models and says, from six small steps, how much a step will take (`doorways.memory`); another one, in which
nothing was tried before, takes two steps, and its peak resident memory during these is what was to be told, models and
libraries included. Thrift: a painting is asked for with less memory than it takes, takes two steps in a process of its own,
and its peak is compared with what was asked; and its latent after three steps with that of the painting that may take all.
Micro-batches and recomputation are to change it by rounding alone: in fp32, by at most 1 in 1,000 of how far the latent
has moved, measured as norms. (Three steps, since rounding grows over many as in any descent.)

Targets: every forecast within 15 % of the peak; every peak within 1.05 of what was asked. Exits 1 where one is missed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cyclopts import App
from rich.console import Console
from rich.progress import track

from bench import shapes
from bench.memory import peak_mib
from bench.results import FOLDER, Verdict, report
from doorways.amount import parse_bytes
from doorways.ensemble import Ensemble
from doorways.memory import forecast
from doorways.memory.budget import used
from doorways.memory.forecast import step_pixels
from doorways.painter import Painter
from doorways.prompts import parse_prompts
from doorways.recipe import Recipe

OFF, OVER, ROUNDING = 0.15, 1.05, 1e-3
"""The targets: of a forecast, of a peak over what was asked, of rounding."""
EMBEDDED = {"generator": "embedded", "perceptor": "embedded"}
PIECE = {"generator": "random-f16-16384", "perceptor": "random-vit-b-32"}
SETTINGS: tuple[dict[str, Any], ...] = (
    EMBEDDED | {"size": "768x384", "precision": "fp32"},
    EMBEDDED | {"size": "768x384", "precision": "bf16"},
    EMBEDDED | {"size": "1536x768", "precision": "bf16"},
    EMBEDDED | {"size": "1024x512", "precision": "fp32", "cutouts": 128, "micro_batch": 16},
    EMBEDDED | {"size": "2048x512", "precision": "fp32", "recompute": True, "semantic_symmetry": 0.2},
    EMBEDDED | {"size": "4096x512", "precision": "bf16", "window": 1536},
    PIECE | {"size": "256x256", "precision": "fp32"},
    PIECE | {"size": "512x256", "precision": "fp32", "micro_batch": 4},
    PIECE | {"size": "512x256", "precision": "fp32", "micro_batch": 4, "recompute": True},
    PIECE | {"size": "512x256", "precision": "bf16", "cutouts": 16},
)
LIMITS: tuple[tuple[dict[str, Any], str], ...] = (
    (PIECE | {"size": "256x128", "precision": "fp32"}, "2.1GB"),
    (EMBEDDED | {"size": "1536x512", "precision": "fp32"}, "1.05GB"),
    (EMBEDDED | {"size": "1536x512", "precision": "auto"}, "800MB"),
)
"""Paintings, and what they may take."""


def recipe(settings: dict[str, Any]) -> Recipe:
    """A painting that does not grow."""
    shapes.enter()
    given: dict[str, Any] = {
        "prompts": "forest | kelp forest",
        "seed": 0,
        "steps": 1000,
        "device": "cpu",
    } | settings
    given["perceptor"] = shapes.perceptor_spec(given["perceptor"])
    return Recipe.build(**given, start_size=given["size"])


def told(settings: dict[str, Any]) -> float:
    """MiB that a step will take, models and libraries included."""
    wanted = recipe(settings)
    ensemble = Ensemble.open(wanted, parse_prompts(wanted.prompts))
    painter = Painter(wanted, ensemble=ensemble)
    held = used(painter.place.device)
    ahead = forecast(painter.recipe, painter.generator, painter.rehearse, painter.place.device)
    count = painter.recipe.cutouts
    need = ahead.need(step_pixels(painter.recipe), count, painter.recipe.micro_batch or count)
    return (held + need) / 2**20


def as_it_is(settings: dict[str, Any]) -> Callable[[], object]:
    """A step of the painting, whatever it takes."""
    wanted = recipe(settings)
    return Painter(wanted, ensemble=Ensemble.open(wanted, parse_prompts(wanted.prompts))).take_step


def within(settings: dict[str, Any], memory: str) -> Callable[[], object]:
    """A step of the painting within what it may take."""
    return Painter(recipe(settings | {"memory": memory})).take_step


def difference(settings: dict[str, Any], memory: str) -> dict[str, Any]:
    """What was chosen, and how far the latent is off after three steps, over how far it has moved."""
    thrifty = Painter(recipe(settings | {"memory": memory}))
    chosen = {
        name: getattr(thrifty.recipe, name) for name in ("micro_batch", "recompute", "window", "precision")
    }
    wanted = recipe(settings | {"precision": thrifty.recipe.precision, "window": thrifty.recipe.window})
    whole = Painter(wanted, ensemble=Ensemble.open(wanted, parse_prompts(wanted.prompts)))
    begun = whole.descent.latent.clone()
    for painter in (thrifty, whole):
        for _ in range(3):
            painter.take_step()
    moved = (whole.descent.latent - begun).norm()
    return {
        "chosen": chosen,
        "difference": float((thrifty.descent.latent - whole.descent.latent).norm() / moved),
    }


def alone(work: Callable[..., Any], *args: Any) -> Any:
    """`work` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def name(settings: dict[str, Any]) -> str:
    """A setting in a few words."""
    models = "embedded" if settings["generator"] == "embedded" else "f16-16384 + ViT-B/32"
    rest = [
        f"{key} {value}" for key, value in settings.items() if key not in ("generator", "perceptor", "size")
    ]
    return ", ".join([models, settings["size"], *rest])


def run(*, settings: int = len(SETTINGS), limits: int = len(LIMITS), out: Path = FOLDER) -> bool:
    """Measures how well memory is told and kept to.

    Args:
        settings: how many of the settings to tell the memory of.
        limits: how many paintings to limit.
        out: folder for memory_plan.json.
    """
    rows: list[list[Any]] = []
    verdicts: list[Verdict] = []
    found: dict[str, Any] = {"protocol": __doc__, "forecasts": [], "limits": []}
    for given in track(SETTINGS[:settings], "forecasts", console=Console(stderr=True)):
        ahead, peak = alone(told, given), peak_mib(as_it_is, given)["peak"]
        off = ahead / peak - 1
        rows.append([name(given), round(ahead), round(peak), f"{off:+.1%}"])
        verdicts.append(Verdict(f"forecast within {OFF:.0%}: {name(given)}", f"{off:+.1%}", abs(off) <= OFF))
        found["forecasts"].append({"settings": given, "told_mib": ahead, "peak_mib": peak, "off": off})
    for given, memory in track(LIMITS[:limits], "limits", console=Console(stderr=True)):
        peak = peak_mib(within, given, memory)["peak"]
        kept = alone(difference, given, memory)
        share = peak * 2**20 / parse_bytes(memory)
        label = f"{name(given)}, memory {memory}"
        how = ", ".join(f"{key} {value}" for key, value in kept["chosen"].items())
        rows.append(
            [label, memory, round(peak), f"{share - 1:+.1%} ({how}; latent {kept['difference']:.1e})"]
        )
        verdicts.append(Verdict(f"within {OVER} of what was asked: {label}", f"{share:.2f}", share <= OVER))
        if kept["chosen"]["precision"] == "fp32":
            rounded = kept["difference"] <= ROUNDING
            verdicts.append(Verdict(f"as without a limit: {label}", f"{kept['difference']:.1e}", rounded))
        found["limits"].append({"settings": given, "memory": memory, "peak_mib": peak, **kept})
    return report(
        "memory_plan",
        "Memory of a step: told, and asked for",
        ("setting", "told or asked for, MiB", "peak, MiB", "off"),
        rows,
        verdicts=verdicts,
        data=found,
        out=out,
    )


if __name__ == "__main__":
    app = App(name="bench.memory_plan")
    app.default(run)
    raise SystemExit(0 if app(result_action="return_value") else 1)
