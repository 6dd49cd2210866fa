"""Surgery: operations on a picture by hand, and the healing of what they changed."""

from __future__ import annotations

from doorways.surgery.apply import apply
from doorways.surgery.operations import OPERATIONS
from doorways.surgery.script import Script

__all__ = ["OPERATIONS", "Script", "apply"]
