"""Sketches: the small drawings of things that a painting can begin with, and where they stand on its canvas."""

from __future__ import annotations

from doorways.sketching.book import Sketchbook, open_sketchbook
from doorways.sketching.lay_out import lay_out

__all__ = ["Sketchbook", "lay_out", "open_sketchbook"]
