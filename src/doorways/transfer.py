"""Between the host and the device: copies that nobody waits for, and what a device cannot do itself.

A copy from or to the host's ordinary memory makes the host wait until a CUDA device has done all that is queued on it, and
the device then waits for the host. Through pinned memory both go on. On a CPU nothing is sent anywhere.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def sent(tensor: Tensor, device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """`tensor`, which the host has, on `device` and as `dtype`; what is queued there afterwards finds it in place."""
    dtype = dtype or tensor.dtype
    if device.type != "cuda" or tensor.device.type != "cpu":
        return tensor.to(device, dtype)
    return tensor.to(dtype).pin_memory().to(device, non_blocking=True)


class Fetched:
    """What a tensor holds now, on its way to the host; the tensor may change at once.

    On CUDA it arrives when all that was queued before is done. Elsewhere it is read when it is asked for.
    """

    def __init__(self, tensor: Tensor) -> None:
        self._arrives: torch.cuda.Event | None = None
        if tensor.device.type != "cuda":
            self._copy = tensor.detach().clone()
            return
        self._copy = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        self._copy.copy_(tensor.detach(), non_blocking=True)
        self._arrives = torch.cuda.Event()
        self._arrives.record(torch.cuda.current_stream(tensor.device))

    def read(self) -> Tensor:
        """It, on the CPU, once it has arrived."""
        if self._arrives is not None:
            self._arrives.synchronize()
        return self._copy.cpu()


def pooled(picture: Tensor, rows: int, columns: int) -> Tensor:
    """Means of as many parts of a picture [n, c, H, W] as are asked for, as equal as its pixels allow.

    On the CPU where Apple's GPUs could not, whose pixels must divide evenly.
    """
    height, width = picture.shape[-2:]
    if picture.device.type == "mps" and (height % rows or width % columns):
        return F.adaptive_avg_pool2d(picture.cpu(), (rows, columns)).to(picture.device)
    return F.adaptive_avg_pool2d(picture, (rows, columns))


def exact(device: torch.device) -> torch.dtype:
    """What sums are held in where `device` can: float64, and float32 on Apple's GPUs, which have nothing wider."""
    return torch.float32 if device.type == "mps" else torch.float64
