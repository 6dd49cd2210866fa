"""Amounts of memory, as the artist writes them and as a person reads them."""

from __future__ import annotations

import re

from doorways.errors import InputError

UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def parse_bytes(text: str) -> int:
    """The number of bytes that "6GB", "6 GiB" or "800 MB" says.

    >>> parse_bytes("6GB"), parse_bytes("1.5 gib")
    (6000000000, 1610612736)

    Raises:
        InputError: it says none, or nothing above 0.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", text)
    unit = UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None or not 1 <= float(found[1]) * unit < 2**63:
        raise InputError(f"memory {text!r}: is no amount of memory; write for example 6GB or 800MB")
    return round(float(found[1]) * unit)


def said(amount: float) -> str:
    """Bytes as a person reads them.

    >>> said(6.24e9), said(8.6e8), said(2.14e6), said(1)
    ('6.2 GB', '860 MB', '2.1 MB', '0.1 MB')
    """
    if amount >= 1e9:
        return f"{amount / 1e9:.1f} GB"
    return f"{max(amount / 1e6, 0.1):.{0 if amount >= 1e7 else 1}f} MB"
