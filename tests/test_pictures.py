from __future__ import annotations

import base64
import io
import json
import logging
import struct
from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image, ImageCms, features

from doorways.errors import InputError
from doorways.export.grid import Tile
from doorways.pictures import fit, read_mask, read_picture, to_image
from doorways.size import Size
from doorways.surgery.record import Record

RED, HALF = (255, 0, 0), (255, 0, 0, 128)


def picture_of(path, image, **options):
    image.save(path, **options)
    return read_picture(path)


def gradient(width=8, height=4):
    red = np.linspace(0, 255, width).round().astype(np.uint8)[None].repeat(height, 0)
    green = np.linspace(0, 255, height).round().astype(np.uint8)[:, None].repeat(width, 1)
    return Image.fromarray(np.stack([red, green, np.full_like(red, 51)], 2))


def test_a_png_is_read_exactly_and_written_back_exactly(tmp_path):
    image = gradient()
    picture = picture_of(tmp_path / "a.png", image)
    assert picture.shape == (1, 3, 4, 8)
    assert picture.dtype == torch.float32
    assert torch.equal(picture[0].permute(1, 2, 0), torch.tensor(np.asarray(image)) / 255)
    assert to_image(picture).tobytes() == image.tobytes()


@given(st.integers(0, 255))
def test_every_grey_value_survives_the_round_trip(value):
    assert to_image(torch.full((1, 3, 1, 1), value / 255)).getpixel((0, 0)) == (value,) * 3


def test_what_lies_outside_the_range_is_clamped():
    assert to_image(torch.tensor([-1.0, 0.5, 2.0]).reshape(3, 1, 1)).getpixel((0, 0)) == (0, 128, 255)


def test_transparency_is_laid_over_white(tmp_path):
    blended = [1, 127 / 255, 127 / 255]
    rgba = picture_of(tmp_path / "a.png", Image.new("RGBA", (2, 2), HALF))
    assert rgba[0, :, 0, 0].tolist() == pytest.approx(blended, abs=1 / 255)
    grey = picture_of(tmp_path / "b.png", Image.new("LA", (2, 2), (0, 0)))
    assert grey.min() == 1


def test_a_palette_is_read_and_its_transparent_colour_is_white(tmp_path):
    image = gradient().quantize(16)
    assert torch.equal(
        picture_of(tmp_path / "a.png", image), picture_of(tmp_path / "b.png", image.convert("RGB"))
    )
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putdata([0, 1])
    shown = picture_of(tmp_path / "c.png", palette, transparency=1)
    assert shown[0, :, 0, 0].tolist() == [1, 0, 0]
    assert shown[0, :, 0, 1].tolist() == [1, 1, 1]


def test_sixteen_bits_of_grey_are_kept(tmp_path):
    values = np.array([[0, 1, 300, 32768, 65535]], np.uint16)
    picture = picture_of(tmp_path / "a.png", Image.fromarray(values))
    assert picture[0, 1, 0].tolist() == pytest.approx((values[0] / 65535).tolist(), abs=1e-7)


def test_sixteen_bit_colour_is_read(tmp_path):
    import zlib

    row = b"\0" + struct.pack(">6H", 65535, 0, 0, 0, 32768, 65535)

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(row)), chunk(b"IEND", b"")]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    picture = read_picture(tmp_path / "a.png")
    assert picture[0, :, 0, 0].tolist() == [1, 0, 0]
    assert picture[0, :, 0, 1].tolist() == pytest.approx([0, 0.5, 1], abs=1 / 255)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "YCbCr", "LAB", "I", "F"])
def test_every_mode_is_read(tmp_path, mode):
    white = Image.new("RGB", (3, 2), "white")
    image = (
        Image.new("I", (3, 2), 65535)
        if mode == "I"
        else white.convert("L").convert("F")
        if mode == "F"
        else None
    )
    image = image or (ImageCms.profileToProfile(
        white, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    ) if mode == "LAB" else white.convert(mode))  # fmt: skip
    picture = picture_of(tmp_path / "a.tiff", image)
    assert picture.shape == (1, 3, 2, 3)
    assert picture.min() > 0.98


