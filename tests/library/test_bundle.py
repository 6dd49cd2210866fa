from __future__ import annotations

import json
import shutil
import zipfile

import pytest
from PIL import Image

from doorways.errors import InputError
from doorways.library import Library
from doorways.library.recorder import painter_of
from doorways.pictures import to_image
from doorways.recipe import Recipe
from tests import tiny
from tests.library.conftest import settings
from tests.library.test_recorder import pixels, record, straight
from tests.recipes import quick


@pytest.fixture
def other(tmp_path):
    with Library.open(tmp_path / "other") as library:
        yield library


def everything(library):
    """All files of a library but its database, with their content."""
    paths = sorted(path for path in (library.folder / "paintings").rglob("*") if path.is_file())
    return {path.relative_to(library.folder).as_posix(): path.read_bytes() for path in paths}


def rewrite(path, name, change):
    """The bundle with one member changed; left out if `change` gives None."""
    with zipfile.ZipFile(path) as bundle:
        members = {member: bundle.read(member) for member in bundle.namelist()}
    members[name] = change(members.get(name, b""))
    with zipfile.ZipFile(path, "w") as bundle:
        for member, content in members.items():
            if content is not None:
                bundle.writestr(member, content)


@pytest.fixture
def bundle(library, tmp_path, monkeypatch):
    """Two paintings, one finished and one begun from a picture, of one sweep."""
    monkeypatch.chdir(tmp_path)
    to_image(tiny.picture(60, 40, seed=4)).save("start.png")
    sweep = library.add_sweep("Doorways", "title = 'Doorways'", {"rungs": [1]}).id
    first = library.add(quick(), sweep=sweep, subject="fire", tags=["t"], boards=["best"], note="good")
    record(library, library.claim("me"))
    library.rate(first.id, 5)
    library.score(first.id, {"match": 0.5})
    library.add(quick(init_image="start.png", hold=0.5), parent=first.id, sweep=sweep)
    record(library, library.claim("me"), until=3)
    return library.export_bundle([entry.id[:7] for entry in library.list()], tmp_path / "two.zip")


def test_paintings_are_the_same_in_the_other_library(library, other, bundle):
    new = other.import_bundle(bundle)
    assert new == other.list() == library.list()
    assert everything(other) == everything(library) != {}
    assert other.sweeps() == library.sweeps()
    assert [entry.id for entry in other.find("good")] == [new[0].id]
    assert [entry.id for entry in other.children(new[0].id)] == [new[1].id]
    assert other.check() == []


def test_one_that_was_begun_goes_on_there_though_its_start_is_gone(library, other, bundle, tmp_path):
    recipe = Recipe.build(**library.list()[1].recipe)
    expected = straight(recipe)
    (tmp_path / "start.png").unlink()
    shutil.rmtree(library.folder / "paintings")
    other.import_bundle(bundle)
    entry = other.list()[1]
    other.release(entry.id, "waiting")
    done = record(other, other.claim("you"))
    assert done.state == "finished"
    assert pixels(other, done) == expected


def test_what_is_here_already_is_passed_over(library, other, bundle, tmp_path):
    first, second = library.list()
    other.import_bundle(library.export_bundle([first.id], tmp_path / "one.zip"))
    other.rate(first.id, 1)
    assert [entry.id for entry in other.import_bundle(bundle)] == [second.id]
    assert other.import_bundle(bundle) == []
    assert other.get(first.id).rating == 1


def test_one_that_is_being_painted_is_paused_in_the_bundle(library, other, tmp_path):
    library.add(quick())
    entry = library.claim("me")
    (new,) = other.import_bundle(library.export_bundle([entry.id], tmp_path / "one.zip"))
    assert (new.state, new.worker) == ("paused", None)
    assert library.get(entry.id).state == "running"
    assert painter_of(other, new).step == 0


def damage_picture(contents):
    return contents[:-5] + b"xxxxx"


def described(**changes):
    return lambda content: json.dumps({**json.loads(content), **changes}).encode()


