"""How good the embedded models are: on drawings of families, and over photographs, that nothing was trained on.

`python -m bench.embedded` measures what ships, prints a table, and writes `docs/bench/embedded.json`, a sheet of what
the generator's codes look like, and the figures in the models' card; it exits with 1 where an aim is missed. It needs
`make train-data` for the drawings.
With `--sample`, or for models elsewhere, it only prints: `python -m bench.embedded --sample 200 --work`.

Names: every held-out drawing whose name training knows, alone in the middle of the picture, against all names that
training knows. Attacked: after 20 steps of projected gradient within 0.0144 root-mean-square per value, the largest radius
that models are trained with. Beside them stand the rates on emoji that training has shown
(up to 1,000, over white, not attacked): what is between them was learned by heart.

Generator: `bench/generator.py`. What is aimed at, of the perceptor and the generator, is told in `verdicts`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from bench.generator import (
    BATCH,
    SCENE_SIDES,
    SCENES,
    SEED,
    Figures,
    held_out_scenes,
    measure_generator,
    walks,
)
from bench.results import FOLDER, Verdict, report
from doorways.generators import vqgan
from doorways.perceptors import tower
from training.attack import RADIUS_PER_VALUE, attack, radius_of
from training.drawings import EMOJI
from training.fetch import WORK
from training.scenes import concept_names, read_rows, shrink
from training.ship import EMBEDDED, TRAINED, size_of

CARD = EMBEDDED / "README.md"
COLUMNS = ("model", "measure", "value")
BEGIN, END = "<!-- figures: python -m bench.embedded -->", "<!-- end of figures -->"
ATTACKS, ATTACK_STEPS, SHARPNESS, THING = (
    {"attacked": 1.0},
    20,
    20.0,
    0.85,
)  # the last: how much of the picture's side a drawing takes
SHOWN = 1000

AIMS, PSNR_DB, IN_USE = {"clean": 0.6, "attacked": 0.35}, 22, 0.6
"""What is aimed at: of the perceptor's top 5, of the generator's scenes, and of its codes."""


def drawings_of(split: str, sample: int | None) -> tuple[Tensor, list[str]]:
    """Drawings uint8 [n, 4, 96, 96], premultiplied, of names that training knows, and these names; of `trained` emoji."""
    names, rows = set(concept_names("trained")), read_rows(WORK / f"{split}.jsonl")
    known = [
        i
        for i, row in enumerate(rows)
        if row["name"] in names and (split == "held_out" or row["family"] in EMOJI)
    ]
    if sample is not None:
        order = torch.randperm(len(known), generator=torch.Generator().manual_seed(SEED))
        known = sorted(known[i] for i in order[:sample].tolist())
    pixels = np.load(WORK / f"{split}.npy", mmap_mode="r")[known]
    return shrink(pixels, pixels.shape[1]), [rows[i]["name"] for i in known]


def squares(drawings: Tensor, side_px: int, ground: Tensor) -> Tensor:
    """Pictures [n, 3, side, side]: each drawing in the middle of `ground` [n or 1, 3, side, side]."""
    inner = round(THING * side_px)
    before = (side_px - inner) // 2
    after = side_px - inner - before
    small = F.adaptive_avg_pool2d(drawings.float() / 255, inner)
    layer = F.pad(small, (before, after, before, after))
    return ground * (1 - layer[:, 3:]) + layer[:, :3]


def landscapes(count: int, side_px: int, rng: torch.Generator) -> Tensor:
    """Square pieces [n, 3, side, side] of photographs that nothing was trained on."""
    kept = [i for i, row in enumerate(read_rows(WORK / "scenery.jsonl")) if row["held_out"]]
    photographs = (
        torch.from_numpy(np.load(WORK / "scenery.npy", mmap_mode="r")[kept]).permute(0, 3, 1, 2) / 255
    )
    height, width = photographs.shape[-2:]
    chosen = torch.randint(len(kept), (count,), generator=rng).tolist()
    left = torch.randint(width - height + 1, (count,), generator=rng).tolist()
    pieces = [photographs[i, :, :, x : x + height] for i, x in zip(chosen, left, strict=True)]
    return F.adaptive_avg_pool2d(torch.stack(pieces), side_px)


def ranks(eyes: tower.TowerPerceptor, pictures: Tensor, names: Tensor, wanted: Tensor) -> Tensor:
    """How many names lie as near to each picture as its own one, or nearer: [n], 0 for the best."""
    cosines = eyes.embed_pictures(pictures) @ names.T
    farther = cosines < cosines.gather(1, wanted[:, None])  # what is no number is not
    return (~farther).sum(1) - 1


def top(found: Tensor) -> Figures:
    """Shares of ranks that are the first, and among the first five."""
    return {f"top{k}": round(float((found < k).float().mean()), 4) for k in (1, 5)}


def measure_naming(eyes: tower.TowerPerceptor, attacks: dict[str, float], sample: int | None) -> Figures:
    """Top 1 and top 5 over white and over landscapes, clean and under `attacks`: radii, times `RADIUS_PER_VALUE`, by name."""
    drawings, captions = drawings_of("held_out", sample)
    listed = concept_names("trained")
    place = {name: i for i, name in enumerate(listed)}
    with torch.inference_mode():
        names = eyes.embed_texts(listed)
    names = names.clone()
    wanted = torch.tensor([place[caption] for caption in captions])
    rng = torch.Generator().manual_seed(SEED)
    grounds = {
        "white": torch.ones(len(drawings), 3, eyes.size_px, eyes.size_px),
        "landscape": landscapes(len(drawings), eyes.size_px, rng),
    }
    figures: Figures = {
        "size_px": eyes.size_px, "names": len(listed), "drawings": len(drawings),
        "radius_per_value": {state: round(times * RADIUS_PER_VALUE, 5) for state, times in attacks.items()},
        "attack_steps": ATTACK_STEPS,
    }  # fmt: skip
    for ground, behind in grounds.items():
        found: dict[str, list[Tensor]] = {state: [] for state in ("clean", *attacks)}
        for rows in torch.arange(len(drawings)).split(BATCH):
            pictures, own = squares(drawings[rows], eyes.size_px, behind[rows]), wanted[rows]

            def wrong(seen: Tensor, own: Tensor = own) -> Tensor:
                return F.cross_entropy(SHARPNESS * eyes.embed_pictures(seen) @ names.T, own)

            seen = {"clean": pictures} | {
                state: attack(wrong, pictures, radius_of(eyes.size_px, times), ATTACK_STEPS, rng)
                for state, times in attacks.items()
            }
            with torch.inference_mode():
                for state, hard in seen.items():
                    found[state].append(ranks(eyes, hard, names, own))
        figures[ground] = {state: top(torch.cat(parts)) for state, parts in found.items()}
    shown, captions = drawings_of("trained", min(sample or SHOWN, SHOWN))
    wanted = torch.tensor([place[caption] for caption in captions])
    with torch.inference_mode():
        pictures = squares(shown, eyes.size_px, torch.ones(1, 3, eyes.size_px, eyes.size_px))
        figures["shown"] = top(ranks(eyes, pictures, names, wanted)) | {"drawings": len(shown)}
    return figures


def sheet(pictures: Tensor, columns: int, scale: int = 1) -> Image.Image:
    """Pictures [n, 3, h, w] in rows of `columns`, with a white line between them."""
    tiles = F.interpolate(F.pad(pictures, (1, 1, 1, 1), value=1.0), scale_factor=scale, mode="nearest")
    rows = [torch.cat(list(row), dim=2) for row in tiles.split(columns)]
    whole = torch.cat([row for row in rows if row.shape == rows[0].shape], dim=1)
    return Image.fromarray((whole.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())


def loaded(load: Callable[[Path], Any], folder: Path) -> tuple[Any, Figures]:
    """What `load` makes of `folder`, how long that takes (the median of three), how large it is, and which weights."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        model = load(folder)
        seconds.append(time.perf_counter() - began)
    return model, {
        "load_seconds": round(statistics.median(seconds), 2),
        "bytes": size_of(folder),
        "weights": model.fingerprint,
    }


