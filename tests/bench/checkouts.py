"""Miniature checkouts, invented here, with the files and names of the peers' and the same structure.

Scripts that parse arguments and fail as they are imported, a package that imports what is not there, functions that find the
state of their script as globals. What they compute is the simplest that paints.
"""

from __future__ import annotations

from pathlib import Path

SCRIPT = """
import argparse
import no_such_library
from taming.models import vqgan

args = argparse.ArgumentParser().parse_args(["--no-such-option"])
model = vqgan.VQModel()
"""
PARTS = """
class ReplaceGrad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, there, back):
        return there

    @staticmethod
    def backward(ctx, gradient):
        return None, gradient

replace_grad = ReplaceGrad.apply
clamp_with_grad = torch.clamp

def vector_quantize(cells, codes):
    nearest = torch.cdist(cells.flatten(0, -2), codes).argmin(-1)
    return replace_grad(codes[nearest].view_as(cells), cells)
"""
PROMPT = """
class Prompt(nn.Module):
    def __init__(self, embed, weight=1.0, stop=float("-inf")):
        super().__init__()
        self.register_buffer("embed", embed)

    def forward(self, seen):
        return 1 - F.cosine_similarity(seen, self.embed).mean()
"""
CUTOUTS = """
class {name}(nn.Module):
    def __init__(self, {first}cut_size, cutn, cut_pow=1.0, {last}):
        super().__init__()
        self.cut_size, self.cutn = cut_size, cutn
        self.augs = {augs}

    def forward(self, picture):
        pieces = []
        for _ in range(self.cutn):
            side = int(torch.randint(picture.shape[2] // 2, picture.shape[2] + 1, ()))
            left = int(torch.randint(picture.shape[3] - side + 1, ()))
            piece = picture[:, :, :side, left : left + side]
            pieces.append(F.interpolate(piece, (self.cut_size, self.cut_size)))
        return clamp_with_grad(self.augs(torch.cat(pieces)), 0, 1)
"""
AUGMENTED, PLAIN = "nn.Sequential(K.RandomHorizontalFlip(p=0.5))", "nn.Identity()"
CHOSEN = "nn.Sequential(*(K.RandomHorizontalFlip(p=0.5) for _ in args.augments[0]))"
TRAIN = """
def synth(z):
    codes = model.quantize.embed if gumbel else model.quantize.embedding
    picture = model.decode(vector_quantize(z.movedim(1, 3), codes.weight).movedim(3, 1))
    return clamp_with_grad((picture + 1) / 2, 0, 1)

@torch.inference_mode()
def checkin(i, losses):
    raise AssertionError("a step that is measured saves nothing")

def ascend_txt():
    seen = perceptor.encode_image(normalize(make_cutouts(synth(z)))).float()
    return [prompt(seen) for prompt in pMs] + ([z.square().mean()] if args.init_weight else [])

def train(i):
    opt.zero_grad(set_to_none=True)
    losses = ascend_txt()
    if i % args.display_freq == 0:
        checkin(i, losses)
    sum(losses).backward()
    opt.step()
    with torch.inference_mode():
        z.copy_(z.maximum(z_min).minimum(z_max))
"""
END = """
z = torch.zeros(1)
while True:
    train(0)
"""

NERDYRODENT = (
    SCRIPT
    + PARTS
    + PROMPT
    + CUTOUTS.format(name="MakeCutouts", first="", last="", augs=CHOSEN)
    + CUTOUTS.format(name="MakeCutoutsOrig", first="", last="", augs=PLAIN)
    + """
def get_opt(name, rate):
    return DiffGrad([z]) if name == "DiffGrad" else optim.Adam([z], lr=rate)

opt = get_opt(args.optimiser, args.step_size)
"""
    + TRAIN
    + END
)
ELEUTHER = "from vqgan_clip.grad import *\n" + SCRIPT + PROMPT + TRAIN + END
OPTIMIZERS = """
from torch_optimizer import DiffGrad

def get_opt(name, z, rate):
    return (DiffGrad([z]) if name == "DiffGrad" else optim.Adam([z], lr=rate)), z
"""

