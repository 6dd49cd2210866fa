from __future__ import annotations

import json

import pytest
from PIL import Image

from doorways.errors import DoorwaysError
from doorways.export.deep_zoom import can_tile, tile
from doorways.export.renditions import modern, renditions
from tests.painted import painted


@pytest.mark.parametrize(
    ("width", "widths"), [(300, [300]), (768, [480, 768]), (900, [480, 900]), (1300, [480, 768, 1300])]
)
def test_a_picture_is_kept_in_sizes_that_differ_and_two_kinds(tmp_path, width, widths):
    made = renditions(Image.new("RGB", (width, 100), "lime"), tmp_path, "a")
    assert [one.width for one in made if one.kind == modern()] == widths
    assert [one.width for one in made if one.kind == "jpg"] == widths
    assert sorted(one.file for one in made) == sorted(path.name for path in tmp_path.iterdir())
    for one in made:
        with Image.open(tmp_path / one.file) as image:
            assert image.format == {"jpg": "JPEG", "avif": "AVIF", "webp": "WEBP"}[one.kind]
            assert image.size == (one.width, round(100 * one.width / width))
            assert image.convert("RGB").getpixel((9, 9))[1] > 240


@pytest.mark.parametrize("avif", [True, False])
def test_the_modern_kind_is_what_pillow_can_write(tmp_path, monkeypatch, avif):
    monkeypatch.setattr("doorways.export.renditions.features.check", lambda what: avif and what == "avif")
    assert modern() == ("avif" if avif else "webp")
    if not avif:
        made = renditions(Image.new("RGB", (64, 32), "lime"), tmp_path, "a")
        assert [(one.kind, one.file) for one in made] == [("webp", "a-64.webp"), ("jpg", "a-64.jpg")]
        with Image.open(tmp_path / "a-64.webp") as image:
            assert (image.format, image.size) == ("WEBP", (64, 32))


def test_a_picture_that_has_tiles_does_without_its_full_size(tmp_path):
    big, small = (Image.new("RGB", (width, 10)) for width in (1000, 64))
    assert {one.width for one in renditions(big, tmp_path, "a", whole=False)} == {480, 768}
    assert {one.width for one in renditions(small, tmp_path, "b", whole=False)} == {64}


@pytest.mark.skipif(not can_tile(), reason="pyvips is not here; install the extra deepzoom")
def test_a_damaged_picture_cannot_be_cut(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(DoorwaysError, match="cannot be cut into tiles"):
        tile(tmp_path / "a.png", tmp_path, "a")


@pytest.mark.skipif(not can_tile(), reason="pyvips is not here; install the extra deepzoom")
def test_a_big_picture_is_cut_into_tiles_of_every_size(tmp_path):
    picture = painted(tmp_path / "big.png", "blue", size="1024x512")
    (tmp_path / "tiles").mkdir()
    source = tile(picture, tmp_path / "tiles", "big")
    assert json.loads(json.dumps(source))["Image"]["Size"] == {"Width": "1024", "Height": "512"}
    folder = tmp_path / source["Image"]["Url"]
    assert sorted(int(level.name) for level in folder.iterdir() if level.is_dir()) == list(range(11))
    with Image.open(folder / "10" / "1_0.jpg") as right:
        assert right.getpixel((100, 100))[2] > 240
    assert [path.name for path in (tmp_path / "tiles").iterdir()] == ["big_files"]