def rows(figures: Figures) -> list[list[str]]:
    """The figures as rows: of which model, what was measured, and what came out."""
    found: list[list[str]] = []
    for part in ("perceptor", "judge"):
        if part not in figures:
            continue
        one = figures[part]
        what = f"{one['drawings']} held-out drawings at {one['size_px']} px among {one['names']} names"
        for ground in ("white", "landscape"):
            for state, rates in one[ground].items():
                said = (
                    f", attacked (L2, {one['radius_per_value'][state]} per value)" if state != "clean" else ""
                )
                found.append([part, f"{what}, over {ground}{said}", told(rates)])
        shown = one["shown"]
        found.append([part, f"{shown['drawings']} emoji that it has learned from, over white", told(shown)])
    if one := figures.get("generator"):
        for side, rebuilt in one["rebuilt"].items():
            where = f"{one['scenes']} held-out scenes of {side} px"
            sharp, blurred = f"{rebuilt['psnr_db']:.1f} dB", f"{rebuilt['psnr_db_of_a_blur']:.1f} dB"
            found.append(
                ["generator", f"PSNR on {where}", f"{sharp} (median {rebuilt['psnr_db_median']:.1f})"]
            )
            found.append(["", f"the same scenes, only shrunk {one['factor']} times", blurred])
        for scenes, used in one["used"].items():
            which = f"codes that {scenes} of {one['code_scenes_px']} px use, of {one['codes']}"
            found.append(["", which, f"{used['share']:.1%}, perplexity {used['perplexity']}"])
    found += [
        [
            part,
            "to load; on disk",
            f"{figures[part]['load_seconds']} s; {figures[part]['bytes'] / 1e6:.1f} MB",
        ]
        for part in TRAINED
        if part in figures
    ]
    return found