def test_floats_are_in_0_1_or_to_255(tmp_path):
    unit = Image.fromarray(np.array([[0, 0.25, 1]], np.float32))
    byte = Image.fromarray(np.array([[0, 63.75, 255]], np.float32))
    assert picture_of(tmp_path / "a.tiff", unit)[0, 0, 0].tolist() == [0, 0.25, 1]
    assert picture_of(tmp_path / "b.tiff", byte)[0, 0, 0].tolist() == [0, 0.25, 1]
    wild = Image.fromarray(np.array([[np.nan, 0.5, -1]], np.float32))
    assert picture_of(tmp_path / "c.tiff", wild)[0, 0, 0].tolist() == [0, 0.5, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_s_turn_is_undone(tmp_path, orientation):
    upright = gradient(8, 4)
    back = {
        1: [], 2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE], 6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE], 8: [Image.Transpose.ROTATE_270],
    }  # fmt: skip
    turned = upright
    for step in back[orientation]:
        turned = turned.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert torch.equal(
        picture_of(tmp_path / "a.png", turned, exif=exif), picture_of(tmp_path / "b.png", upright)
    )


def test_colours_are_brought_to_srgb(tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image = ImageCms.profileToProfile(
        Image.new("RGB", (2, 2), RED),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    image.info.clear()
    picture = picture_of(tmp_path / "a.tiff", image, icc_profile=lab)
    assert picture[0, :, 0, 0].tolist() == pytest.approx([1, 0, 0], abs=0.03)


def test_a_broken_colour_profile_is_left_aside(tmp_path):
    image = gradient()
    assert (
        to_image(picture_of(tmp_path / "a.png", image, icc_profile=b"nonsense")).tobytes() == image.tobytes()
    )


def test_the_first_picture_of_an_animation_is_taken(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    picture = picture_of(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert picture[0, :, 0, 0].tolist() == [1, 0, 0]


def test_no_picture_is_a_program(tmp_path, monkeypatch):
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n{} loop\n"
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("it is executed"))
    (tmp_path / "a.png").write_bytes(program)
    for read in (read_picture, read_mask, lambda path: Tile(path).open()):
        with pytest.raises(InputError, match="cannot be read as a picture"):
            read(tmp_path / "a.png")
    record = {
        "parent": "a.png",
        "parent_sha256": "",
        "surgery": [],
        "changed": base64.b64encode(program).decode(),
    }
    with pytest.raises(ValueError, match="its mask cannot be read"):
        Record.from_json(json.dumps(record))


def test_a_file_that_is_no_picture_is_one_sentence(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"a\.png: cannot be read as a picture"):
        read_picture(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"b\.png: there is no such picture; check its name"):
        read_picture(tmp_path / "b.png")
    with pytest.raises(InputError, match="is a folder"):
        read_picture(tmp_path)


def test_a_picture_too_large_to_be_meant_is_one_sentence(tmp_path, monkeypatch):
    gradient().save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    assert read_picture(tmp_path / "a.png").shape == (1, 3, 4, 8)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(InputError, match=r"a\.png: .*; use a smaller picture"):
        read_picture(tmp_path / "a.png")


KINDS = ["PNG", "JPEG", "GIF", "TIFF", "WEBP"] + ["AVIF"] * features.check("avif")


@pytest.mark.skipif("AVIF" not in KINDS, reason="Pillow is built without AVIF")
def test_a_damaged_avif_is_one_sentence(tmp_path):
    gradient(64, 64).save(tmp_path / "a.avif")
    raw = bytearray((tmp_path / "a.avif").read_bytes())
    start = raw.index(b"mdat") + 4
    raw[start:] = bytes(len(raw) - start)
    (tmp_path / "a.avif").write_bytes(raw)
    with pytest.raises(InputError, match=r"a\.avif: cannot be read as a picture"):
        read_picture(tmp_path / "a.avif")


def test_of_a_damaged_tiff_pillow_says_nothing_besides(tmp_path, monkeypatch, capfd):
    gradient().save(tmp_path / "a.tiff")
    raw = bytearray((tmp_path / "a.tiff").read_bytes())
    entry = raw.index(struct.pack("<HH", 277, 3))
    raw[entry + 8 : entry + 10] = struct.pack("<H", 99)
    (tmp_path / "a.tiff").write_bytes(raw)
    with monkeypatch.context() as patch:
        patch.setattr(logging.getLogger(), "handlers", [])  # pytest's own, which the command has not
        with pytest.raises(InputError, match=r"a\.tiff: cannot be read as a picture"):
            read_picture(tmp_path / "a.tiff")
    assert capfd.readouterr().err == ""


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_damaged_picture_is_read_or_is_one_sentence(tmp_path_factory, data):
    kind = data.draw(st.sampled_from(KINDS))
    stream = io.BytesIO()
    gradient(16, 16).save(stream, kind)
    raw = bytearray(stream.getvalue())
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw) - 1))]
    else:
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("damaged") / "a"
    path.write_bytes(raw)
    with suppress(InputError):
        assert read_picture(path).shape[:2] == (1, 3)


