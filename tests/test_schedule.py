from __future__ import annotations

import json
import math
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from doorways.errors import InputError
from doorways.schedule import Schedule

finite = st.floats(allow_nan=False, allow_infinity=False)
fractions = st.floats(0, 1)
schedules = st.builds(
    lambda keys, values: Schedule(tuple(zip(sorted(keys), values, strict=False))),
    st.sets(fractions, min_size=1, max_size=5),
    st.lists(finite, min_size=5, max_size=5),
)


@pytest.mark.parametrize(
    ("given_as", "values"),
    [
        (0.3, [0.3, 0.3, 0.3]),
        (2, [2, 2, 2]),
        (" -1e-3 ", [-0.001, -0.001, -0.001]),
        ("0.3 -> 0.1", [0.3, 0.2, 0.1]),
        ("0.3->0.1", [0.3, 0.2, 0.1]),
        ("0: 0.3, 0.4: 0.1, 1: 0", [0.3, 0.1 * 5 / 6, 0]),
        ("0.5: 1, 0.75: 0", [1, 1, 0]),
    ],
)
def test_every_form_means_what_it_says(given_as, values):
    schedule = Schedule.parse(given_as)
    assert [schedule.at(progress) for progress in (0, 0.5, 1)] == pytest.approx(values)


@settings(deadline=None)
@given(schedules)
def test_text_and_plain_form_parse_back_to_the_same_schedule(schedule):
    assert Schedule.parse(str(schedule)) == schedule
    assert Schedule.parse(schedule.plain) == schedule
    assert Schedule.parse(schedule) is schedule


@settings(deadline=None)
@given(schedules, fractions)
def test_values_stay_between_the_lowest_and_the_highest(schedule, progress):
    slack = 1e-12 * max(abs(schedule.lowest), abs(schedule.highest))
    assert schedule.lowest - slack <= schedule.at(progress) <= schedule.highest + slack


@settings(deadline=None)
@given(schedules)
def test_keyframes_are_met_exactly(schedule):
    for fraction, value in schedule.keyframes:
        assert schedule.at(fraction) == value


def test_zero_means_zero_over_the_whole_run():
    assert Schedule.parse(0).is_zero
    assert Schedule.parse("0 -> -0.0").is_zero
    assert not Schedule.parse("0 -> 0.1").is_zero
    assert not Schedule.parse("0.1 -> 0").is_zero


def test_one_keyframe_is_a_constant():
    assert Schedule.parse("0.4: 2") == Schedule.parse(2)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (math.nan, "nan"),
        (math.inf, "inf"),
        (10**400, "finite"),
        ("nan", "'nan' is not a finite number"),
        ("1e999", "1e999"),
        ("", "write a number"),
        ("much", "'much'"),
        ("0.3 -> ", "''"),
        ("1 -> 2 -> 3", "more than one arrow"),
        ("0: 1, 2", "'2' has no colon"),
        ("0: 1, 2: 3", "keyframe at 2"),
        ("-0.1: 1", "keyframe at -0.1"),
        ("0.5: 1, 0.5: 2", "must increase"),
        ("1: 1, 0: 2", "must increase"),
        ("0: inf, 1: 2", "'inf'"),
        (True, "neither a number nor a text"),
        (None, "neither a number nor a text"),
        ([1, 2], "neither a number nor a text"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_reason(value, part):
    with pytest.raises(InputError) as refused:
        Schedule.parse(value)
    assert part in str(refused.value)


def test_an_empty_or_endless_schedule_cannot_be_built():
    with pytest.raises(InputError, match="without keyframes"):
        Schedule(())
    with pytest.raises(InputError, match="must be a finite number"):
        Schedule(((0.0, math.inf),))
    with pytest.raises(InputError, match="keyframe at nan"):
        Schedule(((math.nan, 1.0),))


@pytest.mark.parametrize("progress", [-0.1, 1.1, math.nan])
def test_progress_outside_the_run_is_refused(progress):
    with pytest.raises(InputError, match="fraction of the run"):
        Schedule.parse(1).at(progress)


class Settings(BaseModel):
    weight: Schedule = Schedule.parse("0.3 -> 0.1")


def test_a_pydantic_field_takes_numbers_and_texts_and_gives_them_back():
    assert Settings().model_dump() == {"weight": "0.3 -> 0.1"}
    assert json.loads(Settings(weight=0.5).model_dump_json()) == {"weight": 0.5}
    assert Settings(**tomllib.loads('weight = "0: 1, 0.5: 0"')).weight.at(0.25) == 0.5
    for filled in (Settings(weight=1), Settings(weight="2 -> 3")):
        assert Settings.model_validate_json(filled.model_dump_json()) == filled
        assert Settings(**filled.model_dump()) == filled


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_a_pydantic_field_has_a_json_schema(mode):
    field = Settings.model_json_schema(mode=mode)["properties"]["weight"]
    assert {kind["type"] for kind in field["anyOf"]} == {"number", "string"}
    assert (
        mode == "validation" or field["default"] == "0.3 -> 0.1"
    )  # pydantic#8208: raw defaults for validation


def test_a_pydantic_field_says_what_is_wrong():
    with pytest.raises(ValidationError, match="'much' is not a finite number"):
        Settings(weight="much")
