"""The door of plugins: one that fails is named, whatever it fails with."""

from __future__ import annotations

import sys

import pytest

from doorways.errors import DoorwaysError, InputError
from doorways.registry import _load_plugins, load_plugins, objectives


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs a package `sparkle` with one plugin, `glow`, of the source given."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(source, entry="sparkle_plugin:register"):
        (tmp_path / "sparkle_plugin.py").write_text(source, "utf-8")
        described = tmp_path / "sparkle-1.0.dist-info"
        described.mkdir()
        (described / "METADATA").write_text("Metadata-Version: 2.1\nName: sparkle\nVersion: 1.0\n", "utf-8")
        (described / "entry_points.txt").write_text(f"[doorways.plugins]\nglow = {entry}\n", "utf-8")

        _load_plugins.cache_clear()

    yield install
    sys.modules.pop("sparkle_plugin", None)
    _load_plugins.cache_clear()


@pytest.mark.parametrize(
    ("source", "entry", "cause"),
    [
        ("", "sparkle_nowhere:register", "ModuleNotFoundError: No module named 'sparkle_nowhere'"),
        ("import sparkle_gone", "sparkle_plugin:register", "ModuleNotFoundError: .*'sparkle_gone'"),
        ("", "sparkle_plugin:register", "AttributeError: .*'register'"),
        ("register = 3", "sparkle_plugin:register", "TypeError: 'int' object is not callable"),
        ("def register(): return 1 / 0", "sparkle_plugin:register", "ZeroDivisionError: division by zero"),
        ("def register(:", "sparkle_plugin:register", "SyntaxError: "),
    ],
)
def test_a_plugin_that_fails_is_named_with_its_package_and_the_remedy(installed, source, entry, cause):
    installed(source, entry)
    said = rf"the plugin glow \({entry}\) of sparkle fails \({cause}.*\); update or uninstall sparkle$"
    for _ in range(2):  # whoever asks again hears of the same plugin
        with pytest.raises(DoorwaysError, match=said) as failure:
            load_plugins()
        assert not isinstance(failure.value, InputError)


def test_what_the_registry_tells_a_plugin_is_passed_on(installed):
    objectives.names()
    installed(
        "from doorways.registry import objectives\n"
        "def register(): objectives.register('smoothness', 'another')\n"
    )
    with pytest.raises(InputError, match="objective 'smoothness' is registered twice"):
        load_plugins()
