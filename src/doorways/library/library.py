"""A library: where paintings live."""

from __future__ import annotations

from doorways.library.bundle import Bundles
from doorways.library.check import Check
from doorways.library.claims import Claims
from doorways.library.lineage import Lineage
from doorways.library.opinions import Opinions
from doorways.library.search import Search


class Library(Claims, Opinions, Search, Lineage, Check, Bundles):
    """One SQLite file and a folder of pictures, latents and events.

    with Library.open() as library:
        for entry in library.find("kelp"):
            print(entry.id, entry.prompts)
    """
