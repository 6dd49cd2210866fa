"""Disks that are full or may not be written to: a clear sentence, and no damage. They are small ones in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doorways.errors import DoorwaysError, InputError
from doorways.library import Library, this_worker
from doorways.library.recorder import Recorder, painter_of
from tests.disks import fill, mount, small_disk
from tests.library.conftest import settings
from tests.library.test_recorder import pixels, record, straight
from tests.recipes import quick


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB, empty."""
    with small_disk(tmp_path / "disk", "1m") as folder:
        yield folder


def is_well(library: Library) -> bool:
    return library.database.rows("PRAGMA integrity_check")[0][0] == "ok"


def test_no_library_is_made_on_a_full_disk_and_none_is_half_made(disk):
    make_room = fill(disk)
    with pytest.raises(DoorwaysError, match="the disk is full; free some space") as caught:
        Library.open(disk / "library")
    assert not isinstance(caught.value, InputError)
    make_room()
    with Library.open(disk / "library") as library:
        library.add(settings())
        assert library.check() == []


def test_rows_that_have_no_room_are_said_and_the_others_stay(disk):
    with Library.open(disk / "library") as library:
        kept = [library.add(settings(), note="first")]

        def add_many():
            while True:
                kept.append(library.add(settings(), note="x" * 20_000))

        with pytest.raises(
            DoorwaysError, match="the disk is full; free some space, and go on: nothing is damaged"
        ):
            add_many()
        assert library.list() == kept
        assert len(kept) > 3
    with Library.open(disk / "library") as library:
        assert is_well(library)
        assert library.list() == kept
        assert library.check() == []
        assert library.find("first") == kept[:1]


def test_a_painting_whose_disk_becomes_full_goes_on_from_its_checkpoint_when_there_is_room(disk):
    recipe = quick(steps=8)
    with Library.open(disk / "library") as library:
        library.add(recipe)
        entry = library.claim(this_worker())
        painter = painter_of(library, entry)
        rooms = []

        def paint():
            with Recorder(library, entry, painter, checkpoint_every=1) as recorder:
                for event in painter:
                    if painter.step == 4 and not rooms:
                        rooms.append(fill(disk))
                    recorder(event)

        with pytest.raises(DoorwaysError, match="the disk is full; free some space"):
            paint()
        assert is_well(library)
        rooms[0]()
        assert is_well(library)
        entry = library.take(entry.id, this_worker())
        assert painter_of(library, entry).step == 3
        entry = record(library, entry)
        assert entry.state == "finished"
        assert pixels(library, entry) == straight(recipe)
        assert library.check() == []


def test_a_bundle_that_does_not_fit_leaves_nothing(disk, tmp_path):
    with Library.open(tmp_path / "library") as library:
        entry = library.add(settings())
        library.files(entry.id).latent.write_bytes(b"x" * 2_000_000)
        bundle = library.export_bundle([entry.id], tmp_path / "one.zip")
        with pytest.raises(DoorwaysError, match="the disk is full"):
            library.export_bundle([entry.id], disk / "one.zip")
    assert list(disk.iterdir()) == []
    with Library.open(disk / "library") as small:
        with pytest.raises(DoorwaysError, match="the disk is full"):
            small.import_bundle(bundle)
        assert small.list() == []
        assert small.check() == []


def test_a_disk_that_may_not_be_written_to_is_one_sentence(disk):
    Library.open(disk / "library").close()
    assert mount("-o", "remount,ro", disk).returncode == 0
    for folder in ("library", "new"):
        with pytest.raises(InputError, match="may not be written to") as caught:
            Library.open(disk / folder)
        assert "\n" not in str(caught.value)
    assert mount("-o", "remount,rw", disk).returncode == 0
    with Library.open(disk / "library") as library:
        assert library.check() == []
