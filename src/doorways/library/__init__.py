"""The library: it remembers every painting, and hands out those that are to be painted.

Nothing here waits for torch but `Recorder` and `painter_of`, which are imported from `doorways.library.recorder`.
"""

from __future__ import annotations

from doorways.library.check import Problem
from doorways.library.claims import ClaimLost, PainterLost
from doorways.library.differences import differences
from doorways.library.entry import STATES, VERDICTS, Entry
from doorways.library.event_log import EventLog
from doorways.library.files import Files
from doorways.library.folder import library_folder
from doorways.library.library import Library
from doorways.library.lineage import Branch
from doorways.library.sweeps import Sweep
from doorways.library.workers import this_worker

__all__ = [
    "STATES",
    "VERDICTS",
    "Branch",
    "ClaimLost",
    "Entry",
    "EventLog",
    "Files",
    "Library",
    "PainterLost",
    "Problem",
    "Sweep",
    "differences",
    "library_folder",
    "this_worker",
]
