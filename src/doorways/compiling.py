"""Compiling the models for the shapes of a run: fewer and larger kernels, which a GPU has less to wait for.

torch's compiler is imported when there is something to compile and no sooner, since that takes a second. What it makes is
kept between processes in the user's cache folder, or where TORCHINDUCTOR_CACHE_DIR says.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from doorways.errors import InputError
from doorways.eye import Eye
from doorways.gaze import Gaze, WholeGaze
from doorways.generators import Generator

Part = Callable[[Tensor], Tensor]

LEAST_STEPS = 200
"""Unasked, runs on CUDA that have at least so many steps before them are compiled. A guess: not measured on a GPU so far."""
BACKEND, MODE = "inductor", "default"
"""What torch compiles with. The mode `reduce-overhead` would record CUDA graphs, which are to be tried on a GPU first."""


def pays(asked: bool | None, device: torch.device, steps: int) -> bool:
    """Whether to compile for `steps` more of them; as `asked`, if it is said.

    >>> pays(None, torch.device("cuda"), 300), pays(None, torch.device("cpu"), 300), pays(True, torch.device("cpu"), 1)
    (True, False, True)
    """
    return device.type == "cuda" and steps >= LEAST_STEPS if asked is None else asked


def compile_models(
    generator: Generator, eyes: Sequence[Eye], gazes: Sequence[tuple[Gaze, Tensor]], *, cutouts: int
) -> None:
    """Compiles the decoder for each canvas and the perceptors for so many pieces, there and back.

    Parts that are taken a few at a time or computed again on the way back (`doorways.memory`) are left as they are.

    Args:
        gazes: how each canvas is looked at, and a latent of its size.

    Raises:
        InputError: a canvas is painted in windows, or torch cannot compile here; nothing is compiled then.
    """
    chain = getattr(generator, "chain", None)
    whole = [(gaze.decode, latent) for gaze, latent in gazes if isinstance(gaze, WholeGaze)]
    if len(whole) < len(gazes):
        raise InputError(
            "compile: a canvas wider than the window is decoded in parts of many widths, which are not compiled; give a "
            "window as wide as the canvas, or paint with --no-compile"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of how it might compile better
            for eye in eyes:
                if eye.micro_batch is None or eye.micro_batch >= cutouts:
                    eye.compiled = _compiled(eye.perceptor.embed_pictures)
                    side, device = eye.perceptor.size_px, eye.prompts.device
                    _there_and_back(eye.compiled, torch.full((cutouts, 3, side, side), 0.5, device=device))
            if chain is not None and not chain.recomputes:
                chain.compiled = _compiled(lambda x: nn.Sequential.forward(chain, x))
                for decode, latent in whole:
                    _there_and_back(decode, latent.detach())
    except Exception as error:
        for part in (chain, *eyes):
            if part is not None:
                part.compiled = None
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise InputError(
            f"compile: the models cannot be compiled here ({said.rstrip('.:')}); torch needs a C++ compiler for it, and on "
            "CUDA Triton: install them, or paint with --no-compile"
        ) from error


def _compiled(part: Part) -> Part:
    """`part`, which is compiled when it is first called, and again for every other shape."""
    from platformdirs import user_cache_path

    kept = user_cache_path("doorways", appauthor=False) / "compiled"
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(kept))
    made: Part = torch.compile(part, backend=BACKEND, mode=MODE, dynamic=False)
    return made


def _there_and_back(part: Part, x: Tensor) -> None:
    """`part` of `x` and its gradient, which compiles both."""
    x = x.clone().requires_grad_()
    torch.autograd.grad(part(x).sum(), x)
