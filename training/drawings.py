"""The drawings: which icons, emoji and clip-arts are used, what they are called, under which licence.

Held-out families (`HELD_OUT`) are whole sets: two versions of one set share most of their drawings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from training.fetch import PACKAGES

# collection of the icon package -> how often it is drawn, relative to the emoji sets
TRAINED = {
    "twemoji": 1.0,
    "noto": 1.0,
    "noto-v1": 0.7,
    "fluent-emoji": 0.7,
    "fluent-emoji-flat": 0.7,
    "fxemoji": 0.7,
    "streamline-emojis": 0.7,
    "meteocons": 0.5,
    "flat-color-icons": 0.2,
    "streamline-kameleon-color": 0.5,
    "streamline-ultimate-color": 0.3,
    "streamline-plump-color": 0.2,
    "streamline-freehand-color": 0.2,
    "streamline-flex-color": 0.2,
    "streamline-color": 0.2,
}
# Icons in one colour or two, of which only those are taken that show what the emoji are called: other shapes of the same
# things and no names of their own. Those that are all black are tinted at each draw (`restyle.py`).
BORROWED = {"fluent-emoji-high-contrast": 0.6} | dict.fromkeys(
    ("dinkie-icons", "fa7-solid", "game-icons", "glyphs-poly", "hugeicons", "icon-park", "icon-park-solid",
     "icon-park-twotone", "marketeq", "mdi", "mingcute", "pepicons-print", "ph", "pinhead", "reicon", "roentgen",
     "streamline-stickies-color", "tabler", "temaki"), 0.3
)  # fmt: skip
# The families whose names are those of the emoji standard.
EMOJI = ("twemoji", "noto", "fluent-emoji", "fluent-emoji-flat", "fluent-3d")
# The test. Some of these are under share-alike licences: they are measured on and never passed on, and no model that ships is
# trained on them.
HELD_OUT = {"emojione": 1.0, "emojione-v1": 1.0, "openmoji": 1.0}
# licences that allow weights derived from a drawing to be passed on
PERMISSIVE = {"public domain", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "MIT", "Apache-2.0"}
FLUENT_3D, CLIPART = 0.8, 0.5

# parts of names that say how a thing is drawn, not what it is
STYLE_WORDS = frozenset(
    ("flat", "fill", "duo", "low", "line", "remix", "color", "colour", "icon", "outline", "clipart", "clip", "art",
     "symbol", "emoji", "svg", "image")
)  # fmt: skip
# the same, of the borrowed ones
WEIGHT_WORDS = frozenset(
    ("duotone", "twotone", "bold", "rounded", "round", "solid", "filled", "outlined", "print", "thin", "regular", "linear")
)  # fmt: skip
# names of signs, letters and repetitions of one thing, also where words are run together
LEFT_OUT = re.compile(
    r"skin[ -]tone|\b(medium|(?<!traffic )(?<!car )light|dark)$|highlight|flag|keycap|regional|squared|input|button"
    r"|(?<!sp)(?<!b)arrow|japanese|letter|\bid\b|zodiac|clock\d|oclock|o clock|thirty|logo|breast|selector|person"
    r"|digit(?!al)|sign of|copyright|registered|trade ?mark|dingbat|ideograph|variation|negative|prohibited"
)


@dataclass(frozen=True)
class Drawing:
    """One picture of one thing: `name` is its caption, `weight` how often it is drawn."""

    family: str
    ident: str
    name: str
    licence: str
    weight: float


@cache
def known_words() -> frozenset[str]:
    """English words, from the vocabulary of the sentence embedder."""
    from training.minilm import vocabulary

    return frozenset(vocabulary())


def known(word: str) -> bool:
    """Whether `word`, or the word it is a plain form of (winking, cats), is in the vocabulary."""
    stems = [word, *(word.removesuffix(end) for end in ("s", "es", "ing", "ed") if word.endswith(end))]
    return any(stem in known_words() or (stem != word and stem + "e" in known_words()) for stem in stems)


@cache
def split_word(word: str) -> tuple[str, ...]:
    """Takes words apart that a file name has run together: `blacktelephone` -> black, telephone."""
    if known(word) or len(word) < 6:
        return (word,)
    for cut in range(len(word) - 3, 2, -1):
        if word[:cut] in known_words() and word[cut:] in known_words():
            return (word[:cut], word[cut:])
    return (word,)


def clean_name(raw: str) -> str:
    """`cloud-with-rain-2-flat` -> `cloud with rain`; empty when nothing usable is left."""
    words = re.sub(r"[^a-z ]+", " ", raw.lower().replace("'", "")).split()
    words = [part for word in words for part in split_word(word) if part not in STYLE_WORDS]
    return " ".join(word for word in words if len(word) > 1 or word == "a").strip()


def usable(name: str) -> bool:
    """Whether a cleaned name is one to four known words that name a thing."""
    words = name.split()
    return 0 < len(words) <= 4 and not LEFT_OUT.search(name) and all(map(known, words))


def icons(collections: dict[str, float]) -> Iterator[Drawing]:
    """The icons of `collections` (family -> weight) that have a usable name."""
    about = json.loads((PACKAGES / "iconify/collections.json").read_text())
    for family, weight in collections.items():
        for ident in icon_set(family)["icons"]:
            if LEFT_OUT.search(ident.replace("-", " ")):
                continue
            if usable(name := clean_name(ident)):
                yield Drawing(family, ident, name, about[family]["license"]["spdx"], weight)


@cache
def icon_set(family: str) -> dict[str, Any]:
    """A collection as the icon package holds it."""
    return json.loads((PACKAGES / f"iconify/json/{family}.json").read_text())


def icon_svg(drawing: Drawing) -> str:
    """The SVG text of an icon; it is square or centred in its box."""
    icons = icon_set(drawing.family)
    icon = icons["icons"][drawing.ident]
    width, height = (icon.get(side, icons.get(side, 16)) for side in ("width", "height"))
    left, top = icon.get("left", icons.get("left", 0)), icon.get("top", icons.get("top", 0))
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    box = f'viewBox="{left} {top} {width} {height}" width="{width}" height="{height}"'
    return f"<svg {spaces} {box}>{icon['body']}</svg>"


def fluent_3d() -> Iterator[Drawing]:
    """Rendered emoji, which are called what the emoji standard calls them."""
    for emoji in json.loads((PACKAGES / "emojibase/en/data.json").read_text()):
        ident, label = emoji["hexcode"].lower(), emoji["label"].lower()
        if LEFT_OUT.search(label) or not (PACKAGES / f"fluent3d/assets/{ident}.webp").exists():
            continue
        if usable(name := clean_name(label)):
            yield Drawing("fluent-3d", ident, name, "MIT", FLUENT_3D)


# clip-arts lie under their subject, and are named for their authors too
CLIPART_ROOT = PACKAGES / "openclipart/usr/share/openclipart/svg"
NO_THINGS = re.compile(r"(signs_and|shapes|buttons|logos|geography|special|decorations|containers/label)")
AUTHOR = re.compile(
    r"_(architetto|andrea|gerald|dan|johnny|antonio|ryan|jean|nathan|bryan|rg|jp|zeimusu|mc|ve)[a-z0-9_.]*"
)


def clipart() -> Iterator[Drawing]:
    """Public-domain clip-arts; signs, flags, shapes and buttons are left out."""
    for path in sorted(CLIPART_ROOT.rglob("*.svg")):
        ident = str(path.relative_to(CLIPART_ROOT))
        if NO_THINGS.match(ident) or path.stat().st_size >= 400_000:
            continue
        if usable(name := clean_name(AUTHOR.sub("", "_" + path.stem.lower()))):
            yield Drawing("openclipart", ident, name, "public domain", CLIPART)


def borrowed(names: set[str]) -> Iterator[Drawing]:
    """The icons of `BORROWED` that are called one of `names`."""
    for drawing in icons(BORROWED):
        name = " ".join(word for word in drawing.name.split() if word not in WEIGHT_WORDS)
        if name in names:
            yield replace(drawing, name=name)


def coloured() -> list[Drawing]:
    """The drawings that the embedded models learn from but for the borrowed ones."""
    return [*icons(TRAINED), *fluent_3d(), *clipart()]


def trained() -> list[Drawing]:
    """All drawings that the embedded models learn from."""
    drawn = coloured()
    return [*drawn, *borrowed({drawing.name for drawing in drawn if drawing.family in EMOJI})]


def held_out() -> list[Drawing]:
    """All drawings that the embedded models are measured on."""
    return list(icons(HELD_OUT))


def source_file(drawing: Drawing) -> Path:
    """The file a drawing comes from, relative to the packages (for the manifest)."""
    if drawing.family == "fluent-3d":
        return Path("fluent3d/assets") / f"{drawing.ident}.webp"
    if drawing.family == "openclipart":
        return (CLIPART_ROOT / drawing.ident).relative_to(PACKAGES)
    return Path("iconify/json") / f"{drawing.family}.json"
