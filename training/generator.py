"""Stage 3: the VQGAN of the drawings' world (Esser et al. 2021), as a diffusers VQModel.

L1 and squared error; after the first part of the run the robust perceptor's own features besides, as the perceptual
loss, and a patch discriminator for the last part. Codes are the corners of a cube (`codebook.py`). Resumable:
`work/generator.pt`. The perceptual loss sees through `work/perceptor`, which must be done.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
from diffusers import VQModel
from torch import Tensor, nn
from torch.nn import functional as F

from doorways.errors import InputError
from doorways.generators import vqgan
from doorways.models.fingerprint import fingerprint
from doorways.perceptors import tower
from training.codebook import WIDTH, corners, disturbed, imbalance, snap
from training.fetch import WORK
from training.plans import PLANS
from training.resumable import BF16, check_done, copy_of, follow, go_on, take
from training.scenes import Scenes

STEPS, SIDE_PX, BATCH, SEED = 12000, 64, 24, 3
SHOWN: dict[str, Any] = {"near": 3.0, "third": 0.3, "lit": 0.1}
"""How scenes are drawn (`Scenes.draw`)."""
PERCEPTUAL_FROM, ADVERSARIAL_FROM = 0.25, 0.7
"""Of the run; the discriminator itself learns a fiftieth of it earlier."""
ADVERSARIAL = 0.25
"""How strongly the discriminator pulls at a picture, of how strongly all else does (Esser et al. 2021, equation 7)."""
SHAPE = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (16, 24, 64, 160),
    "layers_per_block": 1,
    "latent_channels": WIDTH,
    "num_vq_embeddings": 2**WIDTH,
    "vq_embed_dim": WIDTH,
    "norm_num_groups": 8,
    "mid_block_add_attention": False,
    "scaling_factor": 1.0,
}


class Discriminator(nn.Sequential):
    """Says of each patch of 38 px whether it is of a real picture (Isola et al. 2017)."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, 24, 4, 2, 1), nn.LeakyReLU(0.2)]
        for width, wider in ((24, 48), (48, 96)):
            layers += [
                nn.Conv2d(width, wider, 4, 2, 1, bias=False),
                nn.GroupNorm(8, wider),
                nn.LeakyReLU(0.2),
            ]
        super().__init__(*layers, nn.Conv2d(96, 1, 3, 1, 1))


