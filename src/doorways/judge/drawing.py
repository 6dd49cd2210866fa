"""The curves of a judgement as a picture: the painting, and under each x how well it matches what."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from doorways.judge.judgement import Judgement

COLOURS = ("#c1440e", "#0b6fa4", "#5b8c2a", "#8a4fa3", "#b58900", "#2aa198", "#cb4b8b", "#555555")
WIDTH_PX, PLOT_PX, LINE_PX, MARGIN_PX = 768, 220, 20, 56


def draw_curves(judgement: Judgement, image: Image.Image) -> Image.Image:
    """The painting on top, the curves below it at the same x, and which is which; RGB, 768 pixels wide beside margins.

    The scale is that of the curves themselves, from the lowest to the highest; its ends are written on the left.
    """
    shown = image.convert("RGB").resize(
        (WIDTH_PX, max(1, round(WIDTH_PX * image.height / image.width))), Image.Resampling.LANCZOS
    )
    names = list(judgement.curves)
    top = shown.height + 12
    height = top + PLOT_PX + LINE_PX * (len(names) + 2)
    sheet = Image.new("RGB", (WIDTH_PX + 2 * MARGIN_PX, height), "white")
    sheet.paste(shown, (MARGIN_PX, 0))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    values = [value for curve in judgement.curves.values() for value in curve]
    low, high = min(values), max(values)
    reach = (high - low) or 1.0

    def point(x: float, value: float) -> tuple[float, float]:
        return MARGIN_PX + x * WIDTH_PX, top + PLOT_PX * (1 - (value - low) / reach)

    for fraction in (0, 0.25, 0.5, 0.75, 1):
        pen.line([point(fraction, low), point(fraction, low + reach)], "#e0e0e0")
        pen.text((point(fraction, low)[0], top + PLOT_PX + 3), f"{fraction:g}", "#777", font, anchor="ma")
    for value in (low, low + reach):
        pen.line([point(0, value), point(1, value)], "#e0e0e0")
        pen.text((MARGIN_PX - 6, point(0, value)[1]), f"{value:.2f}", "#777", font, anchor="rm")
    for rank, name in enumerate(names):
        colour = COLOURS[rank % len(COLOURS)]
        line = [point(x, value) for x, value in zip(judgement.places, judgement.curves[name], strict=True)]
        pen.line([*line[:1], *line], colour, width=3, joint="curve")
        for x, y in line:
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), colour)
        base = top + PLOT_PX + LINE_PX * (rank + 1) + 4
        pen.rectangle((MARGIN_PX, base + 5, MARGIN_PX + 18, base + 9), colour)
        pen.text((MARGIN_PX + 26, base), name, "black", font)
    who = f"match, as {judgement.perceptor} sees it"
    pen.text((MARGIN_PX + WIDTH_PX, top + PLOT_PX + LINE_PX + 4), who, "#777", font, anchor="ra")
    return sheet