SYNTH = """
def parse_prompt(prompt):
    return prompt, 1.0, float("-inf")

def synth(model, z):
    picture = model.decode(vector_quantize(z.movedim(1, 3), model.quantize.embedding.weight).movedim(3, 1))
    return clamp_with_grad((picture + 1) / 2, 0, 1)

@torch.no_grad()
def checkin(model, z):
    return TF.to_pil_image(synth(model, z)[0].cpu())

class TVLoss(nn.Module):
    def forward(self, z):
        return z.diff().square().mean()
"""
RUN = """
from typing import Optional
import clip
import cv2
from vqgan_utils import load_vqgan_model

class Run:
    def load_model(self):
        raise NotImplementedError

class VQGANCLIPRun(Run):
    def __init__(self, text_input: str = "", image_x: int = 300, image_y: int = 300, init_image: Optional[Image] = None,
                 continue_prev_run=False, mse_weight=0.5, use_cutout_augmentations=True, device=None):
        super().__init__()
        self.args = argparse.Namespace(prompts=text_input.split(" | "), cutn=64)
        self.image_x, self.image_y, self.augmented = image_x, image_y, use_cutout_augmentations
        print("using", device)

    def load_model(self, prev_model=None, prev_perceptor=None):
        self.model, self.perceptor = prev_model, prev_perceptor

    def model_init(self):
        augs = nn.Sequential(K.RandomHorizontalFlip(p=0.5)) if self.augmented else nn.Identity()
        self.make_cutouts = MakeCutouts(self.perceptor.visual.input_resolution, self.args.cutn, augs=augs)
        factor = 2 ** (self.model.decoder.num_resolutions - 1)
        cells = torch.randint(self.model.quantize.n_e, [1, self.image_y // factor, self.image_x // factor])
        self.z = self.model.quantize.embedding.weight[cells].permute(0, 3, 1, 2).requires_grad_(True)
        self.opt = optim.Adam([self.z], lr=0.1)
        self.normalize = transforms.Normalize(mean=[0.5, 0.5, 0.5], std=[0.25, 0.25, 0.25])
        texts = [parse_prompt(prompt)[0] for prompt in self.args.prompts]
        self.pMs = [Prompt(self.perceptor.encode_text(clip.tokenize(text))) for text in texts]

    def _ascend_txt(self) -> dict[str, Tensor]:
        seen = self.perceptor.encode_image(self.normalize(self.make_cutouts(synth(self.model, self.z))))
        losses = {f"prompt {rank}": prompt(seen) for rank, prompt in enumerate(self.pMs)}
        return {"tv": TVLoss()(self.z) * 1e-3, **losses}

    def iterate(self) -> Image.Image:
        self.opt.zero_grad()
        losses = self._ascend_txt()
        shown = checkin(self.model, self.z)
        sum(losses.values()).backward()
        self.opt.step()
        print("step", losses)
        return shown
"""

ENGINE = """
from . import _functional as VF
import clip

class VQGAN_CLIP_Config:
    def __init__(self):
        self.output_image_size = [256, 256]
        self.seed = None
        self.cut_method = "kornia"
        self.num_cuts = 32

class Engine:
    def __init__(self, config=VQGAN_CLIP_Config()):
        self.conf, self.pMs = config, []
        torch.manual_seed(self.conf.seed)

    def select_make_cutouts(self):
        cutouts = VF.MakeCutoutsKornia if self.conf.cut_method == "kornia" else VF.MakeCutoutsOrig
        self._make_cutouts = cutouts(self._perceptor.visual.input_resolution, self.conf.num_cuts)

    def initialize_z(self):
        factor = 2 ** (self._model.decoder.num_resolutions - 1)
        width, height = (side // factor for side in self.conf.output_image_size)
        cells = torch.randint(self._model.quantize.n_e, [1, height, width])
        self._z = self._model.quantize.embedding.weight[cells].permute(0, 3, 1, 2).requires_grad_(True)

    def encode_and_append_text_prompt(self, prompt):
        text, _, _ = VF.split_prompt(prompt)
        self.pMs.append(VF.Prompt(self._perceptor.encode_text(clip.tokenize(text))).to(self._device))

    def configure_optimizer(self):
        self._optimizer = optim.Adam([self._z], lr=0.1)

    def synth(self, z):
        codes = VF.vector_quantize(z.movedim(1, 3), self._model.quantize.embedding.weight).movedim(3, 1)
        return VF.ClampWithGrad.apply((self._model.decode(codes) + 1) / 2)

    def ascend_txt(self, i):
        seen = self._perceptor.encode_image(VF.normalize(self._make_cutouts(self.synth(self._z))))
        return [prompt(seen) for prompt in self.pMs]

    def train(self, i):
        self._optimizer.zero_grad(set_to_none=True)
        losses = self.ascend_txt(i)
        sum(losses).backward()
        self._optimizer.step()
        return losses
"""
FUNCTIONS = (
    "import piexif\n"
    + PARTS
    + PROMPT
    + CUTOUTS.format(name="MakeCutoutsKornia", first="", last="", augs=AUGMENTED)
    + CUTOUTS.format(name="MakeCutoutsOrig", first="", last="", augs=PLAIN)
    + """
class ClampWithGrad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, picture):
        return picture.clamp(0, 1)

    @staticmethod
    def backward(ctx, gradient):
        return gradient

def split_prompt(prompt):
    drive, path = os.path.splitdrive(prompt)
    return drive + path, 1.0, float("-inf")
"""
)

FILES = {
    "VQGAN-CLIP/generate.py": NERDYRODENT,
    "EleutherAI/vqgan-clip/main.py": ELEUTHER,
    "EleutherAI/vqgan-clip/vqgan_clip/grad.py": "import no_such_library\n" + PARTS,
    "EleutherAI/vqgan-clip/vqgan_clip/masking.py": "import kornia\n"
    + PARTS
    + CUTOUTS.format(name="MakeCutouts", first="args, ", last="", augs=CHOSEN),
    "EleutherAI/vqgan-clip/vqgan_clip/optimizers.py": OPTIMIZERS,
    "tnwei/vqgan_utils.py": "import requests\n"
    + PARTS
    + PROMPT
    + CUTOUTS.format(name="MakeCutouts", first="", last="augs=None", augs="augs")
    + SYNTH,
    "tnwei/logic.py": RUN,
    "vqgan-clip-generator/src/vqgan_clip/_functional.py": FUNCTIONS,
    "vqgan-clip-generator/src/vqgan_clip/engine.py": ENGINE,
}


def write(folder: Path) -> Path:
    """All of them in `folder`, called in each of the ways that a user may have called them."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
