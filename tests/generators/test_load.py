"""Specs: what is given is found, whatever it is; what cannot be loaded is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from doorways import InputError, load_generator
from doorways.generators import Generator, Loader
from doorways.registry import generators
from tests import tiny

WEIGHTS = "diffusion_pytorch_model.safetensors"


def write(folder: Path, config: str) -> None:
    (folder / "config.json").write_text(config)


def test_all_built_in_kinds_are_registered() -> None:
    assert {
        "vqmodel",
        "autoencoder-kl",
        "autoencoder-tiny",
        "taesd",
        "taming",
        "flax-vqgan",
        "fourier",
    } <= set(generators.names())


def test_a_generator_is_named_by_its_spec_and_is_one(tmp_path: Path) -> None:
    generator = load_generator(f"  {tiny.save(tiny.vqmodel(), tmp_path)} ")
    assert generator.name == str(tmp_path)
    assert isinstance(generator, Generator)
    assert isinstance(load_generator("fourier"), Generator)


def test_a_pipelines_folder_stands_for_its_autoencoder(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "AmusedPipeline"}))
    tiny.save(tiny.vqmodel(), tmp_path / "vqvae")
    assert load_generator(str(tmp_path)).factor == 4


def test_loading_draws_no_random_numbers(tmp_path: Path) -> None:
    tiny.save(tiny.vqmodel(), tmp_path)
    before = torch.get_rng_state()
    load_generator(str(tmp_path))
    assert torch.equal(before, torch.get_rng_state())


def test_weights_saved_by_torch_load_without_code(tmp_path: Path) -> None:
    expected = load_generator(str(tiny.save(tiny.vqmodel(), tmp_path)))
    file = tmp_path / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(file), tmp_path / "diffusion_pytorch_model.bin")
    file.unlink()
    assert load_generator(str(tmp_path)).fingerprint == expected.fingerprint


def test_a_third_partys_kind_enters_by_the_same_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generators.names()
    theirs = Loader(
        recognises=lambda path: path.suffix == ".theirs", load=lambda path: load_generator("fourier")
    )
    monkeypatch.setitem(generators.things, "theirs", theirs)
    (tmp_path / "a.theirs").touch()
    assert load_generator(str(tmp_path / "a.theirs")).name == str(tmp_path / "a.theirs")
    monkeypatch.setitem(generators.things, "theirs", "not a loader")
    with pytest.raises(InputError, match="must register a Loader"):
        load_generator(str(tmp_path / "a.theirs"))


def test_what_is_not_there_is_refused_with_what_could_be_given() -> None:
    with pytest.raises(
        InputError, match=r"'nowhere'.*no such folder or file.*embedded, fourier.*hub:owner/name"
    ):
        load_generator("nowhere")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda f: (f / "config.json").unlink(), "no kind that can be loaded; known are"),
        (lambda f: write(f, "{"), "no kind that can be loaded"),
        (lambda f: write(f, "[]"), "no kind that can be loaded"),
        (lambda f: write(f, '{"_class_name": "VQModel", "act_fn": "no"}'), "describes no VQModel"),
        (lambda f: write(f, '{"_class_name": "VQModel"}'), "does not fit its configuration"),
        (lambda f: (f / WEIGHTS).unlink(), "holds no weights"),
        (lambda f: (f / WEIGHTS).write_bytes(b"\x08\0\0\0\0\0\0\0{}"), "are damaged"),
        (lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:900]), "damaged"),
    ],
    ids=["no config", "broken config", "a list", "unknown activation", "other shape", "no weights", "garbage", "cut"],
)  # fmt: skip
def test_a_folder_that_is_not_whole_says_what_is_wrong(tmp_path: Path, spoil: object, says: str) -> None:
    tiny.save(tiny.vqmodel(), tmp_path)
    spoil(tmp_path)  # type: ignore[operator]
    with pytest.raises(InputError, match=says):
        load_generator(str(tmp_path))
