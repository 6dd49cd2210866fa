"""The files of a gallery; what a browser makes of them is in test_gallery_page.py."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from doorways.errors import InputError
from doorways.export import deep_zoom
from doorways.export.exhibit import Exhibit, Generation
from doorways.export.gallery import MARK, Gallery, Section
from doorways.export.publish import publish
from doorways.metadata import read_metadata
from tests.painted import exhibit

EVIL = "<script>alert(1)</script> | \"'><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Tags with their attributes, and the text between."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def files(self):
        """Every file that the page names."""
        for _, attributes in self.tags:
            yield from (attributes[name] for name in ("href", "src", "data-best") if name in attributes)
            yield from re.findall(r"(\S+) \d+w", attributes.get("srcset", ""))


@pytest.fixture
def gallery(tmp_path):
    pair = exhibit(tmp_path / "a b.png", prompts="forest | kelp forest", seed=3, size="640x320", cutouts=9)
    one = replace(exhibit(tmp_path / "c.png", prompts=EVIL, step=7), caption="A <b>note</b> & more")
    return Gallery("Two <worlds>", (Section("Nature", (pair,)), Section("", (one,))), "One.\n\nTwo.")


def page(folder):
    return Page((folder / "index.html").read_text("utf-8"))


def test_a_gallery_says_what_it_shows(gallery, tmp_path):
    made = publish(gallery, tmp_path / "site")
    found = page(tmp_path / "site")
    assert (made.pictures, made.untiled) == (2, 0)
    assert made.size_bytes == sum(path.stat().st_size for path in made.folder.rglob("*") if path.is_file())
    for words in (
        "Two <worlds>",
        "One.",
        "Nature",
        "forest",
        "kelp forest",
        "A <b>note</b> & more",
        "cutouts",
    ):
        assert words in found.text
    assert found.all("img")[0]["alt"] == "Painting: on the left forest, on the right kelp forest."
    assert found.all("html")[0]["lang"] == "en"
    assert "step 7 of 60" in found.text
    figures = [attributes["id"] for attributes in found.all("figure")]
    assert figures == ["a-b", "c"]


def test_every_file_that_a_page_names_is_there_and_none_is_elsewhere(gallery, tmp_path):
    publish(gallery, tmp_path / "site")
    named = set(page(tmp_path / "site").files())
    assert {"pictures/a-b-480.jpg", "pictures/a-b-640.jpg", "originals/a-b.png", "gallery.js"} <= named
    for name in named - {"data:,"}:
        if not name.startswith("#"):
            assert (tmp_path / "site" / name).is_file(), name


def test_originals_hold_their_recipes_and_may_be_left_out(gallery, tmp_path):
    publish(gallery, tmp_path / "site")
    assert read_metadata(tmp_path / "site" / "originals" / "a-b.png").recipe["seed"] == 3
    publish(gallery, tmp_path / "site", originals=False)
    assert not (tmp_path / "site" / "originals").exists()
    assert "originals" not in (tmp_path / "site" / "index.html").read_text("utf-8")


def test_what_prompts_and_notes_say_is_text(gallery, tmp_path):
    publish(gallery, tmp_path / "site")
    found = page(tmp_path / "site")
    assert [script.get("src") for script in found.all("script")] == ["gallery.js"]
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)
    assert not found.all("b")
    assert EVIL.split(" | ")[0] in found.text


def test_a_lineage_leads_to_those_who_are_shown(tmp_path):
    parent = exhibit(tmp_path / "p1.png", seed=1)
    child = replace(
        exhibit(tmp_path / "p2.png", seed=2),
        lineage=(Generation("p0"), Generation("p1", {"seed": 1}), Generation("p2", {"seed": 2, "hold": 0.5})),
    )
    publish(Gallery("Kin", (Section("", (parent, child)),)), tmp_path / "site")
    found = page(tmp_path / "site")
    assert [link["href"] for link in found.all("a") if link["href"].startswith("#p")] == ["#pictures", "#p1"]
    assert "p2: seed 2, hold 0.5" in " ".join(found.text.split())


def test_names_that_are_alike_keep_files_of_their_own(tmp_path):
    both = tuple(exhibit(tmp_path / str(n) / "same.png", colour) for n, colour in enumerate(("red", "blue")))
    publish(Gallery("Same", (Section("", both), Section("Again", both[:1]))), tmp_path / "site")
    figures = [one["id"] for one in page(tmp_path / "site").all("figure")]
    assert figures == ["same", "same-2", "same-3"]
    assert len({*(tmp_path / "site" / "originals").iterdir()}) == 3


def test_the_mark_says_what_is_in_it(gallery, tmp_path):
    publish(gallery, tmp_path / "site")
    told = json.loads((tmp_path / "site" / MARK).read_text("utf-8"))
    assert told["title"] == "Two <worlds>"
    assert told["sections"][0]["pictures"] == [{"name": "a b", "prompts": "forest | kelp forest"}]


def test_what_was_published_before_stays_when_a_picture_is_missing(gallery, tmp_path):
    publish(gallery, tmp_path / "site")
    lost = Exhibit(picture=tmp_path / "lost.png", name="lost")
    with pytest.raises(InputError, match=r"lost\.png: there is no such picture"):
        publish(Gallery("Lost", (Section("", (lost,)),)), tmp_path / "site")
    assert "kelp forest" in page(tmp_path / "site").text


def test_another_s_folder_is_kept_unless_forced(gallery, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    publish(gallery, mine)
    publish(gallery, mine)
    (mine / MARK).unlink()
    with pytest.raises(InputError, match="is no gallery, and all that is in it would be lost"):
        publish(gallery, mine)
    assert (mine / "index.html").exists()
    publish(gallery, mine, force=True)
    assert (mine / MARK).exists()


def test_what_lies_beside_a_gallery_is_kept_unless_forced(gallery, tmp_path):
    site = tmp_path / "site"
    publish(gallery, site)
    (site / "CNAME").write_text("doors.example")
    with pytest.raises(InputError, match="holds CNAME beside a gallery, which would be lost"):
        publish(gallery, site)
    assert (site / "CNAME").exists()
    publish(gallery, site, force=True)
    assert not (site / "CNAME").exists()


def test_pictures_in_the_gallery_itself_are_not_lost(gallery, tmp_path):
    site = tmp_path / "site"
    publish(gallery, site)
    inside = exhibit(site / "originals" / "a-b.png", prompts="forest", seed=3)
    again = Gallery("Again", (Section("", (inside,)),))
    with pytest.raises(
        InputError, match=r"a-b\.png: is in .*site itself, and would be lost without originals"
    ):
        publish(again, site, originals=False)
    assert inside.picture.exists()
    publish(again, site)
    assert len(list((site / "originals").iterdir())) == 1


def test_no_page_tells_where_this_machine_has_its_files(tmp_path):
    recipe = {
        "prompts": f"image({tmp_path}/face.png) | sea",
        "perceptor": [f"{tmp_path}/clip", "0.5 * embedded"],
    }
    secret = replace(exhibit(tmp_path / "a.png"), recipe={**exhibit(tmp_path / "b.png").recipe, **recipe})
    publish(Gallery("Face", (Section("", (secret,)),)), tmp_path / "site", originals=False)
    for path in (tmp_path / "site").rglob("*"):
        assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes(), path
    assert "image(face.png) | sea" in (tmp_path / "site" / MARK).read_text("utf-8")


def test_home_and_the_current_folder_are_refused_without_a_hint_at_force(gallery, tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    for force in (False, True):
        with pytest.raises(InputError, match="holds the folder you are in, or your home; give a new folder"):
            publish(gallery, tmp_path / "a", force=force)


@pytest.mark.skipif(not deep_zoom.can_tile(), reason="pyvips is not here; install the extra deepzoom")
def test_a_big_picture_has_tiles_and_their_viewer(tmp_path, monkeypatch):
    monkeypatch.setattr("doorways.export.publish.FROM_PX", 512)
    big = exhibit(tmp_path / "big.png", size="1024x256")
    publish(Gallery("Big", (Section("", (big, exhibit(tmp_path / "small.png"))),)), tmp_path / "site")
    links = [link for link in page(tmp_path / "site").all("a") if link.get("class") == "view"]
    source = json.loads(links[0]["data-tiles"])["Image"]
    assert (tmp_path / "site" / source["Url"] / "10" / "0_0.jpg").is_file()
    assert "data-tiles" not in links[1]
    assert (tmp_path / "site" / "openseadragon.min.js").is_file()
    assert "Redistribution" in (tmp_path / "site" / "openseadragon.txt").read_text("utf-8")


def test_without_pyvips_a_big_picture_is_shown_whole_and_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr("doorways.export.publish.FROM_PX", 64)
    monkeypatch.setattr("doorways.export.publish.can_tile", lambda: False)
    made = publish(Gallery("Big", (Section("", (exhibit(tmp_path / "big.png"),)),)), tmp_path / "site")
    assert made.untiled == 1
    assert not (tmp_path / "site" / "openseadragon.min.js").exists()
