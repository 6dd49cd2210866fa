from __future__ import annotations

import pytest

from doorways.errors import InputError


def test_a_sweep_is_remembered_and_changed(library):
    sweep = library.add_sweep("Doorways", 'title = "Doorways"\n', {"rungs": [0.3, 1]})
    assert library.sweeps() == [sweep]
    assert (sweep.title, sweep.theme, sweep.state, sweep.settings) == (
        "Doorways", 'title = "Doorways"\n', "running", {"rungs": [0.3, 1]},
    )  # fmt: skip
    paused = library.update_sweep(sweep.id[:5], state="paused")
    assert (paused.state, paused.theme, paused.settings) == ("paused", sweep.theme, sweep.settings)
    changed = library.update_sweep(sweep.id, theme="", settings={})
    assert (changed.state, changed.theme, changed.settings) == ("paused", "", {})
    with pytest.raises(InputError, match="state of a sweep 'waiting': must be one of running, paused, done"):
        library.update_sweep(sweep.id, state="waiting")


def test_a_sweep_that_is_none_is_named(library):
    library.add_sweep("Doorways", "")
    for wrong in ("", "zzzz1"):
        with pytest.raises(InputError, match="there is no such sweep in the library"):
            library.get_sweep(wrong)
