"""A number that may change over a run: `0.3`, `0.3 -> 0.1`, or keyframes `0: 0.3, 0.4: 0.1, 1: 0`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from doorways.errors import InputError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

_FORMS = "write a number (0.3), a change over the run (0.3 -> 0.1) or keyframes (0: 0.3, 0.4: 0.1, 1: 0)"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A value over the run, linear between its keyframes and constant outside them.

    Args:
        keyframes: (fraction of the run in [0, 1], value) pairs, fractions strictly increasing, values finite.

    >>> weight = Schedule.parse("0: 0.3, 0.5: 0.1")
    >>> [round(weight.at(progress), 3) for progress in (0.0, 0.25, 0.5, 1.0)]
    [0.3, 0.2, 0.1, 0.1]
    >>> str(Schedule.parse("1->0"))
    '1 -> 0'
    """

    keyframes: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if not self.keyframes:
            raise InputError(f"a schedule without keyframes has no value; {_FORMS}")
        for fraction, value in self.keyframes:
            if not 0 <= fraction <= 1:
                raise InputError(
                    f"schedule keyframe at {fraction:g}: fractions of the run lie in [0, 1]; "
                    "divide steps by the number of steps"
                )
            if not math.isfinite(value):
                raise InputError(f"schedule value {value}: must be a finite number; {_FORMS}")
        for (before, _), (after, _) in pairwise(self.keyframes):
            if before >= after:
                raise InputError(
                    f"schedule keyframes at {before:g} and then {after:g}: fractions of the run must increase; "
                    "put them in order and give each only once"
                )
        if len(self.keyframes) == 1:  # one keyframe is a constant wherever it stands: one spelling for equals
            object.__setattr__(self, "keyframes", ((0.0, self.keyframes[0][1]),))

    @classmethod
    def parse(cls, value: Schedule | float | str) -> Schedule:
        """The schedule that a number or a text describes; InputError, saying the forms, for anything else."""
        if isinstance(value, Schedule):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return cls(((0.0, _number(value, value)),))
        if not isinstance(value, str):
            raise InputError(f"schedule {value!r} is neither a number nor a text; {_FORMS}")
        if "->" in value:
            ends = value.split("->")
            if len(ends) != 2:
                raise InputError(
                    f"schedule {value!r} has more than one arrow; use keyframes (0: 0.3, 0.4: 0.1, 1: 0)"
                )
            return cls(((0.0, _number(ends[0], value)), (1.0, _number(ends[1], value))))
        if ":" in value:
            return cls(tuple(_keyframe(part, value) for part in value.split(",")))
        return cls(((0.0, _number(value, value)),))

    def at(self, progress: float) -> float:
        """The value when `progress` in [0, 1] of the run is done (0 at the first step, 1 at the end)."""
        if not 0 <= progress <= 1:
            raise InputError(
                f"progress {progress}: must lie in [0, 1]; give the fraction of the run that is done"
            )
        if progress <= self.keyframes[0][0]:
            return self.keyframes[0][1]
        for (start, before), (end, after) in pairwise(self.keyframes):
            if progress <= end:
                part = (progress - start) / (end - start)
                return (1 - part) * before + part * after
        return self.keyframes[-1][1]

    @property
    def is_zero(self) -> bool:
        """Whether the value is zero over the whole run, so that what it weighs need not be computed."""
        return all(value == 0 for _, value in self.keyframes)

    @property
    def lowest(self) -> float:
        """The least value of the run (its sign says whether a weight ever turns negative)."""
        return min(value for _, value in self.keyframes)

    @property
    def highest(self) -> float:
        """The greatest value of the run."""
        return max(value for _, value in self.keyframes)

    @property
    def plain(self) -> float | str:
        """What TOML, JSON and forms hold: a number where the schedule is constant, its text otherwise."""
        return self.keyframes[0][1] if len(self.keyframes) == 1 else str(self)

    def __str__(self) -> str:
        """The shortest text that parses back to this very schedule."""
        values = [_text(value) for _, value in self.keyframes]
        fractions = [fraction for fraction, _ in self.keyframes]
        if len(values) == 1:
            return values[0]
        if fractions == [0, 1]:
            return f"{values[0]} -> {values[1]}"
        return ", ".join(
            f"{_text(fraction)}: {value}" for fraction, value in zip(fractions, values, strict=True)
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Lets a pydantic field of this type take numbers and texts, and give `plain` back."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda schedule: schedule.plain),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> Mapping[str, Any]:
        """A number or a text."""
        return {"anyOf": [{"type": "number"}, {"type": "string"}], "description": _FORMS}


def _keyframe(part: str, whole: str) -> tuple[float, float]:
    fraction, colon, value = part.partition(":")
    if not colon:
        raise InputError(f"schedule {whole!r}: keyframe {part.strip()!r} has no colon; {_FORMS}")
    return _number(fraction, whole), _number(value, whole)


def _number(text: str | float, whole: str | float) -> float:
    try:
        number = float(text)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        part = text.strip() if isinstance(text, str) else text
        raise InputError(f"schedule {whole!r}: {part!r} is not a finite number; {_FORMS}")
    return number


def _text(number: float) -> str:
    """The shortest decimal text that reads back as exactly this float, without a superfluous `.0`."""
    return repr(float(number)).removesuffix(".0")
