"""A published gallery in a real browser, from the disk: accessibility, the viewer, light and dark, no requests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorways.export import deep_zoom
from doorways.export.exhibit import Generation
from doorways.export.gallery import Gallery, Section
from doorways.export.grid import arrange
from doorways.export.publish import publish
from doorways.export.sheet_page import sheet_page
from tests.painted import exhibit

EVIL = "<script>alert(1)</script> | \"'><img src=x onerror=alert(1)>"
SIDES = "document.getElementById('viewed').textContent"
PLACE = "document.querySelector('.stage img').getBoundingClientRect().toJSON()"
INK = "getComputedStyle(document.body).color"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    first = exhibit(folder / "first.png", "teal", prompts="forest | kelp forest", size="1024x512")
    second = replace(
        exhibit(folder / "second.png", "maroon", prompts="castle | volcano", seed=2, size="640x640"),
        caption="After three rerolls.",
        lineage=(Generation("first"), Generation("second", {"seed": 2})),
    )
    third = exhibit(folder / "third.png", "olive", prompts=EVIL)
    sections = (Section("Nature", (first, second)), Section("Studies", (third,)))
    publish(Gallery("Doorways", sections, "Worlds that answer each other."), folder / "site")
    return folder / "site" / "index.html"


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_is_accessible_whole_and_asks_for_nothing_from_outside(visit, violations, site, width, dark):
    page = visit(site, width=width, dark=dark)
    unfold(page)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("a.view")
    page.wait_for_selector(".stage img")
    assert violations(page) == []
    assert page.wrong == []
    home = site.parent.as_uri()
    assert page.asked
    assert [url for url in page.asked if not url.startswith((home, "data:"))] == []


def test_prompts_are_never_run(visit, site):
    page = visit(site)
    assert EVIL.split(" | ")[0] in page.inner_text("#third h3")
    page.click("#third a.view")
    page.wait_for_selector(".stage img")
    assert EVIL.split(" | ")[0] in page.evaluate(SIDES)
    assert page.wrong == []


def test_the_look_follows_the_system_until_the_reader_chooses(visit, site):
    light, dark = visit(site).evaluate(INK), visit(site, dark=True).evaluate(INK)
    assert light != dark
    page = visit(site, dark=True)
    page.click("#look")
    assert (page.evaluate(INK), page.inner_text("#look span")) == (light, "light")
    page.click("#look")
    assert (page.evaluate(INK), page.inner_text("#look span")) == (dark, "dark")
    page.reload()
    assert page.inner_text("#look span") == "dark", "it is remembered"
    page.click("#look")
    assert page.inner_text("#look span") == "as the system"


def test_the_keyboard_walks_zooms_moves_and_comes_back(visit, site):
    page = visit(site)
    page.focus("#first a.view")
    page.keyboard.press("Enter")
    assert page.evaluate(SIDES) == "forest / kelp forest (1 of 3)"
    whole = page.evaluate(PLACE)
    assert whole["width"] == pytest.approx(1280)
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert page.evaluate(PLACE)["width"] == pytest.approx(1280 * 2.25)
    x = page.evaluate(PLACE)["x"]
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(PLACE)["x"] == pytest.approx(x + 80)
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate(PLACE)["x"] == pytest.approx(0), "it stops at the edge"
    page.keyboard.press("0")
    assert page.evaluate(PLACE) == pytest.approx(whole)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(SIDES) == "castle / volcano (2 of 3)"
    assert page.evaluate("document.querySelectorAll('.stage img').length") == 1
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("PageUp")
    assert "(3 of 3)" in page.evaluate(SIDES)
    page.keyboard.press("Escape")
    assert not page.evaluate("document.getElementById('viewer').open")
    assert page.evaluate("document.activeElement.closest('figure').id") == "third"


def test_buttons_wheel_drag_and_double_click_do_the_same(visit, site):
    page = visit(site)
    page.click("#second a.view")
    whole = page.evaluate(PLACE)
    assert whole["height"] == pytest.approx(800)
    page.click("[data-do=in]")
    assert page.evaluate(PLACE)["height"] == pytest.approx(1200)
    page.click("[data-do=whole]")
    assert page.evaluate(PLACE) == pytest.approx(whole)
    page.mouse.move(640, 400)
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"{PLACE}.height > 2000")
    before = page.evaluate(PLACE)
    page.mouse.down()
    page.mouse.move(600, 370)
    page.mouse.up()
    after = page.evaluate(PLACE)
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((-40, -30))
    page.mouse.dblclick(640, 400)
    assert page.evaluate(PLACE) == pytest.approx(whole)
    page.click("[data-do=after]")
    assert "(3 of 3)" in page.evaluate(SIDES)
    page.click("[data-do=close]")
    assert not page.evaluate("document.getElementById('viewer').open")


def fingers(page):
    """Moves fingers as the browser's own devtools do: kind of event, places of the fingers that are down."""
    client = page.context.new_cdp_session(page)

    def touch(kind, *points):
        at = [{"x": x, "y": y, "id": rank} for rank, (x, y) in enumerate(points)]
        client.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})

    return touch


