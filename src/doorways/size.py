"""The size of a canvas in pixels, written `768x384`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from doorways.errors import InputError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

LARGEST_SIDE_PX = 65536


class Size(NamedTuple):
    """Width and height in pixels.

    >>> Size.parse("768x384")
    Size(width=768, height=384)
    >>> str(Size(768, 384)), Size(768, 384).aspect
    ('768x384', 2.0)
    """

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def aspect(self) -> float:
        """Width in canvas heights."""
        return self.width / self.height

    @classmethod
    def parse(cls, value: Any) -> Size:
        """From `"768x384"`, a pair of whole numbers, or a Size; InputError for anything else."""
        parts = list(value) if isinstance(value, tuple | list) else []
        if isinstance(value, str):
            found = re.fullmatch(r"\s*(\d{1,9})\s*[x×]\s*(\d{1,9})\s*", value, re.IGNORECASE | re.ASCII)
            parts = [int(side) for side in found.groups()] if found else []
        if len(parts) != 2 or not all(type(side) is int for side in parts):
            raise InputError(f"{value!r} is not a size; write width x height in pixels, such as 768x384")
        if not all(1 <= side <= LARGEST_SIDE_PX for side in parts):
            raise InputError(
                f"{parts[0]}x{parts[1]}: each side must lie between 1 and {LARGEST_SIDE_PX} pixels; try 768x384"
            )
        return cls(*parts)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Lets a pydantic field of this type take all that `parse` does, and give its text back."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A text."""
        return {"type": "string", "pattern": r"^\d+x\d+$", "examples": ["768x384"]}
