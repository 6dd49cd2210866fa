"""Paintings as they are shown to others: contact sheets, and galleries for the web. Needs no torch."""

from __future__ import annotations
