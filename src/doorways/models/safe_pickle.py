"""PyTorch checkpoints, which are pickles, read without executing anything that they say.

torch's `weights_only` unpickler builds tensors and plain containers and refuses every other name. Checkpoints of
the pytorch-lightning era also name the classes of their callbacks and settings, beside the weights; those few names,
and no others, stand for an empty class that ignores whatever it is given.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from pathlib import Path
from pickle import UnpicklingError
from struct import error as StructError
from typing import Any

import torch
from torch import Tensor

from doorways.errors import InputError

SUFFIXES = (".ckpt", ".pt", ".pth", ".bin")

HARMLESS = ("pytorch_lightning.", "lightning.", "omegaconf.", "argparse.Namespace", "typing.Any")
"""Beginnings of the names that a checkpoint may mention; they are never imported."""
HARMLESS_NAMES = (
    "collections.defaultdict",
    "builtins.dict",
    "builtins.list",
    "builtins.int",
    "builtins.float",
    "builtins.str",
)
HARMLESS_NUMBERS = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype")


class Inert:
    """Stands for a class that is not there: takes anything, keeps nothing, does nothing."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Inert:
        """An inert object, whatever it is built from."""
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        """Ignores `state`."""


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint: those of its `state_dict` where it has one.

    InputError where the file is damaged, holds no tensors, or needs pickled code.
    """
    named = _names(path)
    if refused := sorted(name for name in named if not _is_harmless(name)):
        raise InputError(
            f"checkpoint {path} needs pickled code ({', '.join(refused[:3])}), which could do anything and is never "
            "run; ask its author for safetensors"
        )
    try:
        with torch.serialization.safe_globals([(_stand_in(name), name) for name in named]), _no_warnings():
            content = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        reason = str(error).rpartition("WeightsUnpickler error:")[2].strip().split("\n")[0]
        raise InputError(
            f"checkpoint {path} cannot be read without running what it says ({reason}); ask its author for safetensors"
        ) from error
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
    ) as error:
        raise InputError(f"checkpoint {path} is damaged ({error}); fetch it again") from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise InputError(f"checkpoint {path} holds no table of weights; give one saved from a state_dict")
    tensors = {
        key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, Tensor)
    }
    if not tensors:
        raise InputError(f"checkpoint {path} holds no weights; give one saved from a state_dict")
    return tensors


def _names(path: Path) -> list[str]:
    """What a zipped checkpoint names beyond tensors, found by reading, not running, its pickle."""
    try:
        return torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except (UnpicklingError, ValueError, RuntimeError, EOFError, OSError, IndexError, StructError):
        return []  # not zipped (torch before 1.6), or not as torch writes them: then no name at all is allowed


def _stand_in(name: str) -> type:
    """What is put in the place of `name`: settings that are a table become a plain one, all else is inert."""
    return OrderedDict if name.endswith(".AttributeDict") else Inert


def _no_warnings() -> warnings.catch_warnings[None]:
    """Torch warns of unusual pickles before it refuses them; the refusal is enough."""
    return warnings.catch_warnings(action="ignore")


def _is_harmless(name: str) -> bool:
    return name.startswith(HARMLESS) or name in HARMLESS_NAMES + HARMLESS_NUMBERS
