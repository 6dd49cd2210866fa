"""Ranking by weights, near-duplicates, diversity and taste."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from doorways.errors import DoorwaysError, InputError
from doorways.judge.choosing import choose
from doorways.judge.judgement import Judgement
from doorways.judge.likeness import diverse, fold, range_of_products, unit_rows
from doorways.judge.ranking import WEIGHTS, combine, rank, read_weights
from doorways.judge.taste import FEWEST, Taste, liking

ROWS = [
    {"match": 0.1, "repetition": 0.2},
    {"match": 0.3, "repetition": 0.9},
    {"match": 0.2, "repetition": 0.1},
]


def test_weights_decide_the_order():
    assert rank(ROWS, {"match": 1}) == [1, 2, 0]
    assert rank(ROWS, {"repetition": -1}) == [2, 0, 1]
    assert rank(ROWS, {"match": 1, "repetition": -1})[0] == 2
    assert rank(ROWS, {}) == [0, 1, 2]


def test_a_measures_unit_does_not_matter():
    scaled = [{"match": 1000 * row["match"] - 5, "repetition": row["repetition"]} for row in ROWS]
    assert combine(scaled) == pytest.approx(combine(ROWS))


def test_a_row_without_a_measure_stands_in_the_middle_of_it():
    assert rank([{"match": 0.0}, {}, {"match": 1.0}], {"match": 1}) == [2, 1, 0]


def test_the_usual_weights_like_match_and_dislike_what_is_unwanted():
    assert rank([{"match": 0.1}, {"match": 0.9}]) == [1, 0]
    assert rank([{"match": 0.5, "unwanted": 4.0}, {"match": 0.5, "unwanted": 1.0}]) == [1, 0]


def test_nothing_to_rank_is_an_empty_order_and_one_is_first():
    assert rank([]) == []
    assert rank([{"match": 0.3}]) == [0]


def test_weights_are_read_and_what_is_none_is_told():
    assert read_weights(["match=3"]) == {**WEIGHTS, "match": 3.0}
    assert read_weights(["count:a door=-1"])["count:a door"] == -1
    assert read_weights(["only", "sharpness=1"]) == {"sharpness": 1.0}
    for wrong in ("count:=1", "unwanted: =1", "counts:door=1"):
        with pytest.raises(InputError, match="the judge does not measure"):
            read_weights([wrong])
    for wrong in ("match", "match=much", "=1", "match=1.2.3"):
        with pytest.raises(InputError, match="is not NAME=NUMBER"):
            read_weights([wrong])
    with pytest.raises(InputError, match="must be a finite number"):
        combine(ROWS, {"match": float("nan")})
    with pytest.raises(InputError, match="judge that picture again"):
        combine([{"match": float("inf")}, {"match": 1.0}])


def cosines(portraits):
    """The cosines [n, n] of portraits."""
    return unit_rows(portraits) @ unit_rows(portraits).T


def family(*, seed=0, count=4, width=30, spread=0.02):
    """Portraits of `count` pictures, and two near copies of each."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(count, width))
    return np.concatenate([own, *(own + spread * rng.normal(size=own.shape) for _ in range(2))]).tolist()