def told(rates: Figures) -> str:
    """Both rates as the table says them."""
    return f"top 1 {rates['top1']:.1%}, top 5 {rates['top5']:.1%}"


def table(figures: Figures) -> str:
    """The rows as a Markdown table."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows(figures)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def verdicts(figures: Figures) -> list[Verdict]:
    """What is aimed at, and whether it holds."""
    perceptor, generator = figures["perceptor"], figures["generator"]
    found = [
        Verdict(
            f"top 5 {state.replace('_', ' ')} >= {AIMS[state]:.0%} over {ground}",
            f"{rates['top5']:.1%}",
            rates["top5"] >= AIMS[state],
        )
        for ground in ("white", "landscape")
        for state, rates in perceptor[ground].items()
    ]
    found += [
        Verdict(
            f"PSNR >= {PSNR_DB} dB at {side} px",
            f"{rebuilt['psnr_db']:.1f} dB",
            rebuilt["psnr_db"] >= PSNR_DB,
        )
        for side, rebuilt in generator["rebuilt"].items()
    ]
    found += [
        Verdict(
            f"codes in use > {IN_USE:.0%} by {scenes} scenes", f"{used['share']:.1%}", used["share"] > IN_USE
        )
        for scenes, used in generator["used"].items()
    ]
    return found


def fill_card(figures: Figures, card: Path = CARD) -> None:
    """Writes the table between the card's two marks; ValueError where they are missing."""
    text = card.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    card.write_text(f"{head}{BEGIN}\n\n{table(figures)}\n\n{END}{tail}", encoding="utf-8")


def measure(
    folders: dict[str, Path], sample: int | None, sheets: Path | None
) -> tuple[Figures, Tensor | None]:
    """Figures of all models that are in `folders`, and the generator's walks."""
    figures: Figures = {"command": "python -m bench.embedded"}
    shown = None
    for part in ("perceptor", "judge"):
        if (folders[part] / "config.json").is_file():
            eyes, about = loaded(tower.load, folders[part])
            figures[part] = measure_naming(eyes, ATTACKS, sample) | about
    if (folders["generator"] / "config.json").is_file():
        generator, about = loaded(vqgan.load, folders["generator"])
        figures["generator"] = measure_generator(generator, sample or SCENES) | about
        shown = walks(generator)
        if sheets is not None:
            sheets.mkdir(parents=True, exist_ok=True)
            scenes = next(held_out_scenes(48, SCENE_SIDES[0]))
            with torch.inference_mode():
                made = generator.decode(generator.encode(scenes))
            sheet(torch.stack([scenes, made], 1).flatten(0, 1), 12, scale=2).save(
                sheets / "held-out-scenes.png"
            )
            sheet(shown, 4, scale=2).save(sheets / "walks.png")
    return figures, shown


def main() -> None:
    """Measures, prints, and writes what is to be written."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, help="measure on this many drawings and scenes only")
    parser.add_argument("--work", action="store_true", help="measure the checkpoints in training/work")
    parser.add_argument(
        "--sheets", type=Path, help="folder for sheets to look at; held-out drawings are not to be published"
    )
    arguments = parser.parse_args()
    if not (WORK / "held_out.npy").is_file():
        sys.exit(f"{WORK} holds no drawings to measure on; run make train-data first")
    folders = {part: WORK / TRAINED[part] if arguments.work else EMBEDDED / part for part in TRAINED}
    figures, shown = measure(folders, arguments.sample, arguments.sheets)
    if arguments.work or arguments.sample is not None:
        print(table(figures))
        return
    if missing := set(TRAINED) - set(figures):
        sys.exit(
            f"nothing written: the package holds no {', '.join(sorted(missing))}; python -m training.ship"
        )
    holds = report(
        "embedded", "the embedded models", COLUMNS, rows(figures), verdicts=verdicts(figures), data=figures
    )
    if shown is not None:
        sheet(shown, 4).save(FOLDER / "embedded-walks.png")
    fill_card(figures)
    raise SystemExit(not holds)


if __name__ == "__main__":
    main()
