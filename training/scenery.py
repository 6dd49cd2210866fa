"""Stage 1, scenery: what stands behind the things, with words for it.

Drawings teach things, not stuff: the words for fire, forest and ocean are learned here, from public-domain
landscape photographs and from scenery drawn by this file (fractal noise through palettes, ridges under skies).

Writes `work/scenery.npy` (uint8 [m, 96, 192, 3]) and `work/scenery.jsonl`; each eighth photograph is held out.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from doorways.atomic import whole
from training.fetch import PACKAGES, WORK, forget

HEIGHT, WIDTH = 96, 192
VARIANTS = 30
LAND = PACKAGES / "endless-sky/usr/share/games/endless-sky/images/land"
COPYRIGHT = PACKAGES / "endless-sky/usr/share/doc/endless-sky-data/copyright"
EVERYTHING = {"*", "images/*"}
"""Patterns that stand for more than photographs."""

# kind of photograph -> its names (the first file-name word is the kind)
PHOTOGRAPHS = {
    "badlands": ["badlands", "rocky desert"], "beach": ["beach", "sea shore"], "canyon": ["canyon"],
    "city": ["city", "city at night"], "desert": ["desert"], "dune": ["sand dune", "desert"],
    "fields": ["field", "meadow", "farmland", "plains"], "fog": ["fog", "mist"], "forest": ["forest", "woods"],
    "hills": ["hills", "green hills"], "lava": ["lava", "volcano"], "mountain": ["mountain", "mountains"],
    "nasa": ["planet from space", "earth"], "sea": ["sea", "ocean"], "sky": ["sky", "clouds"],
    "snow": ["snow", "winter", "tundra"], "space": ["space", "stars"], "valley": ["valley"],
    "water": ["water", "river", "lake"], "earthrise": ["earth rising over the moon"],
}  # fmt: skip

# texture -> palette from dark to light, noise stretched (x, y), roughness
TEXTURES = {
    "fire": ("#1a0300 #7a0c00 #d93a00 #ff7a00 #ffb300 #fff2a0", (3, 1), 0.55),
    "flames": ("#330500 #b02000 #ff5a00 #ffa200 #ffe45c", (4, 1), 0.5),
    "lava": ("#120806 #3a0d05 #8c1c00 #ff4d00 #ffc400", (1, 1), 0.6),
    "ember": ("#0d0504 #2b0b06 #701a05 #d9480f", (1, 1), 0.7),
    "ocean": ("#032a4a #0a4a7a #1670a8 #2f95c9 #7cc8e8", (1, 5), 0.5),
    "sea": ("#05365c #0e5d8f #2284b5 #59b3d6", (1, 4), 0.5),
    "ocean waves": ("#053a63 #0c6296 #2a90c0 #8fd3ea #f2fbff", (1, 6), 0.55),
    "water": ("#0b4f73 #1a7ba3 #4aa9cc #a3dcec", (1, 3), 0.45),
    "underwater": ("#01213f #03406b #086a94 #159bb5", (2, 1), 0.35),
    "deep sea": ("#00070f #01152b #032a50 #06406e", (1, 1), 0.4),
    "coral reef": ("#0a4a6b #1f9bb0 #f0637a #ff9a6b #ffd27f #6fd0c0", (1, 1), 0.65),
    "kelp forest": ("#02211f #04403a #0a6650 #2f8f57 #8fb84a", (5, 1), 0.5),
    "forest": ("#08180a #123a14 #1f5c1f #3b7d2a #6ea341", (1, 1), 0.7),
    "jungle": ("#041a08 #0b3d12 #15661c #3c9a2b #a3cf3c", (1, 1), 0.75),
    "leaves": ("#0f3d12 #236b1d #4a9a2d #8fc94a", (1, 1), 0.6),
    "grass": ("#1b4d12 #357a1d #5ca32d #a1cf4f", (4, 1), 0.7),
    "meadow": ("#3f7d22 #6aa832 #9ccc4b #f2d64a #e86aa6", (1, 2), 0.75),
    "moss": ("#2a3d14 #4a661c #6f8f2a #9db548", (1, 1), 0.7),
    "desert": ("#8a4b1d #c07a35 #dfa65c #f0cb8a #f8e2b5", (1, 4), 0.35),
    "sand": ("#b5834a #d3a668 #e8c893 #f5e3bf", (1, 2), 0.6),
    "drought": ("#5c3a1c #94683a #bf9660 #dec08f", (1, 1), 0.65),
    "canyon": ("#4f1d0f #8f3b1d #c2632f #e39a5c", (1, 5), 0.5),
    "mud": ("#1f140b #3d2815 #5f4225 #856441", (1, 1), 0.6),
    "rock": ("#2b2b2e #4f5054 #7a7c80 #a9abad", (1, 1), 0.7),
    "stone": ("#3a3835 #66635e #938f88 #c1bdb5", (1, 1), 0.6),
    "snow": ("#b9cbdc #d5e2ee #ebf2f8 #ffffff", (1, 2), 0.5),
    "ice": ("#7fb5d6 #a9d3ea #d2ebf7 #ffffff", (1, 1), 0.6),
    "glacier": ("#3f8fbd #7fc0de #bfe3f2 #ffffff", (1, 2), 0.6),
    "winter": ("#8aa3bd #b5c8db #dbe6f0 #ffffff", (1, 2), 0.6),
    "clouds": ("#5b93cf #8fb9e3 #c9def1 #ffffff #ffffff", (1, 2), 0.5),
    "sky": ("#2f74c0 #5b9bdb #92c2ee #cfe5f8", (1, 3), 0.3),
    "storm": ("#15181f #2c323d #4a5361 #77818f", (1, 2), 0.6),
    "rain": ("#3a4654 #566576 #7d8fa1 #a8b8c7", (8, 1), 0.6),
    "smoke": ("#1a1a1c #3a3a3d #68686c #9e9ea3", (1, 1), 0.5),
    "fog": ("#8f9aa3 #aab4bc #c5cdd3 #e0e5e8", (1, 3), 0.3),
    "night": ("#02030d #060a20 #0c1438 #1a2455", (1, 2), 0.4),
    "darkness": ("#000000 #050507 #0c0c12 #17171f", (1, 1), 0.4),
    "heaven": ("#9ecbf2 #cfe6fa #fff6d6 #fffdf2 #ffffff", (1, 2), 0.4),
    "hell": ("#0d0000 #3b0000 #7d0500 #c21d00 #ff5a00", (2, 1), 0.6),
    "sunset": ("#3b1c4f #8f2f5c #d9553f #f79a3b #ffd66b", (1, 6), 0.3),
    "autumn": ("#4a1c08 #8f3a0c #c9661a #e89a2b #f2c84b", (1, 1), 0.7),
    "autumn leaves": ("#5c1408 #a83210 #d96a1a #f0a52b", (1, 1), 0.65),
    "spring": ("#5fa84a #8fcc6a #f7c5d9 #ffe3ee #fff9c2", (1, 1), 0.65),
    "spring flowers": ("#4a9a3d #7fc25c #f08fb8 #ffc2dc #fff0a3", (1, 1), 0.75),
    "summer": ("#2f8fd9 #6fbf4a #b5db5c #ffe066", (1, 3), 0.5),
    "blossom": ("#d96f9b #f2a3c2 #fbcfe0 #fff2f7", (1, 1), 0.65),
    "crystal": ("#3a1f7a #6a4ac2 #a38ff0 #d9ccff #ffffff", (1, 1), 0.7),
    "gold": ("#5c3a05 #a8740f #dba92b #ffe07a", (1, 1), 0.6),
    "chocolate": ("#1f0e06 #3d1c0d #5f2f17 #85492a", (1, 2), 0.4),
    "ice cream": ("#f7b5c9 #fbd7e0 #fff1d9 #d9f2e0 #ffffff", (1, 2), 0.3),
    "fungus": ("#2b1f1a #5c4233 #94704f #d1b08a #efe0c5", (1, 1), 0.6),
    "mars": ("#3d1409 #7a2c14 #b04a24 #d9773f", (1, 2), 0.6),
    "moon surface": ("#1c1c1f #45454a #77777c #b0b0b5", (1, 1), 0.65),
    "wood": ("#3d220f #66401f #8f6236 #b88a56", (1, 8), 0.5),
}  # fmt: skip

# landscape -> sky palette (top to horizon), ridges' palette (far to near), jaggedness of the ridges, ridges' height
LANDSCAPES = {
    "mountains": ("#4a86c9 #cfe3f5", "#8fa3b8 #5f748c #3a4a5c #26331f", 0.8, 0.6),
    "snowy mountains": ("#5b93cf #dbe9f5", "#dfe9f2 #f7fbff #c2d3e3 #ffffff", 0.8, 0.6),
    "hills": ("#6fb1ea #e3f1fb", "#8fbf7a #6aa84f #4a8f35 #2f6b22", 0.25, 0.45),
    "hills under a sunset": ("#5c2a6b #f78f3b", "#7a3a5c #5c2a45 #3d1c30 #1f0f1a", 0.25, 0.45),
    "desert": ("#5ba3d9 #f5e3c2", "#f0cf94 #e0b06a #cf9248 #b5752f", 0.2, 0.4),
    "desert under the sun": ("#e8a24a #fff0c2", "#f2c480 #dfa052 #c9823a #a8642a", 0.2, 0.4),
    "canyon": ("#6aaee3 #f0d9c2", "#d98f5c #b8663a #94451f #5c2412", 0.5, 0.65),
    "forest": ("#7fb8e0 #dceee0", "#5c8f5c #3a733a #1f5520 #0d330f", 1.0, 0.6),
    "forest at night": ("#03061c #16244f", "#13263a #0d1f2b #08151c #030a0d", 1.0, 0.6),
    "winter forest": ("#8fb0cc #e6eef5", "#b5c9d6 #dbe6ee #8fa8b5 #f7fafc", 1.0, 0.55),
    "autumn forest": ("#8fb8d6 #f5e6cc", "#d99a3a #c2661f #a33d14 #5c1f0a", 1.0, 0.55),
    "field": ("#5ba8e8 #dff0fb", "#9ccc5c #7ab83a #5c9e2a #3f7d1a", 0.1, 0.35),
    "wheat field": ("#4a9ae0 #d9ecf9", "#e8c95c #d9b03a #c2942a #a3781c", 0.1, 0.35),
    "ocean under a blue sky": ("#3a86d1 #d1e6f7", "#2f84b8 #1c6ca3 #10558a #083f6b", 0.02, 0.45),
    "sea at sunset": ("#40285c #ff9a4a", "#b8613f #8a4a4a #5c3552 #33203f", 0.02, 0.45),
    "sea at night": ("#02030d #101c40", "#0f1f40 #0a1733 #060f24 #030817", 0.02, 0.45),
    "beach": ("#4aa3e8 #d9effb", "#2f94c2 #5cbcd6 #f0deb0 #e8cf94", 0.05, 0.45),
    "volcano land": ("#1a0808 #a3260a", "#3d1410 #2b0c08 #8f1f05 #ff5a00", 0.7, 0.5),
    "land under a night sky": ("#02030d #121a40", "#141c2b #0f1520 #0a0f17 #05080d", 0.4, 0.4),
    "city": ("#7fa8cc #dbe6ee", "#8f9aa8 #6b7685 #4a5361 #2f363f", 3.0, 0.6),
    "city at night": ("#05061a #2b1f4a", "#1f2038 #17182b #0f1020 #0a0a14", 3.0, 0.6),
    "tundra": ("#8fa8bd #e0e8ee", "#b5b8a3 #94967f #a8ad94 #cfd6d1", 0.1, 0.3),
    "swamp": ("#7a9470 #c5cfa8", "#5c7048 #435c35 #33472b #24331c", 0.6, 0.5),
    "alien planet": ("#3d0f5c #e85cb8", "#8f2f94 #5c1f7a #2b8f8a #145c5c", 0.5, 0.5),
}  # fmt: skip


def colours(palette: str) -> np.ndarray:
    return np.array([[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in palette.split()], float)


def through(palette: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Colours [..., 3] at `values` in [0, 1] along the palette."""
    at = np.clip(values, 0, 1) * (len(palette) - 1)
    return np.stack([np.interp(at, np.arange(len(palette)), palette[:, c]) for c in range(3)], -1)


