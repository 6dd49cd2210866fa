"""The folder in which the library lies."""

from __future__ import annotations

import os
from pathlib import Path

DATABASE = "library.sqlite3"
FOLDER_VARIABLE = "DOORWAYS_LIBRARY"


def library_folder() -> Path:
    """Where the library lies if nothing else is said: $DOORWAYS_LIBRARY, or the user's data folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("doorways", appauthor=False)
