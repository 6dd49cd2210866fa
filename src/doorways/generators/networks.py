"""The networks of VQGANs and KL autoencoders: weights in their places, as diffusers lays them out, without diffusers.

Of its `VQModel` and `AutoencoderKL` no layer runs as it stands there (`frozen.py` runs them), and importing it takes longer
than all else that a painting begins with. Here are the same weights under the same names, by which they are stored and
fingerprinted, and no arithmetic. What such networks may have besides, such as conditioned norms, is left to diffusers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from doorways.generators.attention import Attention
from doorways.models.folder import fill, hollow

EPS = 1e-6
DOWN, UP = "DownEncoderBlock2D", "UpDecoderBlock2D"
KNOWN = {
    "down_block_types": (DOWN, f"Attn{DOWN}"),
    "up_block_types": (UP, f"Attn{UP}"),
    "act_fn": ("silu", "swish"),
    "norm_type": ("group",),
}
"""What a configuration may say where there are other layers elsewhere."""


@dataclass(frozen=True)
class Levels:
    """What the encoder and the decoder of a network share: channels of each level, finest first, and so on."""

    channels: Sequence[int]
    layers: int
    groups: int
    attends: bool

    def down(self, kinds: Sequence[str]) -> nn.ModuleList:
        """The blocks of an encoder: all but the last one halve."""
        return self._blocks(self.channels, kinds, self.layers, halves=True)

    def up(self, kinds: Sequence[str]) -> nn.ModuleList:
        """The blocks of a decoder, with one layer more: all but the last one double."""
        return self._blocks(self.channels[::-1], kinds, self.layers + 1, doubles=True)

    def _blocks(
        self, channels: Sequence[int], kinds: Sequence[str], layers: int, **sampling: bool
    ) -> nn.ModuleList:
        blocks = nn.ModuleList()
        for place, (width, kind) in enumerate(zip(channels, kinds, strict=True)):
            widths = [channels[max(0, place - 1)], *[width] * layers]
            attentions = layers * kind.startswith("Attn")
            last = place == len(channels) - 1
            blocks.append(Block(widths, self.groups, attentions=attentions, **{} if last else sampling))
        return blocks

    def middle(self) -> Block:
        """The block at the coarsest level: attention between two residual blocks."""
        return Block([self.channels[-1]] * 3, self.groups, attentions=int(self.attends))


class Resnet(nn.Module):
    """Two convolutions beside a short cut."""

    def __init__(self, before: int, after: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, before, EPS)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, after, EPS)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1)
        self.conv_shortcut = None if before == after else nn.Conv2d(before, after, 1)


class Sampler(nn.Module):
    """The convolution that halves a picture, by its stride of 2, or that follows when one is doubled."""

    def __init__(self, channels: int, *, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride, padding=2 - stride)


class Block(nn.Module):
    """Residual blocks from each of `channels` to the next, attention behind the first few, and a sampler."""

    def __init__(
        self,
        channels: Sequence[int],
        groups: int,
        *,
        attentions: int,
        halves: bool = False,
        doubles: bool = False,
    ) -> None:
        super().__init__()
        last = channels[-1]
        self.resnets = nn.ModuleList(Resnet(before, after, groups) for before, after in pairwise(channels))
        self.attentions = nn.ModuleList(Attention(last, groups, EPS) for _ in range(attentions))
        self.downsamplers = nn.ModuleList([Sampler(last, stride=2)] if halves else [])
        self.upsamplers = nn.ModuleList([Sampler(last, stride=1)] if doubles else [])


class Encoder(nn.Module):
    """From a picture to the coarsest level."""

    def __init__(self, ends: tuple[int, int], kinds: Sequence[str], levels: Levels) -> None:
        super().__init__()
        first, last = levels.channels[0], levels.channels[-1]
        self.conv_in = nn.Conv2d(ends[0], first, 3, padding=1)
        self.down_blocks = levels.down(kinds)
        self.mid_block = levels.middle()
        self.conv_norm_out = nn.GroupNorm(levels.groups, last, EPS)
        self.conv_out = nn.Conv2d(last, ends[1], 3, padding=1)
        self.blocks = (*self.down_blocks, self.mid_block)


class Decoder(nn.Module):
    """From the coarsest level to a picture."""

    def __init__(self, ends: tuple[int, int], kinds: Sequence[str], levels: Levels) -> None:
        super().__init__()
        first, last = levels.channels[0], levels.channels[-1]
        self.conv_in = nn.Conv2d(ends[0], last, 3, padding=1)
        self.mid_block = levels.middle()
        self.up_blocks = levels.up(kinds)
        self.conv_norm_out = nn.GroupNorm(levels.groups, first, EPS)
        self.conv_out = nn.Conv2d(first, ends[1], 3, padding=1)
        self.blocks = (self.mid_block, *self.up_blocks)


class Network(nn.Module):
    """An encoder and a decoder, and the 1x1 convolutions between them and the latent."""

    encoder: Encoder
    decoder: Decoder
    config: SimpleNamespace
    """What generators ask of a configuration, under diffusers' names."""

    @property
    def dtype(self) -> torch.dtype:
        """The precision of its weights."""
        return self.decoder.conv_in.weight.dtype

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.decoder.conv_in.weight.device


