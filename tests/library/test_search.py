from __future__ import annotations

import pytest

from tests.library.conftest import settings


@pytest.fixture
def ids(library):
    texts = {
        "kelp": ("entrance to Kelp Forest by James Gurney", ""),
        "desert": ("Desert | Bayou", "like the kelp one, but dry"),
        "valhalla": ("Valhalla | Fólkvangr", "3:00 am"),
    }
    return {name: library.add(settings(prompts), note=note).id for name, (prompts, note) in texts.items()}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kelp", {"kelp", "desert"}),
        ("KELP forest", {"kelp"}),
        ("kel", {"kelp", "desert"}),
        ("folkvangr", {"valhalla"}),
        ("Fólkvangr", {"valhalla"}),
        ("dry", {"desert"}),
        ("3:00", {"valhalla"}),
        ("kelp desert", {"desert"}),
        ("volcano", set()),
        ("", set()),
        ('"', set()),
        ("AND", set()),
        ("( * ^", set()),
        ("kelp OR volcano", set()),
        ("prompts:kelp", set()),
        ("desert -bayou", {"desert"}),
    ],
)
def test_all_words_must_be_there_and_signs_are_only_signs(library, ids, text, found):
    assert {entry.id for entry in library.find(text)} == {ids[name] for name in found}


def test_the_closest_comes_first_and_no_more_than_asked_for(library, ids):
    library.note(ids["kelp"], "kelp, kelp, and kelp")
    assert [entry.id for entry in library.find("kelp")] == [ids["kelp"], ids["desert"]]
    assert [entry.id for entry in library.find("kelp", limit=1)] == [ids["kelp"]]


def test_a_note_that_changed_is_found_by_its_new_words_alone(library, ids):
    library.note(ids["desert"], "red sand")
    assert [entry.id for entry in library.find("sand")] == [ids["desert"]]
    assert [entry.id for entry in library.find("dry")] == []
