"""The table of operations: what a script may say after `do =`. A new one is one file and one line here."""

from __future__ import annotations

from doorways.surgery.blur import Blur
from doorways.surgery.brush import Brush
from doorways.surgery.copy import Copy
from doorways.surgery.erase import Erase
from doorways.surgery.mirror import Mirror
from doorways.surgery.move import Move
from doorways.surgery.operation import Operation
from doorways.surgery.paste import Paste
from doorways.surgery.smudge import Smudge

OPERATIONS: dict[str, type[Operation]] = {
    "move": Move,
    "copy": Copy,
    "mirror": Mirror,
    "erase": Erase,
    "smudge": Smudge,
    "blur": Blur,
    "paste": Paste,
    "brush": Brush,
}
