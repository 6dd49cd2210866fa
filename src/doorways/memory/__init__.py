"""Memory: what a step will need, what there is, and how to make the one fit the other.

`meter.py` counts what a step holds, `forecast.py` says from a few small steps what a large one will hold, `budget.py` what
there is, and `planning.py` chooses.
"""

from __future__ import annotations

from doorways.memory.forecast import Forecast, Rehearse, forecast
from doorways.memory.meter import Meter
from doorways.memory.planning import Plan, plan, thriftier

__all__ = ["Forecast", "Meter", "Plan", "Rehearse", "forecast", "plan", "thriftier"]
