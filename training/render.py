"""Stage 1, drawings: every drawing as 96 px RGBA, every third coloured one also at 192 px, and where each comes from.

Writes `work/{trained,held_out}.npy` (uint8 [n, 96, 96, 4]) and `work/{trained,held_out}.jsonl` beside them, and the
same as `large.*` for the generator, which must know how edges look from near.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from functools import partial
from multiprocessing import Pool

import numpy as np
from PIL import Image

from doorways.atomic import whole
from training import drawings
from training.drawings import Drawing
from training.fetch import PACKAGES, WORK, fetch, forget

SIDE_PX, LARGE_PX = 96, 192


def render(drawing: Drawing, side_px: int = SIDE_PX) -> np.ndarray | None:
    """uint8 [side, side, 4], the drawing fitted into the square; None where it is broken, empty or a plain square."""
    try:
        return fitted(read(drawing, side_px), side_px)
    except Exception as error:  # a broken source file must not end the run; it is named and left out
        print(f"left out {drawing.family}/{drawing.ident}: {type(error).__name__}")
        return None


def read(drawing: Drawing, side_px: int) -> Image.Image:
    """The drawing as its source has it, or twice `side_px` wide where it is vectors."""
    import resvg_py

    if drawing.family == "fluent-3d":
        return Image.open(PACKAGES / drawings.source_file(drawing)).convert("RGBA")
    if drawing.family == "openclipart":
        svg = (PACKAGES / drawings.source_file(drawing)).read_text(encoding="utf-8", errors="replace")
    else:
        svg = drawings.icon_svg(drawing)
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=2 * side_px))
    return Image.open(io.BytesIO(png)).convert("RGBA")


def fitted(image: Image.Image, side_px: int) -> np.ndarray | None:
    """uint8 [side, side, 4]: what is not transparent of an RGBA `image`, in the middle, as large as fits.

    None for a picture that shows next to nothing, or one plain square.
    """
    box = image.getchannel("A").point(lambda a: 255 * (a > 20)).getbbox()
    if box is None or max(box[2] - box[0], box[3] - box[1]) < 0.12 * side_px:
        return None
    image = image.crop(box)
    image.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    if max(image.size) < side_px:
        scale = side_px / max(image.size)
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    square = Image.new("RGBA", (side_px, side_px))
    square.paste(image, ((side_px - image.width) // 2, (side_px - image.height) // 2))
    pixels = np.asarray(square)
    seen = pixels[pixels[..., 3] > 100]
    empty = len(seen) < 0.016 * side_px**2
    if empty or (len(seen) > 0.97 * side_px**2 and seen[:, :3].std(0).max() < 4):
        return None
    return pixels


def write(split: str, chosen: list[Drawing], side_px: int) -> None:
    """Renders `chosen` into `work/SPLIT.npy`, and writes what became of them to `work/SPLIT.jsonl`."""
    with Pool() as pool:
        pictures = pool.map(partial(render, side_px=side_px), chosen, chunksize=64)
    kept = [
        (drawing, picture) for drawing, picture in zip(chosen, pictures, strict=True) if picture is not None
    ]
    rows = [asdict(drawing) | {"file": str(drawings.source_file(drawing))} for drawing, _ in kept]
    (WORK / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with whole(WORK / f"{split}.npy") as part:  # what `main` looks for comes last
        np.save(part, np.stack([picture for _, picture in kept]))
    print(f"{split}: {len(kept)} drawings of {len({drawing.name for drawing, _ in kept})} names")


def main() -> None:
    fetch()
    for split, chosen, side_px in (
        ("trained", drawings.trained(), SIDE_PX),
        ("held_out", drawings.held_out(), SIDE_PX),
        ("large", drawings.coloured()[::3], LARGE_PX),
    ):
        if not (WORK / f"{split}.npy").exists():
            write(split, chosen, side_px)
            if split == "trained":
                forget("words.pt", "teacher.npy")


if __name__ == "__main__":
    main()
