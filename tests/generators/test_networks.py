"""Our networks hold diffusers' weights under diffusers' names; what they have no layers for is left to diffusers."""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import pytest
import torch
from torch import nn

from bench.shapes import F16_16384
from doorways import InputError, load_generator
from doorways.generators.networks import OURS, AutoencoderKL, VQModel, kind_of, own
from doorways.models.fingerprint import fingerprint
from doorways.models.folder import hollow
from doorways.models.specs import embedded_folder
from tests import tiny

LEVELS = {
    "block_out_channels": [8, 8, 16],
    "down_block_types": ["AttnDownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
    "up_block_types": ["UpDecoderBlock2D", "AttnUpDecoderBlock2D", "UpDecoderBlock2D"],
    "norm_num_groups": 4,
}
CONFIGS = {
    "all left out": ("VQModel", {}),
    "ImageNet's": ("VQModel", F16_16384),
    "attention at some levels": ("VQModel", {**LEVELS, "layers_per_block": 2, "act_fn": "swish"}),
    "a KL autoencoder": ("AutoencoderKL", {**LEVELS, "in_channels": 1, "out_channels": 2}),
    "all left out of one": ("AutoencoderKL", {}),
    "with nothing between": ("AutoencoderKL", {"use_quant_conv": False, "use_post_quant_conv": False}),
    "without attention": ("AutoencoderKL", {**LEVELS, "mid_block_add_attention": False}),
}
OTHERS = {
    "conditioned norms": ("VQModel", {"norm_type": "spatial"}),
    "another activation": ("AutoencoderKL", {"act_fn": "gelu"}),
    "other blocks": ("VQModel", {"up_block_types": ["UpBlock2D"]}),
    "nonsense": ("VQModel", {"down_block_types": 5}),
}


def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in model.state_dict().items()}


@pytest.mark.parametrize(("name", "config"), CONFIGS.values(), ids=CONFIGS)
def test_all_weights_have_diffusers_names_and_shapes(name: str, config: dict) -> None:
    assert kind_of(name, config) is OURS[name]
    ours, theirs = (hollow(kind, config, Path(name)) for kind in (OURS[name], getattr(diffusers, name)))
    assert shapes(ours) == shapes(theirs)


@pytest.mark.embedded
def test_the_embedded_generators_network_is_one_of_ours() -> None:
    config = json.loads((embedded_folder("generator") / "config.json").read_text())
    assert shapes(hollow(VQModel, config, Path())) == shapes(hollow(diffusers.VQModel, config, Path()))
    assert isinstance(load_generator("embedded").model, VQModel)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "config"), OTHERS.values(), ids=OTHERS)
def test_other_layers_are_left_to_diffusers(name: str, config: dict) -> None:
    assert kind_of(name, config) is getattr(diffusers, name)


@pytest.mark.parametrize("make", [tiny.vqmodel, tiny.autoencoder_kl])
def test_a_model_of_diffusers_becomes_ours_with_the_same_weights(make: object) -> None:
    model = make()  # type: ignore[operator]
    ours = own(model)
    assert isinstance(ours, VQModel | AutoencoderKL)
    assert own(ours) is ours
    assert fingerprint(ours) == fingerprint(model)
    theirs = model.state_dict()
    assert all(torch.equal(weight, theirs[name]) for name, weight in ours.state_dict().items())
    assert (ours.dtype, ours.device) == (torch.float32, torch.device("cpu"))


def test_what_has_other_layers_stays_what_it_is() -> None:
    for model in (tiny.autoencoder_tiny(), tiny.autoencoder_kl(act_fn="gelu")):
        assert own(model) is model


def test_a_kl_autoencoder_with_another_activation_is_painted_with_by_diffusers(tmp_path: Path) -> None:
    model = tiny.autoencoder_kl(act_fn="gelu")
    generator, picture = load_generator(str(tiny.save(model, tmp_path))), tiny.picture()
    with torch.no_grad():
        mean = model.encode(picture * 2 - 1).latent_dist.mean
        expected = (model.decode(mean).sample + 1) / 2
    torch.testing.assert_close(generator.encode(picture), mean * 0.5, atol=1e-5, rtol=0)
    torch.testing.assert_close(generator.decode(mean * 0.5), expected.clamp(0, 1), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "config", [{"block_out_channels": 8}, {"block_out_channels": [8, 16]}, {"norm_num_groups": 0}], ids=str
)
def test_settings_of_nonsense_describe_no_network(config: dict) -> None:
    with pytest.raises(InputError, match="describes no VQModel"):
        hollow(VQModel, config, Path("config.json"))