class VQModel(Network):
    """The network of a VQGAN, its codebook included; arguments are diffusers'."""

    def __init__(
        self,
        *,
        in_channels: int = 3,
        out_channels: int = 3,
        down_block_types: Sequence[str] = (DOWN,),
        up_block_types: Sequence[str] = (UP,),
        block_out_channels: Sequence[int] = (64,),
        layers_per_block: int = 1,
        latent_channels: int = 3,
        num_vq_embeddings: int = 256,
        norm_num_groups: int = 32,
        vq_embed_dim: int | None = None,
        mid_block_add_attention: bool = True,
    ) -> None:
        super().__init__()
        self.config = SimpleNamespace(block_out_channels=block_out_channels)
        levels = Levels(block_out_channels, layers_per_block, norm_num_groups, mid_block_add_attention)
        length = latent_channels if vq_embed_dim is None else vq_embed_dim
        self.encoder = Encoder((in_channels, latent_channels), down_block_types, levels)
        self.quant_conv = nn.Conv2d(latent_channels, length, 1)
        self.quantize = nn.ModuleDict(
            {"embedding": nn.Embedding.from_pretrained(torch.empty(num_vq_embeddings, length))}
        )
        self.post_quant_conv = nn.Conv2d(length, latent_channels, 1)
        self.decoder = Decoder((latent_channels, out_channels), up_block_types, levels)


class AutoencoderKL(Network):
    """The network of a KL autoencoder, whose encoder gives a mean and a deviation; arguments are diffusers'."""

    def __init__(
        self,
        *,
        in_channels: int = 3,
        out_channels: int = 3,
        down_block_types: Sequence[str] = (DOWN,),
        up_block_types: Sequence[str] = (UP,),
        block_out_channels: Sequence[int] = (64,),
        layers_per_block: int = 1,
        latent_channels: int = 4,
        norm_num_groups: int = 32,
        scaling_factor: float = 0.18215,
        shift_factor: float | None = None,
        use_quant_conv: bool = True,
        use_post_quant_conv: bool = True,
        mid_block_add_attention: bool = True,
    ) -> None:
        super().__init__()
        self.config = SimpleNamespace(
            block_out_channels=block_out_channels,
            latent_channels=latent_channels,
            scaling_factor=scaling_factor,
            shift_factor=shift_factor,
        )
        levels = Levels(block_out_channels, layers_per_block, norm_num_groups, mid_block_add_attention)
        z, moments = latent_channels, 2 * latent_channels
        self.encoder = Encoder((in_channels, moments), down_block_types, levels)
        self.quant_conv = nn.Conv2d(moments, moments, 1) if use_quant_conv else nn.Identity()
        self.post_quant_conv = nn.Conv2d(z, z, 1) if use_post_quant_conv else nn.Identity()
        self.decoder = Decoder((z, out_channels), up_block_types, levels)


OURS: dict[str, type[Network]] = {"VQModel": VQModel, "AutoencoderKL": AutoencoderKL}


def kind_of(name: str, config: Mapping[str, Any]) -> type[nn.Module]:
    """The class for diffusers' `name` of this configuration: ours, or its own where we lack a layer."""
    if knows(config):
        return OURS[name]
    import diffusers

    kind: type[nn.Module] = getattr(diffusers, name)
    return kind


def knows(config: Mapping[str, Any]) -> bool:
    """Whether all layers that a configuration asks for are here."""
    asked = {key: config[key] for key in KNOWN if key in config}
    return all(
        one in KNOWN[key]
        for key, value in asked.items()
        for one in (value if isinstance(value, list | tuple) else [value])
    )


def own(model: Any) -> Any:
    """A diffusers `VQModel` or `AutoencoderKL` as ours, its weights shared; any other model as it is."""
    name = type(model).__name__
    if isinstance(model, Network) or name not in OURS or not knows(model.config):
        return model
    return fill(hollow(OURS[name], model.config, Path(name)), model.state_dict(), Path(name))
