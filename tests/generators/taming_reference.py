"""Taming-transformers' VQGAN, computed here by itself from its paper, with its names for the weights.

Written apart from what is tested: channels-last attention, an explicit distance matrix, no diffusers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SETTINGS = {
    "double_z": False, "z_channels": 12, "resolution": 16, "in_channels": 3, "out_ch": 3, "ch": 32,
    "ch_mult": [1, 2, 2], "num_res_blocks": 1, "attn_resolutions": [4], "dropout": 0.0,
}  # fmt: skip
CODES = {"n_embed": 20, "embed_dim": 10}


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(32, channels, eps=1e-6)


class Resnet(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = _norm(before), nn.Conv2d(before, after, 3, padding=1)
        self.norm2, self.conv2 = _norm(after), nn.Conv2d(after, after, 3, padding=1)
        if before != after:
            self.nin_shortcut = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class Attention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q, k, v = (layer(self.norm(x)).flatten(2).transpose(1, 2) for layer in (self.q, self.k, self.v))
        weights = torch.softmax(torch.einsum("nic,njc->nij", q, k) / c**0.5, dim=2)
        mixed = torch.einsum("nij,njc->nic", weights, v).transpose(1, 2).reshape(n, c, h, w)
        return x + self.proj_out(mixed)


class Resample(nn.Module):
    def __init__(self, channels: int, up: bool) -> None:
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(channels, channels, 3, stride=1 if up else 2, padding=1 if up else 0)

    def forward(self, x: Tensor) -> Tensor:
        if self.up:
            return self.conv(x.repeat_interleave(2, 2).repeat_interleave(2, 3))
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Level(nn.Module):
    def __init__(self, before: int, after: int, blocks: int, attends: bool, resample: str | None) -> None:
        super().__init__()
        self.block = nn.ModuleList(Resnet(before if i == 0 else after, after) for i in range(blocks))
        self.attn = nn.ModuleList(Attention(after) for _ in range(blocks if attends else 0))
        if resample:
            setattr(self, resample, Resample(after, resample == "upsample"))

    def forward(self, x: Tensor) -> Tensor:
        for i, block in enumerate(self.block):
            x = block(x)
            x = self.attn[i](x) if len(self.attn) else x
        for name in ("downsample", "upsample"):
            x = getattr(self, name)(x) if hasattr(self, name) else x
        return x


class Middle(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block_1, self.attn_1, self.block_2 = (
            Resnet(channels, channels),
            Attention(channels),
            Resnet(channels, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class Encoder(nn.Module):
    def __init__(self, s: dict) -> None:
        super().__init__()
        widths = [s["ch"] * multiple for multiple in (1, *s["ch_mult"])]
        last = len(s["ch_mult"]) - 1
        self.conv_in = nn.Conv2d(s["in_channels"], s["ch"], 3, padding=1)
        self.down = nn.ModuleList(
            Level(widths[i], widths[i + 1], s["num_res_blocks"], s["resolution"] // 2**i in s["attn_resolutions"],
                  "downsample" if i < last else None)
            for i in range(last + 1)
        )  # fmt: skip
        self.mid = Middle(widths[-1])
        self.norm_out, self.conv_out = _norm(widths[-1]), nn.Conv2d(widths[-1], s["z_channels"], 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for level in self.down:
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    def __init__(self, s: dict) -> None:
        super().__init__()
        widths = [s["ch"] * multiple for multiple in s["ch_mult"]]
        last = len(widths) - 1
        self.conv_in = nn.Conv2d(s["z_channels"], widths[-1], 3, padding=1)
        self.mid = Middle(widths[-1])
        self.up = nn.ModuleList(
            Level(widths[min(i + 1, last)], widths[i], s["num_res_blocks"] + 1,
                  s["resolution"] // 2**i in s["attn_resolutions"], "upsample" if i > 0 else None)
            for i in range(last + 1)
        )  # fmt: skip
        self.norm_out, self.conv_out = _norm(widths[0]), nn.Conv2d(widths[0], s["out_ch"], 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        x = self.mid(self.conv_in(z))
        for level in reversed(self.up):
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class Codebook(nn.Module):
    """Nearest codes, by the matrix of all distances."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(count, width)

    def forward(self, z: Tensor) -> Tensor:
        cells = z.permute(0, 2, 3, 1)
        distances = (cells[..., None, :] - self.embedding.weight).norm(dim=-1)
        return self.embedding.weight[distances.argmin(-1)].permute(0, 3, 1, 2)


class GumbelCodebook(nn.Module):
    """Most probable codes, by a convolution to one logit per code."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.proj, self.embed = nn.Conv2d(width, count, 1), nn.Embedding(count, width)

    def forward(self, z: Tensor) -> Tensor:
        chosen = F.one_hot(self.proj(z).argmax(1), self.embed.num_embeddings).float()
        return torch.einsum("nhwk,kd->ndhw", chosen, self.embed.weight)


class VQGAN(nn.Module):
    """Pictures in and out in [-1, 1]."""

    def __init__(self, *, gumbel: bool = False) -> None:
        super().__init__()
        z, (count, width) = SETTINGS["z_channels"], CODES.values()
        self.encoder, self.decoder = Encoder(SETTINGS), Decoder(SETTINGS)
        self.quantize = (GumbelCodebook if gumbel else Codebook)(count, width)
        self.quant_conv, self.post_quant_conv = nn.Conv2d(z, width, 1), nn.Conv2d(width, z, 1)

    def encode(self, x: Tensor) -> Tensor:
        return self.quantize(self.quant_conv(self.encoder(x)))

    def decode(self, codes: Tensor) -> Tensor:
        return self.decoder(self.post_quant_conv(codes))
