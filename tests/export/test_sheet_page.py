from __future__ import annotations

import base64
import io
import re

from PIL import Image

from doorways.export.exhibit import Exhibit
from doorways.export.grid import arrange
from doorways.export.sheet_page import sheet_page
from tests.painted import exhibit, painted


def test_a_page_holds_its_pictures_and_leads_to_their_files(tmp_path):
    both = [exhibit(tmp_path / "in" / f"{seed} a.png", "lime", seed=seed) for seed in (1, 2)]
    page = sheet_page(arrange(both, rows="seed"), width_px=20, beside=tmp_path / "out")
    assert page.count("<img") == 2
    assert 'href="../in/1%20a.png"' in page
    assert "seed 1" in page
    data = re.search(r'src="data:image/webp;base64,([^"]+)"', page)
    with Image.open(io.BytesIO(base64.b64decode(data[1]))) as image:
        assert image.size == (40, 20)
        assert image.convert("RGB").getpixel((3, 3))[1] > 240
    assert "http" not in page.replace("http-equiv", "")


def test_what_a_prompt_says_is_text(tmp_path):
    evil = "<script>alert(1)</script> | \"'><img src=x onerror=alert(1)>"
    path = painted(tmp_path / "a.png", prompts=evil)
    page = sheet_page(arrange([Exhibit.from_png(path)], rows="subject"), beside=tmp_path)
    assert "<script" not in page
    assert "onerror=alert(1)>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