def test_near_duplicates_fold_under_the_best_of_them():
    portraits = family()
    order = [5, 0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    kept = fold(portraits, order)
    assert kept == {5: [1, 9], 0: [4, 8], 2: [6, 10], 3: [7, 11]}
    assert fold(portraits, order, duplicate=1.0) == {index: [] for index in order}
    assert sum(map(len, fold(portraits, [0, 4]).values())) == 1


def test_diversity_puts_what_is_unlike_the_best_before_its_twin():
    portraits = family(count=3)
    values = [1.0, 0.5, 0.4, 0.99, 0.5, 0.4, 0.98, 0.5, 0.4]
    assert diverse(values, portraits, diversity=0)[:3] == [0, 3, 6]
    assert {index % 3 for index in diverse(values, portraits, diversity=0.8)[:3]} == {0, 1, 2}
    assert sorted(diverse(values, portraits, diversity=0.8)) == list(range(9))
    assert diverse(values, portraits, diversity=0.3)[0] == 0
    assert diverse(values, portraits, among=[2, 1]) == [1, 2]
    assert diverse([], []) == []
    assert diverse([1.0], [[1.0]]) == [0]


def test_cosines_are_those_of_the_portraits():
    assert np.allclose(
        cosines([[1, 0], [0, 2], [3, 3]]), [[1, 0, 0.5**0.5], [0, 1, 0.5**0.5], [0.5**0.5] * 2 + [1]]
    )


@pytest.mark.parametrize("at_once", [5, 36, 100])
def test_the_range_of_cosines_is_that_of_two_different_pictures(at_once):
    portraits = family(count=12)
    table = cosines(portraits)
    apart = table[~np.eye(len(table), dtype=bool)]
    assert np.allclose(range_of_products(unit_rows(portraits), at_once), (apart.min(), np.ptp(apart)))
    assert range_of_products(np.ones((1, 3)), at_once) == (0, 0)


def test_values_out_of_range_are_told():
    with pytest.raises(InputError, match="duplicate 0: must lie above 0"):
        fold([[1.0]], [0], duplicate=0)
    with pytest.raises(InputError, match="diversity 2: must lie between 0"):
        diverse([1.0], [[1.0]], diversity=2)
    with pytest.raises(InputError, match="judged by one perceptor"):
        cosines([[1.0], [1.0, 2.0]])


def pictures(count, *, seed):
    """Portraits, and how much an artist likes them who looks at one direction alone."""
    rng = np.random.default_rng(seed)
    portraits = rng.normal(size=(count, 40))
    liked = np.clip(3 + 2 * portraits[:, 0] + 0.2 * rng.normal(size=count), 1, 5)
    return portraits.tolist(), liked.tolist()


def test_taste_orders_new_pictures_as_the_artist_would():
    taste = Taste.learn(*pictures(120, seed=0))
    portraits, liked = pictures(60, seed=1)
    assert np.corrcoef(taste.of(portraits), liked)[0, 1] > 0.8
    assert taste.of(portraits) == Taste.learn(*pictures(120, seed=0)).of(portraits), "learned anew, the same"
    assert taste.of([]) == []


def test_taste_of_the_opposite_ratings_is_the_opposite():
    portraits, liked = pictures(80, seed=0)
    one, other = Taste.learn(portraits, liked), Taste.learn(portraits, [6 - value for value in liked])
    assert np.corrcoef(one.of(portraits), other.of(portraits))[0, 1] < -0.99


def test_a_rating_counts_before_a_verdict():
    assert [liking(2, "favourite"), liking(None, "reject"), liking(None, "keep"), liking(None, None)] == [
        2,
        1,
        4,
        None,
    ]


def test_too_few_ratings_or_other_eyes_are_told():
    portraits, liked = pictures(10, seed=0)
    with pytest.raises(InputError, match=f"needs {FEWEST} rated pictures"):
        Taste.learn(portraits[:3], liked[:3])
    with pytest.raises(InputError, match="all alike"):
        Taste.learn(portraits, [3.0] * 10)
    with pytest.raises(InputError, match="one of each a picture"):
        Taste.learn(portraits, liked[:9])
    with pytest.raises(InputError, match="judge them again"):
        Taste.learn(portraits, liked).of([[1.0, 2.0]])


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(DoorwaysError, match=r"pip install 'doorways\[taste\]'"):
        Taste.learn(*pictures(10, seed=0))


def test_ranking_needs_no_torch():
    program = "from doorways.judge import rank; rank([{}]); import sys; print('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"


def judgement(match, portrait, eyes="eyes"):
    return Judgement(eyes, {"match": match}, (), {}, (), tuple(portrait))


def test_choosing_orders_folds_and_keeps_diversity():
    portraits = family(count=3)
    values = [0.9, 0.5, 0.4, 0.99, 0.5, 0.4, 0.98, 0.5, 0.4]
    judgements = [judgement(*pair) for pair in zip(values, portraits, strict=True)]
    chosen = choose(judgements, diversity=0)
    assert [choice.index for choice in chosen] == [3, 1, 2]
    assert chosen[0].alike == (6, 0)
    assert chosen[0].value > chosen[1].value > chosen[2].value
    assert len(choose(judgements, duplicate=1)) == 9


def test_choosing_by_taste_adds_it_to_the_scores():
    portraits, liked = pictures(40, seed=0)
    judgements = [judgement(0.5, portrait) for portrait in portraits]
    chosen = choose(judgements, taste=Taste.learn(portraits, liked), diversity=0)
    tastes = [choice.scores["taste"] for choice in chosen]
    assert tastes == sorted(tastes, reverse=True)
    assert "taste" not in judgements[0].scores
    rated = choose(judgements, taste=Taste.learn(portraits, liked), liked={7: 99.0}, diversity=0)
    assert (rated[0].index, rated[0].scores["taste"]) == (7, 99.0), (
        "what was said counts, not what was learned"
    )


def test_judgements_of_several_eyes_are_not_compared():
    with pytest.raises(InputError, match="judged by eyes and other eyes"):
        choose([judgement(1, [1.0]), judgement(1, [1.0], "other eyes")])
