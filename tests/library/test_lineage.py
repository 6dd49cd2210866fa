from __future__ import annotations

from doorways.library.differences import FILLED_IN
from doorways.recipe import MACHINE
from tests.library.conftest import settings


def shape(branch):
    return {branch.entry.id: [shape(child) for child in branch.children]}


def test_a_tree_is_whole_from_wherever_it_is_asked_for(library):
    root = library.add(settings()).id
    one, two = (library.add(settings(seed=seed), parent=root).id for seed in (2, 3))
    leaf = library.add(settings(seed=4), parent=one).id
    library.add(settings())
    whole = {root: [{one: [{leaf: []}]}, {two: []}]}
    assert shape(library.tree(leaf)) == shape(library.tree(root[:5])) == whole
    assert [entry.id for entry in library.children(root)] == [one, two]


def test_where_a_parent_is_gone_the_tree_begins_below_it(library):
    root = library.add(settings()).id
    child = library.add(settings(), parent=root).id
    library.delete(root)
    assert shape(library.tree(child)) == {child: []}


def test_a_ring_has_an_end(library):
    first = library.add(settings()).id
    second = library.add(settings(), parent=first).id
    library.database.rows("UPDATE paintings SET parent = ? WHERE id = ?", (second, first))
    assert set(shape(library.tree(first))) <= {first, second}


def test_all_that_the_machine_is_told_may_be_left_open():
    assert set(FILLED_IN) == {"start_size", "learning_rate", "sketch", *MACHINE}
