"""Computing something again on the way back, so that nothing of it is held in between (Chen et al. 2016)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from torch import Tensor
from torch.utils.checkpoint import checkpoint

Context = Callable[[], AbstractContextManager[None]]


def recomputed(function: Callable[[Tensor], Tensor], x: Tensor, again: Context = nullcontext) -> Tensor:
    """`function(x)`, of which only `x` is kept until its gradient is asked for.

    Args:
        function: draws no random numbers.
        again: makes the context in which it is computed again, if that matters.
    """
    contexts = lambda: (nullcontext(), again())  # noqa: E731
    return cast(
        Tensor,
        checkpoint(function, x, use_reentrant=False, preserve_rng_state=False, context_fn=contexts),
    )
