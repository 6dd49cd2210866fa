"""Measurements that anyone can run again: speed, memory, and whether each objective does what it claims.

Each program states its protocol in its docstring: `python -m bench.step`, `bench.objectives`, `bench.doors`, `bench.colours`.
"""

from __future__ import annotations
