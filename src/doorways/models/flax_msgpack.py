"""Weights as flax writes them: nested tables of arrays in msgpack, read without flax.

flax packs an array as an extension of type 1 that holds (shape, name of the dtype, bytes); an array beyond about
1 GiB is cut into a table of flat chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import torch
from torch import Tensor

from doorways.errors import InputError

ARRAY = 1
CHUNKED = "__msgpack_chunked_array__"
DTYPES = {
    name: getattr(torch, name) for name in ("float16", "bfloat16", "float32", "float64", "int32", "int64")
}


def read(path: Path) -> dict[str, Tensor]:
    """The arrays in `path`, their places in the tables joined by dots; InputError where it is damaged."""
    try:
        content = msgpack.unpackb(path.read_bytes(), ext_hook=_array, strict_map_key=False)
        tensors = dict(_walk(content, ""))
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        RuntimeError,
        msgpack.exceptions.UnpackException,
    ) as error:
        raise InputError(f"weights {path} are damaged ({error}); fetch the model again") from error
    if not tensors:
        raise InputError(f"weights {path} hold no arrays; fetch the model again")
    return tensors


def _array(code: int, data: bytes) -> Any:
    if code != ARRAY:
        return msgpack.ExtType(code, data)
    shape, dtype, values = msgpack.unpackb(data)
    return torch.frombuffer(bytearray(values), dtype=DTYPES[dtype]).reshape(shape)


def _walk(content: Any, place: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(content, Tensor):
        yield place, content
    elif isinstance(content, dict) and content.get(CHUNKED):
        shape, chunks = (content[key] for key in ("shape", "chunks"))
        flat = torch.cat([chunks[str(i)] for i in range(len(chunks))])
        yield place, flat.reshape([shape[str(i)] for i in range(len(shape))])
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _walk(value, f"{place}.{key}" if place else str(key))
