"""What is shipped is whole, readable by all, and not too large."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from doorways.errors import InputError
from doorways.perceptors import tower
from doorways.perceptors.words import Words
from training import attributions, manifest, resumable, ship, sketches
from training.plans import PLANS


@pytest.fixture
def work(tmp_path):
    """A folder as trainings leave it, with a tiny perceptor and judge."""
    torch.manual_seed(0)
    config = tower.TowerConfig(channels=(8, 16), blocks=(1, 1), words_width=4, dimension=8, size_px=16)
    words = Words(("castle", "tree"), F.normalize(torch.randn(2, 4), dim=-1), torch.ones(2))
    for part in ("perceptor", "judge"):
        folder = tmp_path / "work" / ship.TRAINED[part]
        tower.save(folder, config, words, tower.PictureTower(config), tower.TextTower(config))
    return tmp_path / "work"


def test_a_part_is_copied_over_the_old_one_and_reads_the_same(work, tmp_path):
    old = tmp_path / "embedded" / "perceptor"
    old.mkdir(parents=True)
    (old / "left over.txt").write_text("of another training")
    total = ship.ship(["perceptor"], work=work, embedded=tmp_path / "embedded")
    shipped, trained = tower.load(old), tower.load(work / "hardened")
    assert torch.equal(shipped.embed_texts(["castle"]), trained.embed_texts(["castle"]))
    assert {path.name for path in old.iterdir()} == {"config.json", "vocabulary.txt", "weights.safetensors"}
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in old.iterdir())
    assert total == ship.size_of(tmp_path / "embedded")


def test_nothing_is_shipped_where_one_part_is_missing(work, tmp_path):
    with pytest.raises(InputError, match="make train-generator first"):
        ship.ship(["perceptor", "generator"], work=work, embedded=tmp_path / "embedded")
    shutil.rmtree(work / "hardened")
    with pytest.raises(InputError, match="no trained perceptor; make train-hardened first"):
        ship.ship(["perceptor"], work=work, embedded=tmp_path / "embedded")
    assert not (tmp_path / "embedded").exists()


def test_nothing_is_shipped_where_one_part_is_broken(work, tmp_path):
    (work / "judge" / "weights.safetensors").write_bytes(b"cut off")
    with pytest.raises(InputError, match="not a whole"):
        ship.ship(["perceptor", "judge"], work=work, embedded=tmp_path / "embedded")
    assert not (tmp_path / "embedded").exists()


@pytest.mark.parametrize(
    ("row", "kept", "match"),
    [
        ({}, None, "0 of the 700 steps of hardened are done; make train-hardened first"),
        (
            {},
            PLANS["hardened"].settings | {"data": "others"},
            ".* was begun with data others, and data is these now",
        ),
        ({"licence": "CC-BY-SA-4.0"}, PLANS["hardened"].settings, "1 pictures must not be trained on"),
        ({"family": "openmoji"}, PLANS["hardened"].settings, "1 pictures must not be trained on"),
    ],
)
def test_nothing_is_shipped_that_is_not_done_or_must_not_be_learned_from(
    row, kept, match, work, tmp_path, monkeypatch
):
    drawn = {
        "split": "trained",
        "family": "noto",
        "ident": "ox",
        "caption": "ox",
        "licence": "MIT",
        "file": "ox.svg",
    }
    monkeypatch.setattr(manifest, "collect", lambda: [drawn | row])
    monkeypatch.setattr(manifest, "write", lambda rows: pytest.fail("the manifest is changed"))
    monkeypatch.setattr(resumable, "WORK", work)
    monkeypatch.setattr(manifest, "read", lambda: [drawn | row])
    monkeypatch.setattr(attributions, "page", lambda rows: "")
    monkeypatch.setattr(ship, "Scenes", lambda: SimpleNamespace(digest="these"))
    monkeypatch.setattr(ship, "ship", lambda parts: pytest.fail("it is shipped"))
    monkeypatch.setattr("sys.argv", ["ship", "perceptor"])
    if kept is not None:
        torch.save({"step": kept["steps"], "settings": kept}, work / "hardened.pt")
    with pytest.raises(SystemExit, match=f"not shipped: {match}"):
        ship.main()


def test_no_part_is_shipped_beside_models_that_learned_from_other_pictures(monkeypatch):
    monkeypatch.setattr(
        manifest, "collect", lambda: [{"split": "trained", "family": "noto", "licence": "MIT"}]
    )
    monkeypatch.setattr(ship, "ship", lambda parts: pytest.fail("it is shipped"))
    monkeypatch.setattr("sys.argv", ["ship", "perceptor"])
    with pytest.raises(SystemExit, match="the models that stay learned from other pictures"):
        ship.main()


def test_what_is_there_already_counts_towards_the_size(work, tmp_path, monkeypatch):
    embedded = tmp_path / "embedded"
    shutil.copytree(work / "judge", embedded / "judge")
    both = ship.size_of(work / "judge") + ship.size_of(work / "hardened")
    monkeypatch.setattr(ship, "LARGEST", both - 1)
    with pytest.raises(InputError, match="is the most"):
        ship.ship(["perceptor"], work=work, embedded=embedded)
    monkeypatch.setattr(ship, "LARGEST", both)
    assert ship.ship(["perceptor"], work=work, embedded=embedded) == both


def test_the_sketchbook_ships_with_them_if_it_is_whole(work, tmp_path):
    embedded, book = tmp_path / "embedded", work / "sketchbook"
    with pytest.raises(InputError, match="make train-data first"):
        ship.ship(["sketchbook"], work=work, embedded=embedded)
    row = {"name": "castle", "family": "ours", "ident": "castle"}
    sketches.write(book, [row], [np.full((96, 96, 4), 255, np.uint8)])
    assert ship.ship(["sketchbook"], work=work, embedded=embedded) == ship.size_of(book)
    assert {path.name for path in (embedded / "sketchbook").iterdir()} == {
        "drawings.tsv",
        "drawings.safetensors",
    }
    (book / "drawings.tsv").write_text("")
    with pytest.raises(InputError, match="not a whole sketchbook"):
        ship.ship(["sketchbook"], work=work, embedded=embedded)