def test_a_mask_is_grey_and_stays_where_nothing_was_drawn(tmp_path):
    mask = Image.new("RGBA", (4, 2))
    mask.paste((255, 255, 255, 255), (2, 0, 4, 2))
    mask.save(tmp_path / "m.png")
    read = read_mask(tmp_path / "m.png")
    assert read.shape == (1, 1, 2, 4)
    assert read[0, 0].tolist() == [[0, 0, 1, 1]] * 2
    Image.fromarray(np.array([[0, 32768]], np.uint16)).save(tmp_path / "deep.png")
    assert read_mask(tmp_path / "deep.png").flatten().tolist() == pytest.approx([0, 0.5], abs=1e-4)


@pytest.mark.parametrize("how", ["crop", "fit", "stretch"])
@pytest.mark.parametrize("size", [Size(16, 8), Size(8, 16), Size(5, 5), Size(64, 3)])
def test_a_fitted_picture_has_the_size_and_stays_in_range(how, size):
    picture = torch.rand(1, 3, 9, 13, generator=torch.Generator().manual_seed(0))
    fitted = fit(picture, size, how)
    assert fitted.shape == (1, 3, size.height, size.width)
    assert fitted.min() >= 0
    assert fitted.max() <= 1


def test_a_picture_of_the_size_is_left_alone():
    picture = torch.rand(1, 3, 4, 8)
    for how in ("crop", "fit", "stretch"):
        assert torch.equal(fit(picture, (8, 4), how), picture)


def test_crop_keeps_the_middle_and_its_shapes():
    picture = torch.zeros(1, 1, 4, 12)
    picture[..., 4:8] = 1
    assert torch.equal(fit(picture, (4, 4), "crop"), torch.ones(1, 1, 4, 4))


def test_fit_shows_all_of_it_and_goes_on_by_reflection():
    picture = torch.tensor([[0.0, 0.2, 0.4, 0.6]]).reshape(1, 1, 1, 4).expand(1, 1, 4, 4)
    row = fit(picture, (12, 4), "fit")[0, 0, 0]
    assert row.tolist() == pytest.approx([0.6, 0.4, 0.2, 0, 0, 0.2, 0.4, 0.6, 0.6, 0.4, 0.2, 0])


def test_stretch_distorts():
    picture = torch.zeros(1, 1, 4, 4)
    picture[..., 2:] = 1
    stretched = fit(picture, (8, 4), "stretch")[0, 0, 0]
    assert (stretched > 0.5).tolist() == [False] * 4 + [True] * 4


def test_shrinking_is_antialiased():
    checkers = (torch.arange(32)[:, None] + torch.arange(32)).remainder(2).float()[None, None]
    assert (fit(checkers, (8, 8), "stretch") - 0.5).abs().max() < 0.05
