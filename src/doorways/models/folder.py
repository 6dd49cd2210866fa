"""Model folders as diffusers and transformers write them: a `config.json` beside one file of weights."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from doorways.errors import InputError
from doorways.models.tensors import read_tensors

Module = TypeVar("Module", bound=nn.Module)

WEIGHTS = ("diffusion_pytorch_model", "model", "pytorch_model")
SUFFIXES = (".safetensors", ".fp16.safetensors", ".bin")


def read_config(folder: Path) -> dict[str, Any]:
    """The `config.json` in `folder`; InputError where it is missing or no JSON object."""
    path = folder / "config.json"
    if not path.exists():
        raise InputError(f"{folder} holds no config.json; give the folder that does")
    return read_object(path)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a model's file; InputError where it cannot be read or is something else."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read ({error}); fetch the model again") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is not a JSON object; fetch the model again")
    return content


def peek(path: Path, key: str) -> Any:
    """The value of `key` in the `config.json` of a folder, or None where there is no such thing."""
    try:
        return read_config(path).get(key) if path.is_dir() else None
    except InputError:
        return None


def class_of(path: Path) -> str | None:
    """The diffusers class that a folder's `config.json` names (`VQModel`, ...), if it names one."""
    name = peek(path, "_class_name")
    return name if isinstance(name, str) else None


def weights_file(folder: Path) -> Path:
    """The file of weights in `folder`: safetensors where there is one, else PyTorch's `.bin` (read without code)."""
    for suffix in SUFFIXES:
        for stem in WEIGHTS:
            if (path := folder / f"{stem}{suffix}").is_file():
                return path
    raise InputError(
        f"{folder} holds no weights ({WEIGHTS[0]}.safetensors or the like); fetch the model again"
    )


def fill(module: Module, tensors: dict[str, Tensor], source: Path) -> Module:
    """`module` (built on the meta device) with `tensors` as its weights, in float32, frozen and in eval mode.

    InputError where a weight is missing, is left over or has another shape than the configuration says.
    """
    tensors = {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}
    expected = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in tensors.items()}
    if wrong := sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)):
        key = wrong[0]
        raise InputError(
            f"{source} does not fit its configuration in {len(wrong)} weights, {key} first: expected "
            f"{expected.get(key, 'none')}, found {found.get(key, 'none')}; fetch the model and its configuration again"
        )
    module.load_state_dict(tensors, assign=True)
    return module.eval().requires_grad_(False)


def hollow(kind: type[Module], config: dict[str, Any], source: Path) -> Module:
    """A diffusers module of class `kind` without weights (on the meta device), for `fill`.

    InputError where the configuration, read from `source`, describes none, or one with empty layers.
    """
    try:
        known = signature(kind).parameters
        with torch.device("meta"), no_empty_layers():
            return kind(**{key: value for key, value in config.items() if key in known})
    except Exception as error:  # settings of nonsense fail wherever they are first used
        raise InputError(f"{source} describes no {kind.__name__} ({error}); fetch it again") from error


@contextmanager
def no_empty_layers() -> Iterator[None]:
    """Makes an error of torch's warning that a layer is built without a single weight."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Initializing zero-element tensors")
        yield


def load_module(kind: type[Module], config: dict[str, Any], folder: Path) -> Module:
    """A diffusers module of class `kind` with the weights in `folder`; nothing random is drawn on the way."""
    module, source = hollow(kind, config, folder / "config.json"), weights_file(folder)
    return fill(module, _with_current_names(read_tensors(source)), source)


_OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def _with_current_names(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Attention weights that diffusers wrote before 2023 under the names it uses now."""
    renamed = {}
    for key, tensor in tensors.items():
        *path, layer, leaf = key.split(".") if key.count(".") > 1 else ["", "", key]
        if "attentions" in path and layer in _OLD_ATTENTION:
            key = ".".join([*path, _OLD_ATTENTION[layer], leaf])
        renamed[key] = tensor
    return renamed
