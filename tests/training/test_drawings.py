"""What the drawings are called, and which of them may be trained on."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest

from training import drawings, manifest
from training.fetch import PACKAGES
from training.minilm import PACKAGE

needs_words = pytest.mark.skipif(
    find_spec(PACKAGE) is None, reason="the list of English words comes with the extra `train`"
)


@needs_words
@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("cloud-with-rain-2-flat", "cloud with rain"),
        ("blacktelephone", "black telephone"),
        ("Castle Icon (outline)", "castle"),
        ("santa_clip_art_01", "santa"),
        ("3", ""),
    ],
)
def test_a_name_says_what_is_drawn_and_not_how(raw, name):
    assert drawings.clean_name(raw) == name


@needs_words
@pytest.mark.parametrize(
    "name",
    [
        "castle",
        "cloud with rain",
        "winking face",
        "cats",
        "sparrow",
        "wheel barrow",
        "traffic light",
        "flashlight",
    ],
)
def test_names_of_things_are_used(name):
    assert drawings.usable(name)


@needs_words
@pytest.mark.parametrize("name", ["", "flag of france", "qxzzt", "a b c d e", "left arrow", "boy light"])
def test_signs_unknown_words_and_sentences_are_not(name):
    assert not drawings.usable(name)


def test_no_held_out_family_is_trained_on():
    assert set(drawings.HELD_OUT) == {"emojione", "emojione-v1", "openmoji"}
    assert not (set(drawings.TRAINED) | set(drawings.BORROWED)) & set(drawings.HELD_OUT)


@pytest.mark.skipif(not PACKAGES.exists(), reason="the packages are fetched by make train-data")
def test_every_collection_that_is_trained_on_has_a_permissive_licence():
    about = json.loads((PACKAGES / "iconify/collections.json").read_text(encoding="utf-8"))
    families = [*drawings.TRAINED, *drawings.BORROWED]
    assert {about[family]["license"]["spdx"] for family in families} <= drawings.PERMISSIVE


def test_only_names_that_are_there_are_borrowed(monkeypatch):
    named = ("castle", "castle duotone", "arcade", "bold tree")
    monkeypatch.setattr(
        drawings, "icons", lambda _: (drawings.Drawing("ph", n, n, "MIT", 0.3) for n in named)
    )
    assert [one.name for one in drawings.borrowed({"castle", "tree"})] == ["castle", "castle", "tree"]


def row(**changes):
    return {
        "split": "trained", "family": "noto", "file": "a.json", "ident": "castle", "licence": "Apache-2.0",
        "caption": "castle",
    } | changes  # fmt: skip


def test_pictures_that_must_not_be_trained_on_are_refused():
    share_alike, held_out = row(licence="CC-BY-SA-4.0"), row(family="emojione", licence="CC-BY-4.0")
    measured = row(split="held_out", family="openmoji", licence="CC-BY-SA-4.0")
    assert manifest.refused([row(), share_alike, held_out, measured]) == [share_alike, held_out]


def test_the_manifest_reads_as_it_was_written(tmp_path, world):
    rows = manifest.collect(world)
    assert [(r["split"], r["family"], r["caption"]) for r in rows] == [
        *(("trained", "test", name) for name in ("castle", "tree", "star")),
        *(("held_out", "test", name) for name in ("castle", "tree", "star")),
        ("trained", "endless-sky", "desert"),
        ("trained", "endless-sky", "night"),
        ("held_out", "endless-sky", "beach"),
    ]
    manifest.write(rows, tmp_path / "one.xz")
    manifest.write(rows, tmp_path / "two.xz")
    assert manifest.read(tmp_path / "one.xz") == rows
    assert (tmp_path / "one.xz").read_bytes() == (tmp_path / "two.xz").read_bytes()


@pytest.mark.skipif(
    not manifest.MANIFEST.exists(), reason="the manifest is written by python -m training.ship"
)
def test_what_the_shipped_weights_learned_from_was_plenty():
    rows = manifest.read()
    trained = [r for r in rows if r["split"] == "trained"]
    assert {r["family"] for r in rows if r["split"] == "held_out"} >= set(drawings.HELD_OUT)
    assert len(trained) >= 15_000
    assert len({r["caption"] for r in trained}) >= 4_000
