"""The floor of a step: the arithmetic that its models cannot do without, at the rate of this machine's matrix products.

Counted are the multiply-adds of one decode and one embedding as the models are written (diffusers, transformers), once for
the way there and once for the gradients of the inputs, which take the same products with transposed weights; no weight gets a
gradient. The nearest codes are one product more, unless their signs tell them. The rate is that of multiplying two square
matrices, which the same library does with nothing else to do.
"""

from __future__ import annotations

import time

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from bench.reference import Reference

SIDE = 2048
"""Of the matrices."""


@torch.no_grad()
def multiply_adds(reference: Reference) -> int:
    """Of one step's models, there and back."""
    codes, cells = len(reference.codebook), reference.latent[0, 0].numel()
    look_up = codes * cells * reference.codebook.shape[1] if reference.reach is None else 0
    # torch counts an attention only as the products that it is made of
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        reference.decode()
        reference.embed(torch.zeros(reference.cutouts, 3, reference.size_px, reference.size_px))
    there: int = counter.get_total_flops() // 2 - look_up
    return 2 * there + look_up


def rate(dtype: torch.dtype) -> float:
    """Multiply-adds a second of one product of matrices."""
    one = torch.ones(SIDE, SIDE, dtype=dtype)
    one @ one
    began = time.perf_counter()
    one @ one
    return SIDE**3 / (time.perf_counter() - began)
