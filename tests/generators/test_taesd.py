"""TAESD as its author publishes it: two files of numbered layers. The real weights, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from doorways import load_generator
from tests import tiny

REAL = Path(__file__).parents[2] / ".." / "shared" / "weights" / "taesd"


def test_two_files_give_the_autoencoder_they_are_of(tmp_path: Path) -> None:
    from diffusers import AutoencoderTiny

    model = tiny.seeded(AutoencoderTiny())
    for part, shift in (("encoder", 0), ("decoder", 1)):
        layers = getattr(model, part).layers.state_dict()
        numbered = {
            f"{int(key.split('.')[0]) + shift}.{key.split('.', 1)[1]}": value for key, value in layers.items()
        }
        save_file(numbered, tmp_path / f"taesd_{part}.safetensors")
    generator, picture = load_generator(str(tmp_path)), tiny.picture(32, 16)
    with torch.no_grad():
        latent = model.encode(picture * 2 - 1).latents
        expected = ((model.decode(latent).sample + 1) / 2).clamp(0, 1)
    torch.testing.assert_close(generator.encode(picture), latent, atol=1e-5, rtol=0)
    torch.testing.assert_close(generator.decode(latent), expected, atol=1e-5, rtol=0)


@pytest.mark.skipif(
    not REAL.is_dir(), reason="the real TAESD weights are not beside the checkout (shared/weights/taesd)"
)
@pytest.mark.parametrize("size", [(256, 128), (128, 256)])
def test_the_real_weights_bring_a_picture_back(size: tuple[int, int]) -> None:
    generator = load_generator(str(REAL))
    assert generator.factor == 8
    picture = tiny.picture(*size)
    latent = generator.encode(picture)
    assert latent.shape == (1, 4, size[1] // 8, size[0] // 8)
    decibels = -10 * (generator.decode(latent) - picture).square().mean().log10()
    assert decibels > 24
    mirrored = generator.decode(generator.encode(picture.flip(-1)))
    assert (mirrored.flip(-1) - picture).square().mean() < 10**-2.2