def fractal(rng: np.random.Generator, stretch: tuple[float, float], roughness: float) -> np.ndarray:
    """Fractal noise [96, 192], ranks spread evenly over [0, 1]; `stretch` = how many times finer in x, in y."""
    total = np.zeros((HEIGHT, WIDTH))
    for octave in range(6):
        cells = 2.0 ** (octave + 1)
        grid = rng.standard_normal(
            (int(np.ceil(cells * stretch[1])) + 1, int(np.ceil(2 * cells * stretch[0])) + 1)
        )
        layer = Image.fromarray(grid.astype(np.float32)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        total += np.asarray(layer) * roughness**octave
    ranks = total.ravel().argsort().argsort().reshape(total.shape) / total.size
    return 0.6 * ranks + 0.4 * (total - total.min()) / np.ptp(total)


def vary(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """A little other light and tint, so that no word means one exact colour."""
    return np.clip(picture * rng.normal(1, 0.1) * rng.normal(1, 0.05, 3) + rng.normal(0, 8), 0, 255)


def texture(
    rng: np.random.Generator, palette: str, stretch: tuple[float, float], roughness: float
) -> np.ndarray:
    scale = rng.uniform(0.6, 1.8)
    noise = fractal(
        rng, (stretch[0] * scale, stretch[1] * scale), np.clip(roughness + rng.normal(0, 0.05), 0.2, 0.85)
    )
    return vary(rng, through(colours(palette), noise ** rng.uniform(0.7, 1.4)))


def landscape(rng: np.random.Generator, sky: str, land: str, jagged: float, height: float) -> np.ndarray:
    rows = np.linspace(0, 1, HEIGHT)[:, None]
    horizon = 1 - height * rng.uniform(0.8, 1.25)
    picture = through(colours(sky), rows / max(horizon, 0.2) + 0.1 * fractal(rng, (1, 3), 0.5) - 0.05)
    if colours(sky)[0].sum() < 60:  # so dark that stars are out
        picture[rng.random((HEIGHT, WIDTH)) < 0.006] = 235
    columns, ridges = np.arange(WIDTH), colours(land)
    for i, colour in enumerate(ridges):
        top = horizon + (1 - horizon) * i / len(ridges)
        if jagged >= 3:  # buildings
            widths = rng.integers(5, 16, 60).cumsum()
            outline = rng.uniform(-0.22, 0.05, 61)[np.searchsorted(widths, columns).clip(0, 60)]
        else:
            knots = rng.standard_normal(5 if jagged < 0.9 else 30) * 0.16
            fine = rng.standard_normal(WIDTH // 3) * 0.05
            outline = np.interp(columns, np.linspace(0, WIDTH, len(knots)), knots) * jagged
            outline = outline + np.interp(columns, np.linspace(0, WIDTH, len(fine)), fine) * jagged
        shade = 0.85 + 0.3 * fractal(rng, (2, 2), 0.65)
        picture = np.where((rows > top + outline)[..., None], colour * shade[..., None], picture)
    return vary(rng, picture)


def drawn(rng: np.random.Generator) -> Iterator[tuple[list[str], np.ndarray]]:
    for name, (palette, stretch, roughness) in TEXTURES.items():
        for _ in range(VARIANTS):
            yield [name], texture(rng, palette, stretch, roughness)
    for name, (sky, land, jagged, height) in LANDSCAPES.items():
        for _ in range(VARIANTS):
            yield [name], landscape(rng, sky, land, jagged, height)


def public_domain(copyright_file: str, names: Iterable[str]) -> list[str]:
    """Those of the photographs that a Debian copyright file calls public domain, whichever of its paragraphs one reads.

    By the format's letter the last paragraph that matches holds; but `mountain1*` was meant for mountain1.jpg, and matches
    mountain10-author.jpg too, which a paragraph before it gives another licence. What is said of all pictures alone
    (`EVERYTHING`) is no photograph's own.
    """
    paragraphs = []
    for paragraph in copyright_file.split("\n\n"):
        patterns = re.search(r"^Files:(.*?)(?=^\w)", paragraph, re.S | re.M)
        licence = re.search(r"^License: *(\S+)", paragraph, re.M)
        if patterns and licence:
            paragraphs.append((set(patterns.group(1).split()) - EVERYTHING, licence.group(1)))
    found = []
    for name in sorted(names):
        path = f"images/land/{name}"
        licences = {
            spdx for globs, spdx in paragraphs if any(fnmatch.fnmatchcase(path, glob) for glob in globs)
        }
        if licences == {"public-domain"}:
            found.append(name)
    return found


def photographs() -> Iterator[tuple[list[str], str, np.ndarray]]:
    for name in public_domain(COPYRIGHT.read_text("utf-8"), (path.name for path in LAND.iterdir())):
        kind = re.match(r"[a-z]+", name)
        if kind and kind.group() in PHOTOGRAPHS:
            image = Image.open(LAND / name).convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
            yield PHOTOGRAPHS[kind.group()], name, np.asarray(image, float)


def main() -> None:
    if (WORK / "scenery.npy").exists():
        print("scenery: is there already")
        return
    rng = np.random.default_rng(0)
    pictures: list[np.ndarray] = []
    rows: list[dict[str, Any]] = []
    for i, (names, file, picture) in enumerate(photographs()):
        pictures.append(picture)
        rows.append({"names": names, "file": file, "licence": "public domain", "held_out": i % 8 == 0})
    for names, picture in drawn(rng):
        pictures.append(picture)
        rows.append({"names": names, "file": "training/scenery.py", "licence": "MIT", "held_out": False})
    (WORK / "scenery.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    forget("words.pt")
    with whole(WORK / "scenery.npy") as part:  # what is looked for above comes last
        np.save(part, np.stack(pictures).round().clip(0, 255).astype(np.uint8))
    print(f"scenery: {len(rows)} pictures of {len({name for row in rows for name in row['names']})} names")


if __name__ == "__main__":
    main()
