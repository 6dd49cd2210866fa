"""A real browser, where the machine has one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

AXE = Path(sys.prefix) / "browser" / "node_modules" / "axe-core" / "axe.min.js"
"""Where scripts/install puts the accessibility checks."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Chromium without a window, driven by playwright."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        pytest.skip("there is no Chromium here; `apt-get install chromium` brings one")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not here; install the extra dev"
    )
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=found, args=root)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens a file as a page of a size and look; what it asks for is in `page.asked`, what goes wrong in `page.wrong`."""
    contexts = []

    def open_page(path: Path, *, width: int = 1280, dark: bool = False, **how: Any) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light", **how
        )
        contexts.append(context)
        page = context.new_page()
        page.asked, page.wrong = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("requestfailed", lambda request: page.wrong.append(request.url))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("dialog", lambda dialog: (page.wrong.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def violations() -> Callable[[Any], list[str]]:
    """What axe-core finds wrong with a page as it is."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here; scripts/install fetches it where there is npm")
    rules = AXE.read_text(encoding="utf-8")

    def check(page: Any) -> list[str]:
        page.evaluate(rules)
        found = page.evaluate("axe.run(document, {preload: false})")
        assert len(found["passes"]) > 10, "it looked at the page"
        return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html']}" for one in found["violations"]]

    return check
