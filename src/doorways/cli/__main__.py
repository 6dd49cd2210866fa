"""`python -m doorways.cli` is `doorways`."""

from __future__ import annotations

from doorways.cli.app import main

main()
