"""Image-text models of transformers, from a folder, without network, noise or random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from doorways.errors import InputError
from doorways.models.folder import no_empty_layers, peek, read_object

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Model = TypeVar("Model", bound="PreTrainedModel")

PREPROCESSORS = ("preprocessor_config.json", "processor_config.json")


def load_pretrained(kind: type[Model], folder: Path) -> Model:
    """The model of class `kind` in `folder`, float32, frozen, in eval mode; InputError where it is not whole."""
    try:
        with _quiet(), no_empty_layers():
            model, report = kind.from_pretrained(
                folder, local_files_only=True, output_loading_info=True, dtype="float32"
            )
    except MemoryError:
        raise
    except Exception as error:  # settings of nonsense fail wherever they are first used
        raise InputError(
            f"{folder} holds no whole {kind.__name__} ({error}); fetch the model again"
        ) from error
    if wrong := sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"]):
        raise InputError(
            f"{folder} lacks {len(wrong)} weights of {kind.__name__}, {wrong[0]} first; fetch it again"
        )
    return model.eval().requires_grad_(False)


def colour_statistics(
    folder: Path, default: tuple[tuple[float, ...], tuple[float, ...]]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of the colours that the model in `folder` was trained on, or `default`."""
    for name in PREPROCESSORS:
        if (folder / name).is_file():
            settings = read_object(folder / name)
            settings = settings.get("image_processor", settings)
            try:
                mean, std = settings.get("image_mean"), settings.get("image_std")
                if mean and std:
                    return _three(mean), _three(std, above=0)
            except (AttributeError, TypeError, ValueError) as error:
                raise InputError(
                    f"{folder / name}: image_mean and image_std must be three numbers each, those of image_std above "
                    f"0 ({error}); fetch the model again"
                ) from error
    return default


def _three(values: Any, *, above: float = -inf) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != 3 or not all(above < number < inf for number in numbers):
        raise ValueError(f"found {values}")
    return numbers


def is_model(path: Path, kind: str) -> bool:
    """Whether `path` is a folder whose `config.json` says that its `model_type` is `kind`."""
    return peek(path, "model_type") == kind


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and no remarks by transformers: what matters is raised."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
