"""What is to be painted where: the language of prompts, and the field that gives each its part of the canvas.

The language needs no torch; the field does and is imported by its own name, `doorways.prompts.field`.
"""

from __future__ import annotations

from doorways.prompts.grammar import parse_prompts
from doorways.prompts.places import check_room
from doorways.prompts.prompt import Place, Prompt, format_prompts

__all__ = ["Place", "Prompt", "check_room", "format_prompts", "parse_prompts"]
