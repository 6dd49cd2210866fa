"""The sketchbook: found by words, read from a folder, and whole."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn.functional import normalize

from doorways.errors import DoorwaysError, InputError
from doorways.models import specs
from doorways.perceptors.words import Words
from doorways.sketching import Sketchbook, open_sketchbook
from training import sketches

WORDS = ("castle", "house", "sea", "the")
VECTORS = normalize(torch.tensor([[1.0, 0, 0], [0.9, 0.5, 0], [0, 0, 1], [0, 1, 0]]), dim=1)


def words():
    return Words(WORDS, VECTORS, torch.tensor([1.0, 1, 1, 0.01]))


def drawing(colour, side=96):
    image = Image.new("RGBA", (side, side))
    image.paste(colour, (side // 4, side // 4, side * 3 // 4, side * 3 // 4))
    return torch.tensor(list(image.tobytes()), dtype=torch.uint8).view(side, side, 4).numpy()


@pytest.fixture
def folder(tmp_path):
    rows = [
        {"name": name, "family": "ours", "ident": str(i)}
        for i, name in enumerate(["castle", "castle", "sea"])
    ]
    sketches.write(tmp_path, rows, [drawing(colour) for colour in ("red", "lime", "blue")])
    return tmp_path


@pytest.fixture
def book(folder):
    return Sketchbook.read(folder, words())


def test_all_drawings_of_a_name_are_found(book):
    assert book.find("castle") == (0, 1)
    assert book.find("the sea") == (2,)


def test_a_word_near_a_name_finds_it_and_one_far_from_all_nothing(book):
    assert book.find("house") == (0, 1)
    assert book.find("the") == ()
    assert book.find("3:00") == (), "no word at all"
    assert book.find("castles") == (0, 1)
    assert book.find("castel") == (), "spelt like a castle"


@pytest.mark.parametrize(("number", "colour"), [(0, (1, 0, 0)), (1, (0, 1, 0)), (2, (0, 0, 1))])
def test_a_drawing_is_premultiplied_and_clear_around(book, number, colour):
    shown = book.drawing(number)
    assert shown.shape == (1, 4, sketches.SIDE_PX, sketches.SIDE_PX)
    middle = shown[0, :, 24, 24]
    assert torch.allclose(middle, torch.tensor([*colour, 1.0]), atol=0.1)
    assert float(shown[0, :, :4].max()) < 0.05


def test_a_folder_that_is_not_whole_is_refused(folder):
    (folder / "drawings.tsv").write_text("castle\n")
    with pytest.raises(InputError, match="not a whole sketchbook"):
        Sketchbook.read(folder, words())
    (folder / "drawings.tsv").write_text("castle\ncastle\nsea\n")
    tensors = {"webp": torch.zeros(3, dtype=torch.uint8), "ends": torch.tensor([1, 2, 4])}
    save_file(tensors, folder / "drawings.safetensors")
    with pytest.raises(InputError, match="not a whole sketchbook"):
        Sketchbook.read(folder, words())
    (folder / "drawings.tsv").unlink()
    with pytest.raises(InputError, match="install doorways again"):
        Sketchbook.read(folder, words())


def test_a_broken_drawing_names_itself(folder):
    book = Sketchbook.read(folder, words())
    book.webp[: int(book.ends[0])] = 0
    with pytest.raises(InputError, match=r"'castle' \(1\) is broken.*install doorways again"):
        book.drawing(0)


def test_an_installation_without_one_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(specs.doorways, "__path__", [str(tmp_path)])
    with pytest.raises(DoorwaysError, match="embedded sketchbook is missing"):
        specs.embedded_folder("sketchbook")


@pytest.mark.embedded
def test_the_one_that_ships_knows_things_and_no_nonsense():
    book = open_sketchbook()
    named = {
        text: {book.names[i] for i in book.find(text)}
        for text in ("castle", "forest", "Fólkvangr", "3:00 am")
    }
    assert named["castle"] == {"castle"}
    assert "tree" in named["forest"]
    assert not named["Fólkvangr"]
    assert not named["3:00 am"]


@pytest.mark.embedded
def test_of_a_text_that_no_drawing_shows_the_longest_parts_are_shown():
    book = open_sketchbook()

    def named(text):
        return {book.names[i] for i in book.find(text)}

    assert "tree" in named("entrance to Forest by James Gurney")
    assert named("entrance to the Dragons realm by James Gurney") == {"dragon", "dragon face"}
    assert named("entrance to the Ice Cream realm") == {"ice cream"}
    assert named("door by Castle") == named("door"), "an artist's name has a capital"
    assert not named("by James Gurney")
    assert "no entry" not in named("entrance")
    assert "no smoking" in named("no smoking")
    assert not named("word " * 3000)
    assert not named("the of and")
    assert named("of a castle and the") == {"castle"}


@pytest.mark.embedded
def test_every_drawing_that_ships_can_be_read_and_shows_something():
    book = open_sketchbook()
    for number in range(len(book.names)):
        shown = book.drawing(number)
        assert float(shown[:, 3].mean()) > 0.01, book.names[number]


def test_webp_is_all_that_is_read():
    file = io.BytesIO()
    Image.new("RGBA", (48, 48)).save(file, "PNG")
    png = torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)
    with pytest.raises(InputError, match="is broken"):
        Sketchbook(words(), ("castle",), png, torch.tensor([len(png)])).drawing(0)
