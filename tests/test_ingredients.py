"""What must be the same for a painting to be gone on with."""

from __future__ import annotations

import hashlib

import pytest

from doorways.errors import InputError
from doorways.ingredients import must_be_the_same, named_pictures
from doorways.prompts import parse_prompts
from tests.recipes import quick


def test_pictures_are_told_by_their_content(tmp_path):
    paths = [tmp_path / name for name in ("start.png", "mask.png", "prompt.png", "hint.png")]
    for path in paths:
        path.write_bytes(path.stem.encode())
    start, mask, prompt, hint = paths
    recipe = quick(init_image=start, mask=mask, prompts=f"fire | image({prompt})")
    digests = {p.as_posix(): hashlib.sha256(p.stem.encode()).hexdigest()[:16] for p in (start, mask, prompt)}
    assert named_pictures(recipe, parse_prompts(recipe.prompts)) == digests
    assert named_pictures(quick(suggest=hint), parse_prompts("fire")) == {}


def test_what_is_gone_or_other_is_named():
    must_be_the_same({"a": "1", "b": "2"}, {"a": "1"})
    with pytest.raises(InputError, match=r"^b is another one \(2\) than when the painting was begun \(3\)"):
        must_be_the_same({"a": "1", "b": "2"}, {"a": "1", "b": "3"})
    with pytest.raises(InputError, match=r"^c is another one \(None\)"):
        must_be_the_same({"a": "1"}, {"c": "1"})