def test_fingers_swipe_and_pinch_and_the_back_button_closes(visit, site):
    page = visit(site, width=390, has_touch=True, is_mobile=True)
    page.tap("#first a.view")
    page.wait_for_selector(".stage img")
    assert page.evaluate(PLACE)["width"] == pytest.approx(390)
    touch = fingers(page)
    touch("Start", (150, 400), (240, 400))
    touch("Move", (100, 400), (290, 400))
    touch("Move", (50, 400), (340, 400))
    touch("End")
    assert page.evaluate(PLACE)["width"] > 2.5 * 390
    page.tap("[data-do=whole]")
    touch("Start", (300, 400))
    touch("Move", (200, 400))
    touch("Move", (100, 400))
    touch("End")
    assert "(2 of 3)" in page.evaluate(SIDES)
    page.go_back()
    assert not page.evaluate("document.getElementById('viewer').open")
    assert page.url == site.as_uri()


def test_without_scripts_a_picture_leads_to_its_full_size(visit, site):
    page = visit(site, java_script_enabled=False)
    page.click("#first a.view")
    page.wait_for_url("**/pictures/first-1024.jpg")


def test_a_phone_takes_the_small_modern_files(visit, site):
    page = visit(site, width=390)
    taken = page.evaluate("document.querySelector('#first img').currentSrc")
    assert taken.rsplit("/", 1)[1] in {"first-480.avif", "first-480.webp"}
    assert "1024" in visit(site).evaluate("document.querySelector('#first img').currentSrc")


@pytest.mark.skipif(not deep_zoom.can_tile(), reason="pyvips is not here; install the extra deepzoom")
def test_a_big_picture_is_seen_through_its_tiles(visit, violations, tmp_path, monkeypatch):
    monkeypatch.setattr("doorways.export.publish.FROM_PX", 2048)
    big = exhibit(tmp_path / "big.png", "teal", size="4096x1024")
    publish(Gallery("Big", (Section("", (big,)),)), tmp_path / "site")
    page = visit(tmp_path / "site" / "index.html", width=600)
    page.click("a.view")
    page.wait_for_function("OpenSeadragon && document.querySelector('.stage canvas')")
    page.wait_for_timeout(500)
    tiles = [url for url in page.asked if "/tiles/" in url]
    assert tiles
    assert not any("/12/" in url for url in tiles), "no more than is looked at"
    assert violations(page) == []
    for _ in range(6):
        page.keyboard.press("+")
        page.wait_for_timeout(100)
    page.wait_for_timeout(500)
    assert any("/12/" in url for url in page.asked)
    assert page.wrong == []
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('.stage canvas')")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_contact_sheet_is_accessible_too(visit, violations, tmp_path, dark):
    both = [
        exhibit(tmp_path / f"{n}.png", seed=n, prompts=prompts) for n, prompts in enumerate(("a", "b", EVIL))
    ]
    path = tmp_path / "sheet.html"
    path.write_text(sheet_page(arrange(both, rows="subject", columns="seed"), beside=tmp_path), "utf-8")
    page = visit(path, dark=dark, width=390)
    assert violations(page) == []
    assert page.wrong == []
