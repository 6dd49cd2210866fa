"""Counting the memory that tensors take while something is computed."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Meter(TorchDispatchMode):
    """Inside `with meter:`, the bytes of all tensors made there that are alive, on one device.

    Every operation is watched, those of the way back too. What a library takes for itself within one operation is not
    seen. Views of what was there before count nothing.

    Attributes:
        phase: what is being done; set it as the work goes on.
        peaks: the most bytes that were alive at once in each phase.
    """

    def __init__(self, device: torch.device, phase: str) -> None:
        super().__init__()
        self.device, self.phase = device, phase
        self.peaks: dict[str, int] = {}
        self._alive: dict[int, int] = {}
        self._total = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: torch would import its whole compiler, which takes a second, to keep it from what is not compiled anyway."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = {leaf.untyped_storage()._cdata for leaf in self._tensors((args, kwargs))}
        result = func(*args, **kwargs)
        for leaf in self._tensors(result):
            storage = leaf.untyped_storage()
            key = storage._cdata
            if key not in given and key not in self._alive:
                self._alive[key] = storage.nbytes()
                self._total += storage.nbytes()
                weakref.finalize(storage, self._gone, key)
        self.peaks[self.phase] = max(self.peaks.get(self.phase, 0), self._total)
        return result

    def _tensors(self, tree: Any) -> list[Tensor]:
        leaves = tree_leaves(tree)
        return [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.device.type == self.device.type]

    def _gone(self, key: int) -> None:
        self._total -= self._alive.pop(key, 0)
