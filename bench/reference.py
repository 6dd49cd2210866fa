"""A straightforward step of the genre, to measure ours against: what the notebooks and scripts of 2021 do.

VQGAN+CLIP as Crowson and those after him wrote it, and nothing of Doorways': one crop and one resize per cutout in a
Python loop, each augmented on its own (a small random affine map, a jitter of colours, noise), one batch through
CLIP, squared great-circle distance, Adam on the latent. No weaker than need be: the weights are frozen, the nearest
codes are found by one matrix product and looked up by index (many use a one-hot product, which costs more), and texts are
embedded once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import VQModel
from torch import Tensor

from bench.shapes import GENERATORS, PERCEPTORS, random_clip, random_vqgan, some_tokens
from doorways.generators.vqgan import reach_of_cube
from doorways.models.specs import embedded_folder
from doorways.perceptors import load_perceptor
from doorways.perceptors.clip import COLOURS
from doorways.size import Size

LEARNING_RATE = 0.1
SMALLEST = 0.45
"""Side of the smallest crop, as a fraction of the canvas height; of the same mean area as Doorways' default sizes."""


@dataclass(eq=False)
class Reference:
    """One painting in the genre's usual way.

    Attributes:
        embed: pieces [n, 3, size_px, size_px] in [0, 1] -> unit vectors [n, d].
        texts: unit vectors [m, d].
    """

    model: VQModel
    embed: Callable[[Tensor], Tensor]
    texts: Tensor
    size_px: int
    size: Size
    cutouts: int

    def __post_init__(self) -> None:
        self.codebook = self.model.quantize.embedding.weight.detach()
        self.reach = reach_of_cube(self.codebook)
        factor = 2 ** (len(self.model.config.block_out_channels) - 1)
        cells = torch.randint(len(self.codebook), (1, self.size.height // factor, self.size.width // factor))
        self.latent = self.codebook[cells].movedim(-1, 1).contiguous().requires_grad_()
        self.low, self.high = (end.view(1, -1, 1, 1) for end in self.codebook.aminmax(dim=0))
        self.optimiser = torch.optim.Adam([self.latent], lr=LEARNING_RATE)

    def take_step(self) -> float:
        """Decode, cut, embed, compare, descend; the loss."""
        picture = self.decode()
        embeddings = self.embed(self.cut(picture))
        distance = (embeddings[:, None] - self.texts[None]).norm(dim=2).div(2).arcsin().square().mul(2)
        loss = distance.mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        with torch.no_grad():
            self.latent.copy_(self.latent.maximum(self.low).minimum(self.high))
        return float(loss.detach())

    def decode(self) -> Tensor:
        """The picture [1, 3, H, W] of the nearest codes, straight-through."""
        codes = self.latent + (self.nearest() - self.latent).detach()
        conditioning = codes if self.model.config.norm_type == "spatial" else None
        decoded = self.model.decoder(self.model.post_quant_conv(codes), conditioning)
        return ((decoded + 1) / 2).clamp(0, 1)

    @torch.no_grad()
    def nearest(self) -> Tensor:
        """The code nearest to each cell: by its signs where codes are the corners of a cube, as the painter finds it."""
        if self.reach is not None:
            return torch.where(self.latent >= 0, self.reach, -self.reach)
        cells = self.latent.movedim(1, -1)
        squares = cells.square().sum(-1, keepdim=True) + self.codebook.square().sum(1)
        return self.codebook[(squares - 2 * cells @ self.codebook.T).argmin(-1)].movedim(-1, 1)

    def cut(self, picture: Tensor) -> Tensor:
        """[n, 3, size_px, size_px] crops, each resized and augmented by itself."""
        height, width = picture.shape[-2:]
        pieces = []
        for _ in range(self.cutouts):
            side = int(height * (SMALLEST + (1 - SMALLEST) * float(torch.rand(()))))
            left = int(torch.randint(width - side + 1, ()))
            top = int(torch.randint(height - side + 1, ()))
            crop = picture[:, :, top : top + side, left : left + side]
            piece = F.interpolate(crop, (self.size_px, self.size_px), mode="bilinear", antialias=True)
            pieces.append(augment(piece))
        return torch.cat(pieces)


def augment(piece: Tensor) -> Tensor:
    """One piece [1, 3, s, s], turned, moved and tinted a little, under noise."""
    angle, zoom, across, down = (torch.rand(4) * 2 - 1).mul(torch.tensor([0.09, 0.05, 0.05, 0.05])).tolist()
    turn = torch.tensor([[1 + zoom, -angle, across], [angle, 1 + zoom, down]])[None]
    grid = F.affine_grid(turn, list(piece.shape), align_corners=False)
    moved = F.grid_sample(piece, grid, padding_mode="border", align_corners=False)
    brightness, contrast, saturation = (torch.rand(3) * 0.16 - 0.08).tolist()
    grey = moved.mean(1, keepdim=True)
    tinted = (grey + (1 + saturation) * (moved - grey) - 0.5) * (1 + contrast) + 0.5 + brightness
    return tinted + 0.03 * torch.rand(()) * torch.randn_like(tinted)


def build(generator: str, perceptor: str, prompts: list[str], size: Size, cutouts: int) -> Reference:
    """The reference on models of `shapes`, or on embedded ones and folders of the same makes."""
    if generator in GENERATORS:
        model = random_vqgan(generator)
    else:
        folder = embedded_folder("generator") if generator == "embedded" else generator
        model = VQModel.from_pretrained(folder, torch_dtype=torch.float32).eval().requires_grad_(False)
    if perceptor not in PERCEPTORS:
        tower: Any = load_perceptor(perceptor)
        return Reference(
            model, tower.embed_pictures, tower.embed_texts(prompts), tower.size_px, size, cutouts
        )
    clip = random_clip(perceptor)
    mean, std = (torch.tensor(part).view(1, 3, 1, 1) for part in COLOURS)

    def embed(pieces: Tensor) -> Tensor:
        return F.normalize(clip.get_image_features(pixel_values=(pieces - mean) / std).pooler_output, dim=1)

    with torch.no_grad():
        ids, mask = some_tokens(prompts)
        texts = clip.get_text_features(input_ids=ids, attention_mask=mask).pooler_output
    return Reference(
        model, embed, F.normalize(texts, dim=1), clip.config.vision_config.image_size, size, cutouts
    )