def painting(**changes):
    def change(content):
        found = json.loads(content)
        found["paintings"][1] |= changes
        return json.dumps(found).encode()

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (described(version=2), r"is a bundle of version 2, and this Doorways reads 1; use a newer one"),
        (described(format="cake"), "is no bundle of Doorways"),
        (described(sweeps=[{"id": 1}]), "is no bundle of Doorways"),
        (described(paintings=[3]), "is no bundle of Doorways"),
        (described(files={"../../evil.png": "0"}), "holds files that are none of a painting's"),
        (
            described(files={"paintings/kbcdfghj/sources/..": "0"}),
            "holds files that are none of a painting's",
        ),
        (described(files={"paintings/kbcdfghj/picture.png": "0"}), "or lacks some"),
        (lambda _: None, "is no bundle of Doorways"),
        (lambda _: b"{", "is no bundle of Doorways"),
        (painting(state="running"), "is not described as it should be"),
        (painting(id="../../x"), "is not described as it should be"),
        (painting(recipe=3), "is not described as it should be"),
        (painting(tags=3), "is not described as it should be"),
        (painting(rating=9), "CHECK constraint failed"),
        (painting(scores={"match": float("nan")}), "is not described as it should be"),
        (painting(scores={"match": "x"}), "is not described as it should be"),
        (painting(seconds="x"), "is not described as it should be"),
        (painting(steps=10**30), "is not described as it should be"),
        (painting(judge=3), "is not described as it should be"),
    ],
)
def test_a_bundle_that_is_wrong_is_one_sentence_and_leaves_nothing(other, bundle, change, sentence):
    rewrite(bundle, "bundle.json", change)
    with pytest.raises(Exception, match=sentence) as caught:
        other.import_bundle(bundle)
    assert str(caught.value).startswith(str(bundle)) or "library.sqlite3" in str(caught.value)
    assert other.list() == []
    assert list((other.folder / "paintings").iterdir()) == []


def test_a_damaged_file_in_a_bundle_is_named_and_leaves_nothing(library, other, bundle):
    name = f"paintings/{library.list()[1].id}/picture.png"
    rewrite(bundle, name, damage_picture)
    with pytest.raises(InputError, match=f"{name} in it is damaged .its checksum differs.; export it again"):
        other.import_bundle(bundle)
    assert other.list() == []
    assert everything(other) == {}


def test_packed_members_that_are_damaged_are_named_wherever_the_damage_is(library, other, bundle):
    name = f"paintings/{library.list()[1].id}/events.jsonl"
    whole = bundle.read_bytes()
    with zipfile.ZipFile(bundle) as opened:
        member = opened.getinfo(name)
    begins = member.header_offset + 30 + len(name)
    ending = 3  # at most so many bytes only say that the member ends: with these damaged its content may still be whole
    for place in range(begins, begins + member.compress_size - ending, 7):
        bundle.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(InputError, match=f"{name} in it is damaged"):
            other.import_bundle(bundle)
    bundle.write_bytes(
        whole.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00").replace(
            b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"
        )
    )
    with pytest.raises(InputError, match="is no bundle of Doorways"):
        other.import_bundle(bundle)
    assert everything(other) == {}


def test_what_is_no_bundle_is_named(library, other, tmp_path):
    (tmp_path / "poem.zip").write_bytes(b"roses")
    with pytest.raises(InputError, match=r"poem\.zip: is no whole bundle"):
        other.import_bundle(tmp_path / "poem.zip")
    with pytest.raises(InputError, match=r"none\.zip: there is no such file"):
        other.import_bundle(tmp_path / "none.zip")
    with pytest.raises(InputError, match="there is nothing to export"):
        library.export_bundle([], tmp_path / "none.zip")
    with pytest.raises(InputError, match="there is no such painting"):
        library.export_bundle(["zzz"], tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()


def test_a_painted_picture_is_taken_in_by_itself_once(library, other, tmp_path):
    entry = library.add(settings())
    recipe = Recipe.build(prompts="forest | kelp forest", seed=7, size="48x24", steps=6)
    kept = library.keep(entry.id, Image.new("RGB", (48, 24), "teal"), recipe, 6, True, {"device": "cpu"})
    copy = tmp_path / "copy.png"
    shutil.copyfile(library.files(entry.id).picture, copy)
    new = other.import_picture(copy)
    assert (new.state, new.step, new.recipe, new.machine) == (
        "finished",
        6,
        recipe.settings(),
        {"device": "cpu"},
    )
    assert new.picture_sha256 == kept.picture_sha256
    assert other.files(new.id).picture.read_bytes() == copy.read_bytes()
    assert other.import_picture(copy) == new
    assert other.list() == [new] == other.find("kelp")
    Image.new("RGB", (8, 8)).save(copy)
    with pytest.raises(InputError, match="holds no recipe"):
        other.import_picture(copy)
    assert other.check() == [], "there is no latent, and never was"


def test_a_picture_that_is_cut_short_is_not_taken_in(library, other, tmp_path):
    entry = library.add(settings())
    recipe = Recipe.build(prompts="forest | kelp forest", seed=7, size="48x24", steps=6)
    library.keep(entry.id, to_image(tiny.picture(48, 24)), recipe, 6, True)
    copy = tmp_path / "copy.png"
    copy.write_bytes(library.files(entry.id).picture.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"copy\.png: cannot be read as a picture"):
        other.import_picture(copy)
    assert other.list() == []
