"""The package's face: few names, sorted, and quick to import."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

import doorways

FACE = [
    "DoorwaysError",
    "InputError",
    "Painter",
    "Painting",
    "Recipe",
    "__version__",
    "load_generator",
    "load_perceptor",
    "paint",
]


def test_the_face_is_these_names_and_no_others():
    assert doorways.__all__ == FACE == sorted(FACE)


@pytest.mark.parametrize("name", FACE)
def test_every_name_is_there_documented_and_listed(name):
    thing = getattr(doorways, name)
    assert name in dir(doorways)
    assert isinstance(thing, str) or thing.__doc__


def test_a_name_comes_from_where_it_is_defined_and_is_found_once():
    from doorways.recipe import Recipe

    assert doorways.Recipe is Recipe
    assert vars(doorways)["Recipe"] is Recipe


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'doorways' has no attribute 'utils'"):
        doorways.utils  # noqa: B018


def test_the_version_is_the_installed_one():
    assert importlib.metadata.version("doorways") == doorways.__version__


@pytest.mark.parametrize("first", ["import doorways", "import doorways.cli.app", "import doorways.recipe"])
def test_torch_is_not_imported_before_it_is_needed(first):
    program = (
        f"{first}; import sys; print(sorted({{'torch', 'transformers', 'diffusers'}} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")


def test_user_errors_are_value_errors_too():
    assert issubclass(doorways.InputError, doorways.DoorwaysError)
    assert issubclass(doorways.InputError, ValueError)
