"""Which device paints, in which precision, and why: chosen once, and said once."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from doorways.errors import InputError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Device:
    """Where a painting is computed, and in which precision its networks run.

    Latents, optimiser, pictures, embeddings and codebook look-ups are float32 everywhere: `dtype` is that of the
    networks alone.
    """

    device: torch.device
    dtype: torch.dtype
    asked: bool = False
    """Whether the artist named the device."""

    @property
    def note(self) -> str:
        """One sentence for the artist: what was chosen and why."""
        why = "as asked" if self.asked else "chosen automatically; --device changes it"
        return f"painting on {_name(self.device)} in {self.precision} ({why})"

    @property
    def precision(self) -> str:
        """`dtype` in the recipe's word: fp32, bf16 or fp16."""
        return next(name for name, dtype in DTYPES.items() if dtype == self.dtype)


def choose_device(wanted: str = "auto", precision: str = "auto") -> Device:
    """The device and precision for a recipe's `device` and `precision`.

    `auto` takes CUDA where it is there and else the CPU, and Apple's MPS only when asked, since nobody has tried it; bf16 where
    a CUDA card or the CPU computes in it, and fp32 anywhere else (fp16 is never chosen unasked: small gradients vanish in it).

    Args:
        wanted: `auto`, `cpu`, `mps`, `cuda` or `cuda:N`.
        precision: `auto`, `fp32`, `bf16` or `fp16`.

    Raises:
        InputError: a device that is not there, or a precision that it does not have.
    """
    asked = wanted != "auto"
    device = _device(wanted) if asked else _first()
    if precision not in ("auto", *DTYPES):
        raise InputError(f"precision {precision!r}: must be auto, {', '.join(DTYPES)}")
    if precision == "auto":
        dtype = torch.bfloat16 if _has_bf16(device) else torch.float32
    else:
        dtype = DTYPES[precision]
        if dtype == torch.bfloat16 and device.type == "cuda" and not _has_bf16(device):
            raise InputError(f"precision 'bf16': {_name(device)} does not compute in it; use fp32 or fp16")
        if dtype == torch.float16 and device.type == "cpu":
            raise InputError("precision 'fp16': CPUs compute in it slowly and inexactly; use fp32 or bf16")
    return Device(device, dtype, asked)


def _first() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("cpu")


def _device(wanted: str) -> torch.device:
    """The device called `wanted`; InputError where there is none."""
    there = ["cpu"]
    there += ["mps"] if torch.backends.mps.is_available() else []
    there += (
        ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        if torch.cuda.is_available()
        else []
    )
    if wanted not in there:
        hint = (
            "; for a CUDA build, make paint TORCH=cuda"
            if wanted.startswith("cuda") and "cuda" not in there
            else ""
        )
        raise InputError(f"device {wanted!r} is not here; use auto or one of {', '.join(there)}{hint}")
    return torch.device(wanted)


def _has_bf16(device: torch.device) -> bool:
    """Whether the device has instructions for bf16; without them it is slower than fp32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    return device.type == "cpu" and cpu_has_bf16()


def cpu_has_bf16() -> bool:
    """Whether this CPU has AVX-512 BF16 or AMX; torch has no public question for it, and older ones lack these."""
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in asked)


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} ({device})"
    return {"mps": "Apple's GPU (mps)"}.get(device.type, "the CPU")
