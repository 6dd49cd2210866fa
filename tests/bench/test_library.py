from __future__ import annotations

from bench.library import fill, main, measure, questions
from doorways.library import Library


def test_every_question_is_asked_and_takes_its_time():
    found = measure(30, 3)
    assert {"find a word", "claim", "newest 20", "add, many together"} <= set(found)
    assert all(0 < value < 10_000 for value in found.values())


def test_there_is_something_to_find_for_every_question(tmp_path):
    with Library.open(tmp_path) as library:
        fill(library, 200)
        library.release("last", "paused")
        library.take("last", "bench")
        answers = {name: ask() for name, ask in questions(library).items() if name != "beat"}
    assert all(answers.values())
    assert len(answers["newest 20"]) == 20


def test_the_table_has_a_column_for_each_size(capsys):
    main(10, 20, times=1)
    told = capsys.readouterr().out
    assert "10 paintings" in told
    assert "20 paintings" in told
    assert "claim" in told
