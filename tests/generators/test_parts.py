"""A part of a canvas is decoded as the whole would be; a view all around has no edge."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from doorways.errors import InputError
from doorways.generators.autoencoder import Autoencoder
from doorways.generators.fourier import Fourier
from doorways.generators.frozen import FrozenConv
from doorways.generators.normed import Held
from doorways.generators.parts import BESIDE, PartDecoder, all_around, encode_in_parts, halo, holding, norms
from doorways.generators.vqgan import VQGAN
from tests import tiny

PLAIN = ("UpDecoderBlock2D",) * 3
WITHOUT_ATTENTION = {"mid_block_add_attention": False, "up_block_types": PLAIN}
GENERATORS = {
    "vqgan": lambda: VQGAN(tiny.vqmodel(**WITHOUT_ATTENTION)),
    "kl": lambda: Autoencoder(tiny.autoencoder_kl(mid_block_add_attention=False)),
}
MOST = 40
"""Cells decoded at once."""


def latent_for(generator: VQGAN | Autoencoder, cells: int = 60, rows: int = 5) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    return generator.random_latent(cells * generator.factor, rows * generator.factor, rng)


def exact_moments(generator: VQGAN | Autoencoder, latent: Tensor, *, wraps: bool = False) -> Tensor:
    """What every norm of a decode of the whole canvas finds."""
    held = [Held() for _ in norms(generator.chain)]
    with torch.no_grad(), holding(generator.chain, held, wraps=wraps):
        generator.decode(latent)
    return torch.cat([part.found for part in held], 1)


def whole_picture(decoder: PartDecoder, latent: Tensor, moments: Tensor) -> Tensor:
    return torch.cat([tile for *_, tile in decoder.pictures(latent, moments)], 3)


@pytest.fixture(params=GENERATORS.values(), ids=GENERATORS)
def generator(request: pytest.FixtureRequest) -> VQGAN | Autoencoder:
    return request.param()


def test_with_the_moments_of_the_whole_a_part_is_what_it_is_in_the_whole(
    generator: VQGAN | Autoencoder,
) -> None:
    latent, decoder = latent_for(generator), PartDecoder(generator, MOST)
    exact, moments = generator.decode(latent), exact_moments(generator, latent)
    for start, stop in [(0, 10), (20, 37), (59, 60)]:
        part, left, right = decoder.around(latent, start, stop, decoder.halo)
        picture = decoder.decode(part, moments)
        inside = picture[..., left * generator.factor : picture.shape[3] - right * generator.factor]
        torch.testing.assert_close(
            inside,
            exact[..., start * generator.factor : stop * generator.factor],
            atol=1e-5,
            rtol=0,
        )


def test_a_part_alone_is_something_else(generator: VQGAN | Autoencoder) -> None:
    latent, decoder = latent_for(generator), PartDecoder(generator, MOST)
    alone = generator.decode(latent[..., 20:30])
    exact = generator.decode(latent)[..., 20 * generator.factor : 30 * generator.factor]
    assert (alone - exact).abs().mean() > 0.01
    near = decoder.decode(latent[..., 20:30], exact_moments(generator, latent))
    middle = slice(4 * generator.factor, 6 * generator.factor)
    assert (near - exact)[..., middle].abs().mean() < 0.5 * (alone - exact)[..., middle].abs().mean()


def test_the_halo_is_what_a_pixel_depends_on(generator: VQGAN | Autoencoder) -> None:
    reach, middle = halo(generator.chain), 40
    latent = latent_for(generator, 81)
    moments = exact_moments(generator, latent)
    other = latent.clone()
    other[..., middle] = latent.flip(3)[..., 0] * 0.7
    decoder = PartDecoder(generator, MOST)
    change = (decoder.decode(other, moments) - decoder.decode(latent, moments)).abs()
    changed = change.amax((0, 1, 2)).view(-1, generator.factor).amax(1).nonzero()[:, 0]
    assert middle - reach <= changed.min() <= middle - 2
    assert middle + 2 <= changed.max() <= middle + reach


def test_a_survey_finds_nearly_the_moments_of_the_whole(generator: VQGAN | Autoencoder) -> None:
    latent, decoder = latent_for(generator), PartDecoder(generator, MOST)
    surveyed, exact = decoder.survey(latent), exact_moments(generator, latent)
    tiles = decoder.tiles(60)
    assert len(surveyed) == len(tiles) >= 3
    found = decoder.pooled(surveyed, 60)
    scale = exact[1].sqrt()
    first = generator.chain[1].first.norm.num_groups  # nothing but convolutions lies before the first norm
    torch.testing.assert_close(found[:, :first], exact[:, :first], rtol=1e-4, atol=1e-5)
    assert ((found - exact)[0].abs() / scale).max() < 0.05
    assert torch.equal(surveyed[1], decoder.moments(latent, *tiles[1]))


def test_the_parts_of_a_picture_fit_together(generator: VQGAN | Autoencoder) -> None:
    latent, decoder = latent_for(generator), PartDecoder(generator, MOST)
    exact = generator.decode(latent)
    found = whole_picture(decoder, latent, exact_moments(generator, latent))
    torch.testing.assert_close(found, exact, atol=1e-5, rtol=0)
    surveyed = whole_picture(decoder, latent, decoder.pooled(decoder.survey(latent), 60))
    assert (surveyed - exact).abs().mean() < 0.01
    edges = [start - 1 for start, *_ in decoder.pictures(latent, exact_moments(generator, latent))][1:]
    assert len(edges) >= 2
    jumps, expected = (picture.diff(dim=3).abs().mean((0, 1, 2))[edges] for picture in (surveyed, exact))
    assert jumps.mean() < 1.1 * expected.mean()


def test_a_picture_is_encoded_in_parts_nearly_as_it_is_at_once(generator: VQGAN | Autoencoder) -> None:
    factor = generator.factor
    picture, widths = tiny.picture(60 * factor, 5 * factor), []
    encode = generator.encode
    generator.encode = lambda part: widths.append(part.shape[3]) or encode(part)  # type: ignore[method-assign]
    whole = encode(picture)
    assert torch.equal(encode_in_parts(generator, picture, 60 * factor, wraps=False), whole)
    parts = encode_in_parts(generator, picture, 25 * factor, wraps=False)
    assert parts.shape == whole.shape
    assert widths[1:] == [factor * cells for cells in (20 + BESIDE, 20 + 2 * BESIDE, 20 + BESIDE)]
    spread = (whole - whole.mean()).abs().mean()
    assert (parts - whole).abs().mean() < 0.5 * spread


def test_a_picture_all_around_is_encoded_across_its_edges(generator: VQGAN | Autoencoder) -> None:
    factor = generator.factor
    picture = tiny.picture(60 * factor, 5 * factor)
    latent = encode_in_parts(generator, picture, 20 * factor, wraps=True)
    turned = encode_in_parts(generator, picture.roll(20 * factor, 3), 20 * factor, wraps=True)
    torch.testing.assert_close(turned, latent.roll(20, 3), atol=1e-5, rtol=1e-4)
    assert not torch.equal(latent, generator.encode(picture))


def test_attention_stays_within_a_part_and_its_norm_is_held() -> None:
    generator = VQGAN(tiny.vqmodel())
    latent, decoder = latent_for(generator), PartDecoder(generator, MOST)
    assert decoder.attends
    assert not PartDecoder(GENERATORS["vqgan"](), MOST).attends
    whole = decoder.decode(latent, exact_moments(generator, latent))
    torch.testing.assert_close(whole, generator.decode(latent), atol=1e-5, rtol=1e-4)
    again = generator.decode(latent)
    torch.testing.assert_close(again, VQGAN(tiny.vqmodel()).decode(latent), atol=0, rtol=0)


@pytest.mark.parametrize("wraps", [False, True])
@pytest.mark.parametrize("doubles", [False, True])
@pytest.mark.parametrize("held", [False, True])
def test_a_layers_gradient_is_that_of_its_values(held: bool, doubles: bool, wraps: bool) -> None:
    norm = tiny.seeded(nn.GroupNorm(2, 6)) if held else None
    layer = FrozenConv(tiny.seeded(nn.Conv2d(6, 4, 3, padding=1)), norm, doubles=doubles).double()
    layer.wraps = wraps
    if held:
        layer.before.held = Held(torch.tensor([[0.1, -0.2], [0.7, 1.5]]), (0.2, 0.4))
    x = torch.randn(1, 6, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer.requires_grad_(False), x)


def test_a_norm_finds_what_is_inside_the_margins() -> None:
    layer = FrozenConv(nn.Conv2d(6, 4, 3, padding=1), nn.GroupNorm(2, 6))
    x = torch.randn(1, 6, 3, 10) * 2 + 1
    own = layer(x)
    layer.before.held = Held()
    torch.testing.assert_close(layer(x), own, atol=1e-5, rtol=1e-5)
    held = layer.before.held = Held(None, (0.2, 0.3))
    layer(x)
    inside = x[..., 2:7].double().view(2, -1)
    expected = torch.stack([inside.mean(1), inside.square().mean(1)])
    torch.testing.assert_close(held.found, expected, rtol=1e-5, atol=1e-6)
    layer.before.held = Held(held.found)
    assert (layer(x) - own).abs().max() > 0.01


@pytest.mark.parametrize("doubles", [False, True])
def test_a_convolution_goes_all_around(doubles: bool) -> None:
    layer = FrozenConv(nn.Conv2d(3, 4, 3, padding=1), doubles=doubles).requires_grad_(False)
    layer.wraps = True
    x = torch.randn(1, 3, 5, 7)
    big = F.interpolate(x, scale_factor=2, mode="nearest") if doubles else x
    around = F.pad(F.pad(big, (1, 1, 0, 0), mode="circular"), (0, 0, 1, 1))
    expected = F.conv2d(around, layer.convolution.weight, layer.convolution.bias)
    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("attention", [False, True])
def test_a_view_all_around_may_be_turned(attention: bool) -> None:
    generator = VQGAN(tiny.vqmodel(**({} if attention else WITHOUT_ATTENTION)))
    latent, decode = latent_for(generator), all_around(generator)
    turned = decode(latent.roll(7, 3))
    torch.testing.assert_close(turned, decode(latent).roll(7 * generator.factor, 3), atol=1e-5, rtol=1e-4)
    assert (generator.decode(latent) - decode(latent)).abs().max() > 0.01, (
        "and is no view all around otherwise"
    )


def test_parts_of_a_view_all_around_pass_over_its_edge() -> None:
    generator = GENERATORS["vqgan"]()
    latent, decoder = latent_for(generator), PartDecoder(generator, MOST, wraps=True)
    exact = all_around(generator)(latent)
    moments = exact_moments(generator, latent, wraps=True)
    part, left, right = decoder.around(latent, 55, 66, decoder.halo)
    picture = decoder.decode(part, moments)
    inside = picture[..., left * 4 : picture.shape[3] - right * 4]
    torch.testing.assert_close(inside, exact.roll(20, 3)[..., : 11 * 4], atol=1e-5, rtol=0)
    torch.testing.assert_close(whole_picture(decoder, latent, moments), exact, atol=1e-5, rtol=0)


def test_a_spectrum_goes_all_around_as_it_is() -> None:
    generator = Fourier()
    assert all_around(generator) == generator.decode


def spatial() -> VQGAN:
    model = tiny.vqmodel(norm_type="spatial", block_out_channels=(32, 32, 32), norm_num_groups=32)
    return VQGAN(model, name="spatial")


REFUSED = {
    "fourier": Fourier,
    "taesd": lambda: Autoencoder(tiny.autoencoder_tiny(), name="taesd"),
    "spatial": spatial,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_decoded_in_parts_is_refused(name: str) -> None:
    with pytest.raises(
        InputError, match=f"generator {name}: cannot decode a part .* smaller size, or a larger window"
    ):
        PartDecoder(REFUSED[name](), MOST)


@pytest.mark.parametrize("name", ["taesd", "spatial"])
def test_what_ends_at_its_edges_is_no_view_all_around(name: str) -> None:
    with pytest.raises(InputError, match=f"generator {name}: cannot paint a view all around; leave out wrap"):
        all_around(REFUSED[name]())


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("how", ["whole", "around", "part"])
def test_what_is_computed_again_on_the_way_back_is_the_same(attention: bool, how: str) -> None:
    generator = VQGAN(tiny.vqmodel(**({} if attention else WITHOUT_ATTENTION)))
    latent = latent_for(generator, 20)
    decoder = PartDecoder(generator, MOST)
    moments = exact_moments(generator, latent)
    decode = {
        "whole": generator.decode,
        "around": all_around(generator),
        "part": lambda part: decoder.decode(part, moments),
    }[how]

    def picture_and_slope() -> tuple[Tensor, Tensor]:
        x = latent.clone().requires_grad_()
        picture = decode(x)
        wanted = torch.linspace(-1, 1, picture.numel()).view(picture.shape)
        return picture.detach(), torch.autograd.grad((picture * wanted).sum(), x)[0]

    once = picture_and_slope()
    generator.chain.recomputes = True
    assert all(map(torch.equal, once, picture_and_slope()))
    assert once[1].abs().max() > 0
