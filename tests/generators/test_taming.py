"""CompVis checkpoints and flax ports of them give what an independent computation of the same weights gives."""

from __future__ import annotations

from pathlib import Path

import msgpack
import pytest
import torch
import yaml
from torch import Tensor

from doorways import InputError, load_generator
from doorways.models.tensors import read_tensors
from tests import tiny
from tests.generators import flax_port
from tests.generators import taming_reference as reference
from tests.generators.flax_port import network

SIZES = [(16, 16), (48, 16), (24, 40)]


def settings(kind: str) -> dict:
    parameters = {**reference.CODES, "ddconfig": reference.SETTINGS, "lossconfig": {"target": "x"}}
    return {"model": {"target": f"taming.models.vqgan.{kind}", "params": parameters}}


def settings_text(**changes: object) -> str:
    model = settings("VQModel")["model"]
    model["params"]["ddconfig"] = reference.SETTINGS | changes
    return yaml.safe_dump({"model": model})


def write(folder: Path, weights: dict[str, Tensor], kind: str = "VQModel", **beside: object) -> Path:
    """A checkpoint as pytorch-lightning wrote them, with the discriminator's weights too, and its settings."""
    path = folder / "last.ckpt"
    state = {**weights, "loss.discriminator.main.0.weight": torch.ones(3)}
    torch.save({"epoch": 3, "global_step": 9, "state_dict": state, **beside}, path)
    path.with_suffix(".yaml").write_text(yaml.safe_dump(settings(kind)))
    return path


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("gumbel", [False, True], ids=["plain", "gumbel"])
def test_a_taming_checkpoint_computes_what_taming_computes(
    tmp_path: Path, gumbel: bool, size: tuple[int, int]
) -> None:
    expected = network(gumbel=gumbel)
    path = write(tmp_path, expected.state_dict(), "GumbelVQ" if gumbel else "VQModel")
    generator = load_generator(str(path))
    picture = tiny.picture(*size)

    codes = expected.encode(picture * 2 - 1)
    latent = generator.encode(picture)
    assert latent.shape == (1, 10, size[1] // 4, size[0] // 4)
    assert codes.flatten(2).unique(dim=2).shape[2] > 1
    torch.testing.assert_close(latent, codes, atol=1e-4, rtol=0)

    output = expected.decode(codes)
    assert output.abs().max() < 1
    assert output.std() > 0.02
    torch.testing.assert_close(generator.decode(latent), (output + 1) / 2, atol=1e-4, rtol=0)


def test_a_flax_folder_computes_the_same(tmp_path: Path) -> None:
    expected = network()
    flax_port.save(expected, tmp_path)
    generator = load_generator(str(tmp_path))
    picture = tiny.picture(40, 24)
    codes = expected.encode(picture * 2 - 1)
    torch.testing.assert_close(generator.encode(picture), codes, atol=1e-4, rtol=0)
    torch.testing.assert_close(generator.decode(codes), (expected.decode(codes) + 1) / 2, atol=1e-4, rtol=0)


def test_the_checkpoint_of_a_transformer_gives_its_vqgan(tmp_path: Path) -> None:
    expected = network()
    weights = {f"first_stage_model.{key}": value for key, value in expected.state_dict().items()}
    path = write(tmp_path, {**weights, "transformer.head.weight": torch.ones(2, 2)})
    outer = {"target": "taming.models.cond_transformer.Net2NetTransformer",
             "params": {"first_stage_config": settings("VQModel")["model"]}}  # fmt: skip
    path.with_suffix(".yaml").write_text(yaml.safe_dump({"model": outer}))
    picture = tiny.picture(16, 16)
    torch.testing.assert_close(
        load_generator(str(path)).encode(picture), expected.encode(picture * 2 - 1), atol=1e-4, rtol=0
    )


def test_a_folder_with_one_checkpoint_and_its_settings_is_enough(tmp_path: Path) -> None:
    write(tmp_path, network().state_dict())
    assert load_generator(str(tmp_path)).factor == 4


def test_a_checkpoint_without_settings_says_what_to_put_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path, network().state_dict())
    path.with_suffix(".yaml").unlink()
    with pytest.raises(InputError, match=r"last\.yaml"):
        load_generator(str(path))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model: [", "settings"),
        ("{}", "settings"),
        (yaml.safe_dump(settings("VQSegmentationModel")), "VQSegmentationModel"),
        (yaml.safe_dump(settings("VQModel")).replace("ch_mult", "other"), "ch_mult"),
        (yaml.safe_dump(settings("VQModel")).replace("double_z: false", "double_z: true"), "double_z"),
        (yaml.safe_dump(settings("VQModel")).replace("ch: 32", "ch: 64"), "expected"),
        (settings_text(ch=30), "describes no VQModel"),
        (settings_text(ch=0), "describes no VQModel"),
        (settings_text(ch=-32), "describes no VQModel"),
        (settings_text(z_channels=-1), "describes no VQModel"),
        (settings_text(num_res_blocks=-1), "does not fit its configuration"),
        (settings_text(ch_mult=[]), "describes no VQModel"),
        ("!!python/object/apply:os.system ['touch ran']", "settings"),
    ],
    ids=[
        "broken",
        "empty",
        "other kind",
        "missing",
        "not a VQGAN",
        "other shape",
        "odd",
        "none",
        "negative",
        "negative latent",
        "negative blocks",
        "no levels",
        "code",
    ],
)
def test_wrong_settings_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, network().state_dict())
    path.with_suffix(".yaml").write_text(text)
    with pytest.raises(InputError, match=says):
        load_generator(str(path))
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_without_a_codebook_is_refused(tmp_path: Path) -> None:
    weights = {key: value for key, value in network().state_dict().items() if not key.startswith("quantize.")}
    with pytest.raises(InputError, match="codebook"):
        load_generator(str(write(tmp_path, weights)))


def test_large_flax_arrays_come_in_chunks(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    chunks = {"__msgpack_chunked_array__": True, "shape": {"0": 3, "1": 4},
              "chunks": {str(i): part for i, part in enumerate(whole.flatten().split(5))}}  # fmt: skip
    path = tmp_path / "flax_model.msgpack"
    path.write_bytes(msgpack.packb({"a": {"b": chunks}}, default=flax_port.pack))
    torch.testing.assert_close(read_tensors(path), {"a.b": whole})
