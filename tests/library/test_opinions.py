from __future__ import annotations

import pytest

from doorways.errors import InputError
from tests.library.conftest import settings


@pytest.fixture
def id(library):
    library.add(settings("another"))
    return library.add(settings()).id


def test_scores_add_up_and_the_new_ones_count(library, id):
    library.score(id, {"match": 0.5, "count:a doorway": 2})
    assert library.score(id, {"match": 0.75}).scores == {"match": 0.75, "count:a doorway": 2.0}
    with pytest.raises(InputError, match="score match nan: must be a finite number"):
        library.score(id, {"match": float("nan")})


def test_scores_are_of_one_judge_whose_name_is_kept(library, id):
    library.score(id, {"match": 0.5})
    assert library.get(id).judge is None
    assert library.score(id, {"match": 0.6, "rung:1:match": 0.4}, judge="one").judge == "one"
    assert library.score(id, {"sharpness": 1}).scores == {"match": 0.6, "rung:1:match": 0.4, "sharpness": 1}
    entry = library.score(id, {"contrast": 2}, judge="another")
    assert (entry.scores, entry.judge) == ({"contrast": 2, "rung:1:match": 0.4}, "another")


def test_a_reject_that_is_still_to_be_painted_stops(library, id):
    assert library.verdict(id, "keep").state == "waiting"
    assert library.verdict(id, "reject").state == "stopped"
    library.release(id, "finished")
    assert library.verdict(id, "reject").state == "finished"


def test_a_rating_is_one_to_five_or_none(library, id):
    assert library.rate(id, 5).rating == 5
    assert library.rate(id, None).rating is None
    for wrong in (0, 6):
        with pytest.raises(InputError, match=f"rating {wrong}: must be 1 to 5"):
            library.rate(id, wrong)


def test_a_verdict_is_one_of_three_or_none(library, id):
    for verdict in ("reject", "keep", "favourite", None):
        assert library.verdict(id, verdict).verdict == verdict
    with pytest.raises(InputError, match="verdict 'great': must be one of reject, keep, favourite"):
        library.verdict(id, "great")


def test_tags_and_boards_come_and_go_and_are_counted(library, id):
    assert library.tag(id[:4], "b", " a ", "b").tags == ("a", "b")
    assert library.untag(id, "a", "c").tags == ("b",)
    assert library.board(id, "best").boards == ("best",)
    other = library.list()[0].id
    library.board(other, "best", "new")
    assert (library.tags(), library.boards()) == ({"b": 1}, {"best": 2, "new": 1})
    assert library.unboard(id, "best").boards == ()
    with pytest.raises(InputError, match="must not be empty"):
        library.tag(id, " ")


def test_notes_and_pins_are_of_the_one_painting_alone(library, id):
    assert library.note(id, "the arch is good").note == "the arch is good"
    assert library.pin(id).pinned is True
    assert library.pin(id, False).pinned is False
    assert (library.list()[0].note, library.list()[0].pinned) == ("", False)