def perceptual(eyes: tower.PictureTower, made: Tensor, real: Tensor) -> Tensor:
    """Mean squared difference of the perceptor's features, each channel vector normalised (Zhang et al. 2018, LPIPS).

    Args:
        made, real: pictures [n, 3, h, w] in [0, 1]; the gradient goes to `made` alone.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
        with torch.no_grad():
            wanted = eyes.features(real)
        found = eyes.features(made)
    differences = [
        (F.normalize(f.float(), dim=1) - F.normalize(w.float(), dim=1)).square().sum(1).mean()
        for f, w in zip(found, wanted, strict=True)
    ]
    return torch.stack(differences).sum()


def load_eyes(folder: Path = WORK / "perceptor") -> tower.PictureTower:
    """The picture tower that the perceptual loss sees through."""
    # With channels last, the way back through a group norm of few channels takes several times as long.
    eyes: tower.PictureTower = tower.load(folder).picture_tower.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return eyes


def load_scenes() -> Scenes:
    """What it learns from."""
    return Scenes("large", source_px=192)


class Training:
    """One run: all that its next step depends on."""

    def __init__(self, steps: int, begin: Path | None = None) -> None:
        torch.manual_seed(SEED)
        self.step = 0
        self.rng = torch.Generator().manual_seed(SEED)
        self.scenes = load_scenes()
        self.model, self.critic = VQModel(**SHAPE), Discriminator()
        self.model.quantize = nn.Identity()
        self.eyes = load_eyes()
        self.settings: dict[str, Any] = {
            "steps": steps,
            "batch": BATCH,
            "side_px": SIDE_PX,
            "shown": SHOWN,
            "shape": SHAPE,
            "data": self.scenes.digest,
            "eyes": fingerprint(self.eyes),
        }
        if begin is not None:
            before = vqgan.load(begin)
            weights = before.model.state_dict()
            del weights["quantize.embedding.weight"]  # the codes are what they are
            take(self.model, weights, begin)
            self.settings["begin"] = before.fingerprint
        self.makers = torch.optim.AdamW(self.model.parameters(), betas=(0.8, 0.98), weight_decay=1e-4)
        self.critics = torch.optim.AdamW(self.critic.parameters(), lr=4e-4, betas=(0.5, 0.9))
        self.average = copy_of(self.model)

    @property
    def parts(self) -> tuple[Any, ...]:
        """What has a state, in the order in which it is kept."""
        return self.model, self.critic, self.makers, self.critics

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from."""
        return {
            "parts": [part.state_dict() for part in self.parts],
            "average": self.average,
            "step": self.step,
            "rng": self.rng.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on where `state` was taken."""
        for part, kept in zip(self.parts, state["parts"], strict=True):
            part.load_state_dict(kept)
        self.average, self.step = state["average"], state["step"]
        self.rng.set_state(state["rng"])

    def advance(self) -> str:
        """One step of the maker, and of the critic once it takes part; says how it went."""
        progress = self.step / self.settings["steps"]
        real = self.scenes.draw(BATCH, SIDE_PX, self.rng, **SHOWN).pictures
        x = real * 2 - 1
        with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            hidden = self.model.quant_conv(self.model.encoder(x))
        codes, commitment = snap(hidden.float())
        spread = imbalance(hidden.float())
        with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            made = self.model.decoder(self.model.post_quant_conv(disturbed(codes, self.rng)))
        made = made.float()
        loss = self.loss(made, x, real, progress) + 0.25 * commitment + spread
        for group in self.makers.param_groups:
            group["lr"] = 1.2e-3 * min(1.0, self.step / 200) * (1 - progress) ** 0.8
        self.makers.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.makers.step()
        if progress >= ADVERSARIAL_FROM - 0.02:
            self.teach_critic(x, made.detach())
        self.step += 1
        follow(self.average, self.model, self.step)
        psnr = -10 * torch.log10(((made.detach().clamp(-1, 1) - x) / 2).square().mean())
        return f"step {self.step}, loss {loss.item():.3f}, PSNR {psnr:.1f} dB, imbalance {spread.item():.3f}"

    def loss(self, made: Tensor, x: Tensor, real: Tensor, progress: float) -> Tensor:
        """What the maker minimises of its pictures; `made` and `x` in [-1, 1], `real` = x in [0, 1]."""
        loss = (made - x).abs().mean() + (made - x).square().mean()
        if progress >= PERCEPTUAL_FROM:
            loss = loss + 0.15 * perceptual(self.eyes, (made + 1) / 2, real)
        if progress >= ADVERSARIAL_FROM:
            self.critic.requires_grad_(False)
            doubt = -self.critic(made).mean()
            self.critic.requires_grad_(True)
            pulls = [torch.autograd.grad(part, made, retain_graph=True)[0].norm() for part in (loss, doubt)]
            weight = ADVERSARIAL * min(1.0, (progress - ADVERSARIAL_FROM) * 10) * pulls[0] / (pulls[1] + 1e-8)
            loss = loss + weight.clamp(max=1.0) * doubt
        return loss

    def teach_critic(self, real: Tensor, made: Tensor) -> None:
        """One step of the critic, by the hinge loss (Lim and Ye 2017)."""
        hinge = F.relu(1 - self.critic(real)).mean() + F.relu(1 + self.critic(made)).mean()
        self.critics.zero_grad()
        hinge.backward()
        self.critics.step()

    def export(self, out: Path) -> None:
        """Writes the averaged model, in half precision, as a folder that `load_generator` reads."""
        shown = VQModel(**SHAPE)
        shown.load_state_dict(self.average | {"quantize.embedding.weight": corners()})
        shown.half().save_pretrained(out)


def train(steps: int, out: Path, minutes: float, begin: Path | None = None) -> bool:
    """Trains until all steps are done or the minutes are over (`resumable.go_on`).

    Raises:
        InputError: where the perceptor, which it sees through, is not done; where the training has begun with another
            `begin`, other eyes or other data.
    """
    check_done("perceptor", PLANS["perceptor"].settings)
    return go_on(Training(steps, begin), "generator", out, minutes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, default=WORK / "generator")
    parser.add_argument("--begin", type=Path, help="folder of a generator of this shape to begin with")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=120, help="stop after this long; run again to go on")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        done = train(arguments.steps, arguments.out, arguments.minutes, arguments.begin)
    except InputError as error:
        sys.exit(f"not trained: {error}")
    sys.exit(not done)


if __name__ == "__main__":
    main()
