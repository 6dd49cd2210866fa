"""Pictures from files and to PIL: any mode in, float tensors [1, 3, H, W] in [0, 1], sRGB."""

from __future__ import annotations

import io
import logging
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps
from torch import Tensor
from torch.nn.functional import interpolate

from doorways.errors import InputError
from doorways.formats import FORMATS
from doorways.size import Size

Fit = Literal["crop", "fit", "stretch"]
DEEP_MODES = ("I", "F")
"""PIL's grey modes of more than 8 bits, and `I;16` with its kin."""

logging.getLogger("PIL").addHandler(logging.NullHandler())  # what a damaged picture lacks is in the error


def read_picture(path: Path | str) -> Tensor:
    """The picture in a file, as float32 [1, 3, H, W], sRGB in [0, 1].

    Takes every format and mode that Pillow reads: turned as its camera says, colour profiles brought to sRGB,
    transparency laid over white, 16 bits of grey kept; of an animation, its first picture.

    Raises:
        InputError: no such file, no picture, a damaged one, or one too large to be meant.
    """
    image = _over(_read(Path(path)), "white")
    return _to_tensor(image).expand(1, 3, -1, -1).clone()


def read_mask(path: Path | str) -> Tensor:
    """The grey values of a picture, as float32 [1, 1, H, W]: 1 (white) may change, 0 (black) stays.

    Transparency is laid over black: where nothing was drawn, nothing changes. Errors as in `read_picture`.
    """
    image = _over(_read(Path(path)), "black")
    return _to_tensor(image if _is_deep(image) else image.convert("L"))


def read_layer(path: Path | str) -> Tensor:
    """The picture in a file and how opaque it is, as float32 [1, 4, H, W] in [0, 1]: sRGB, then 1 for opaque.

    Errors as in `read_picture`.
    """
    image = _read(Path(path))
    if _is_deep(image):  # has no transparency, and more tones than RGBA
        grey = _to_tensor(image)
        return torch.cat([grey.expand(1, 3, -1, -1), torch.ones_like(grey)], 1)
    return _to_tensor(image.convert("RGBA"))


def to_image(picture: Tensor) -> Image.Image:
    """A picture [1, 3, H, W] or [3, H, W] in [0, 1] (what lies outside is clamped) as an 8-bit RGB image."""
    return image_of(to_pixels(picture).cpu())


def to_pixels(picture: Tensor) -> Tensor:
    """The same as uint8 [H, W, 3], on the picture's device."""
    pixels = picture.detach().float().reshape(picture.shape[-3:]).clamp(0, 1).mul(255).round()
    return pixels.to(torch.uint8).permute(1, 2, 0).contiguous()


def image_of(pixels: Tensor) -> Image.Image:
    """The image of what `to_pixels` gave, on the CPU."""
    return Image.fromarray(pixels.numpy())


def fit(picture: Tensor, size: Size | tuple[int, int], how: Fit = "crop") -> Tensor:
    """A picture or mask [1, c, H, W] in [0, 1] resampled, antialiased, to `size` (width, height) in pixels.

    `crop` fills the canvas and cuts what is too much off both sides alike; `fit` shows all of it, in the middle,
    and continues it by reflection; `stretch` distorts it.
    """
    width, height = size
    tall, wide = picture.shape[-2:]
    if how == "stretch" or wide * height == tall * width:
        return _resample(picture, width, height)
    scales = width / wide, height / tall
    scale = max(scales) if how == "crop" else min(scales)
    inner = max(1, round(wide * scale)), max(1, round(tall * scale))
    scaled = _resample(picture, *inner)
    rows = _reflected(height, inner[1]).to(picture.device)
    columns = _reflected(width, inner[0]).to(picture.device)
    return scaled[..., rows, :][..., columns]


def _resample(picture: Tensor, width: int, height: int) -> Tensor:
    if picture.shape[-2:] == (height, width):
        return picture
    resampled = interpolate(picture, (height, width), mode="bicubic", antialias=True, align_corners=False)
    return resampled.clamp(0, 1)


def _reflected(length: int, inner: int) -> Tensor:
    """Which of `inner` pixels stands at each of `length` ones about the same middle: reflected beyond, or cut."""
    places = (torch.arange(length) - (length - inner) // 2).remainder(2 * inner)
    return places.minimum(2 * inner - 1 - places)


def _read(path: Path) -> Image.Image:
    """The image at `path`, loaded, upright and in sRGB."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of damaged extras and of size: the picture is read, or it is an error
            with Image.open(path, formats=FORMATS) as image:
                image.load()
                profile = image.info.get("icc_profile")
                upright = ImageOps.exif_transpose(image)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such picture; check its name") from None
    except Image.DecompressionBombError as error:
        raise InputError(f"{path}: {error}; use a smaller picture") from error
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError) as error:
        reason = "is a folder" if path.is_dir() else f"cannot be read as a picture ({error})"
        raise InputError(f"{path}: {reason}; give a PNG, JPEG or other picture file, undamaged") from error
    return _to_srgb(upright, profile) if profile else upright


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours as `profile` means them, in sRGB; a profile that cannot be used is left aside, as viewers do."""
    if image.mode not in ("RGB", "RGBA", "CMYK", "LAB"):
        return image
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGBA" if image.mode == "RGBA" else "RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted or image


def _over(image: Image.Image, colour: str) -> Image.Image:
    """An opaque image: transparency laid over `colour`. RGB, or a mode of deep grey."""
    if _is_deep(image):
        return image
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, colour), image).convert("RGB")


def _is_deep(image: Image.Image) -> bool:
    return image.mode in DEEP_MODES or image.mode.startswith("I;16")


def _to_tensor(image: Image.Image) -> Tensor:
    """[1, 1 or 3, H, W] in [0, 1]. Deep integers run to 65535; floats are in [0, 1], or to 255 if they exceed it."""
    pixels = np.asarray(image).astype(np.float32)
    if image.mode == "F":
        pixels = np.nan_to_num(pixels)
        largest = 255.0 if pixels.max(initial=0) > 1 else 1.0
    else:
        largest = 65535.0 if _is_deep(image) else 255.0
    tensor = torch.from_numpy(pixels / largest).clamp(0, 1)
    return tensor[None, None] if tensor.ndim == 2 else tensor.permute(2, 0, 1)[None].contiguous()
