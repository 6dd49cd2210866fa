"""The formats in which pictures are read: those of pixels. Others are programs that Pillow has another program execute."""

from __future__ import annotations

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "PPM", "JPEG2000", "TGA")
"""Names as Pillow has them. EPS is left out on purpose: it is PostScript, which Ghostscript runs."""
