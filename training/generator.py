"""Stage 3: the VQGAN of the drawings' world (Esser et al. 2021), as a diffusers VQModel.

L1 and squared error, the robust perceptor's own features as the perceptual loss, a patch discriminator for the last
part of the run. Codes are unit vectors (Yu et al. 2022, "Vector-quantized Image Modeling with Improved VQGAN"): the
nearest code is then the one of the smallest angle. They follow the mean of what they stand for, and a code that nothing
uses takes the place of a random cell. Resumable: `work/generator.pt`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from diffusers import VQModel
from torch import Tensor, nn
from torch.nn import functional as F

from doorways.perceptors import tower
from training.fetch import WORK
from training.scenes import Scenes

SIDE_PX, BATCH, NEAR = 64, 24, 3.0
CODES, WIDTH = 2048, 16
ADVERSARIAL_FROM = 0.6
SHAPE = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (24, 32, 64, 128),
    "layers_per_block": 1,
    "latent_channels": WIDTH,
    "num_vq_embeddings": CODES,
    "vq_embed_dim": WIDTH,
    "norm_num_groups": 8,
    "mid_block_add_attention": False,
    "scaling_factor": 1.0,
}


class Codebook(nn.Module):
    """Unit codes [k, d], moved by averages of the cells they stand for."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("codes", F.normalize(torch.randn(CODES, WIDTH), dim=-1))
        self.register_buffer("sums", self.codes.clone())
        self.register_buffer("counts", torch.ones(CODES))

    def forward(self, hidden: Tensor, rng: torch.Generator | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Hidden [n, d, h, w] -> (codes passed straight through, commitment loss, places [n * h * w]); learns if `rng`."""
        cells = F.normalize(hidden.movedim(1, -1), dim=-1)
        flat = cells.reshape(-1, WIDTH)
        places = (flat.detach() @ self.codes.T).argmax(1)
        chosen = self.codes[places].view(cells.shape)
        if rng is not None:
            self.learn(flat.detach(), places, rng)
        commitment = (cells - chosen).square().sum(-1).mean()
        return (cells + (chosen - cells).detach()).movedim(-1, 1), commitment, places

    @torch.no_grad()
    def learn(self, cells: Tensor, places: Tensor, rng: torch.Generator, decay: float = 0.98) -> None:
        counts = torch.bincount(places, minlength=CODES).float()
        self.counts.lerp_(counts, 1 - decay)
        self.sums.lerp_(torch.zeros_like(self.sums).index_add_(0, places, cells), 1 - decay)
        dead = (self.counts < 0.03).nonzero()[:, 0]
        fresh = cells[torch.randint(len(cells), (len(dead),), generator=rng)]
        self.sums[dead], self.counts[dead] = fresh, 1.0
        self.codes.copy_(F.normalize(self.sums, dim=-1))


class Discriminator(nn.Sequential):
    """Says of each patch of about 30 px whether it is of a real picture (Isola et al. 2017)."""

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
    """Mean squared difference of the perceptor's features, each channel vector normalised (Zhang et al. 2018, LPIPS)."""
    with torch.no_grad():
        wanted = [F.normalize(f, dim=1) for f in eyes.features(real)]
    return sum(
        ((F.normalize(f, dim=1) - w).square().sum(1)).mean()
        for f, w in zip(eyes.features(made), wanted, strict=True)
    )


def train(steps: int, out: Path, minutes: float) -> None:
    torch.manual_seed(3)
    rng = torch.Generator().manual_seed(3)
    scenes = Scenes("large", source_px=192)
    model, codebook, critic = VQModel(**SHAPE), Codebook(), Discriminator()
    model.quantize = nn.Identity()
    model.to(memory_format=torch.channels_last)
    critic.to(memory_format=torch.channels_last)
    makers = torch.optim.AdamW(model.parameters(), betas=(0.8, 0.98), weight_decay=1e-4)
    critics = torch.optim.AdamW(critic.parameters(), lr=4e-4, betas=(0.5, 0.9))
    average = {k: v.detach().clone() for k, v in model.state_dict().items()}
    step, state_file, started, last_log = 0, WORK / "generator.pt", time.time(), time.time()
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        for part, kept in zip((model, codebook, critic, makers, critics), state["parts"], strict=True):
            part.load_state_dict(kept)
        average, step = state["average"], state["step"]
        rng.set_state(state["rng"])
    eyes_folder = WORK / "perceptor_tower"
    eyes = tower.load(eyes_folder).picture_tower if (eyes_folder / "weights.safetensors").exists() else None

    def keep() -> None:
        parts = [part.state_dict() for part in (model, codebook, critic, makers, critics)]
        torch.save(
            {"parts": parts, "average": average, "step": step, "rng": rng.get_state()},
            state_file.with_suffix(".tmp"),
        )
        state_file.with_suffix(".tmp").rename(state_file)
        shown = VQModel(**SHAPE)
        shown.load_state_dict(average | {"quantize.embedding.weight": codebook.codes})
        shown.half().save_pretrained(out)

    used = torch.zeros(CODES)
    while step < steps:
        progress = step / steps
        real = scenes.draw(BATCH, SIDE_PX, rng, near=NEAR).pictures
        x = (real * 2 - 1).contiguous(memory_format=torch.channels_last)
        codes, commitment, places = codebook(model.quant_conv(model.encoder(x)), rng)
        made = model.decoder(model.post_quant_conv(codes))
        loss = (made - x).abs().mean() + (made - x).square().mean() + 0.25 * commitment
        if eyes is not None:
            loss = loss + 0.15 * perceptual(eyes, (made + 1) / 2, real)
        if progress >= ADVERSARIAL_FROM:
            critic.requires_grad_(False)
            loss = loss - 0.03 * min(1.0, (progress - ADVERSARIAL_FROM) * 10) * critic(made).mean()
            critic.requires_grad_(True)
        for group in makers.param_groups:
            group["lr"] = 1.2e-3 * min(1.0, step / 200) * (1 - progress) ** 0.8
        makers.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        makers.step()
        if progress >= ADVERSARIAL_FROM - 0.02:
            hinge = F.relu(1 - critic(x)).mean() + F.relu(1 + critic(made.detach())).mean()
            critics.zero_grad()
            hinge.backward()
            critics.step()
        step += 1
        decay = min(0.998, step / (step + 50))
        for key, value in model.state_dict().items():
            average[key].lerp_(value, 1 - decay)
        used = used * 0.99 + torch.bincount(places, minlength=CODES)
        if step % 50 == 0:
            psnr = -10 * torch.log10(((made.detach().clamp(-1, 1) - x) / 2).square().mean())
            print(f"generator: step {step}, loss {loss.item():.3f}, PSNR {psnr:.1f} dB, codes in use "
                  f"{(used > 0.05).float().mean():.0%}, {50 / (time.time() - last_log):.2f} steps/s", flush=True)  # fmt: skip
            last_log = time.time()
        if step % 200 == 0 or step == steps:
            keep()
        if time.time() - started > 60 * minutes:
            keep()
            print(f"generator: {minutes} minutes are over at step {step} of {steps}; run again to go on")
            return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--out", type=Path, default=WORK / "generator_vqgan")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=120, help="stop after this long; run again to go on")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.steps, arguments.out, arguments.minutes)
