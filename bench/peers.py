"""The peers' own steps, out of the user's checkouts of them, around the random models of `bench.shapes`.

Four programs of the genre: nerdyrodent/VQGAN-CLIP, tnwei/vqgan-clip-app, rkhamilton/vqgan-clip-generator and
EleutherAI/vqgan-clip. None is a part of Doorways. Of a checkout's files the definitions that make a step are taken out of
the syntax tree and executed, and nothing else: these files parse arguments as they are imported, and import what is no longer
kept. Cutting, augmenting, quantising, loss, optimiser and clamping are theirs, with the settings that they have by default,
but for size, prompts and cutouts; ours is only what is around a step:

- a `clip` whose `encode_image` is a transformers CLIP of the right shape, and a `taming` model that decodes by a diffusers
  VQModel, both with random weights, in fp32 (the same networks as OpenAI's and CompVis' own);
- torchvision's `Normalize` and `to_pil_image`;
- a silent `print`.

kornia augments where it is installed. Where it is not, cutouts are not augmented: each peer has a setting for that, and its
step is then a little cheaper than by default, which is said beside its name.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import VQModel
from torch import Tensor, nn, optim

from bench.shapes import random_clip, random_vqgan, some_tokens
from doorways.errors import InputError
from doorways.perceptors.clip import COLOURS
from doorways.pictures import to_image
from doorways.size import Size


@dataclass(frozen=True)
class Stage:
    """What a peer's step is to paint, and by what.

    Attributes:
        model: as CompVis' taming-transformers has it, as far as a step asks.
        perceptor: as OpenAI's `clip.load` gives it, likewise.
        augmented: whether cutouts are augmented, by kornia.
    """

    model: Taming
    perceptor: Clip
    prompts: list[str]
    size: Size
    cutouts: int
    augmented: bool

    @classmethod
    def build(cls, generator: str, perceptor: str, prompts: list[str], size: Size, cutouts: int) -> Stage:
        """One on models of `bench.shapes`."""
        model, clip = Taming(random_vqgan(generator)), Clip(perceptor)
        return cls(model, clip, prompts, size, cutouts, augmented=kornia() is not None)

    def random_latent(self) -> Tensor:
        """A random code in every cell, [1, d, h, w], as each peer begins."""
        codes, factor = self.model.quantize.embedding.weight, 2 ** (self.model.decoder.num_resolutions - 1)
        cells = torch.randint(len(codes), (1, self.size.height // factor, self.size.width // factor))
        return codes[cells].movedim(-1, 1).detach().requires_grad_()

    def texts(self) -> list[Tensor]:
        """The embedding [1, d] of each prompt."""
        return [self.perceptor.encode_text(tokenize(prompt)) for prompt in self.prompts]


class Taming:
    """taming's `VQModel`, as far as a step asks, around diffusers'."""

    def __init__(self, model: VQModel) -> None:
        embedding, levels = model.quantize.embedding, len(model.config.block_out_channels)
        count, dimension = embedding.weight.shape
        self.network = model
        self.quantize = SimpleNamespace(embedding=embedding, n_e=count, e_dim=dimension)
        self.decoder = SimpleNamespace(num_resolutions=levels)

    def decode(self, codes: Tensor) -> Tensor:
        """The picture [1, 3, H, W] in [-1, 1] of codes [1, d, h, w]."""
        return self.network.decoder(self.network.post_quant_conv(codes), None)


class Clip:
    """OpenAI's `CLIP`, as far as a step asks, around transformers'."""

    def __init__(self, name: str) -> None:
        self.network = random_clip(name)
        side, dimension = self.network.config.vision_config.image_size, self.network.config.projection_dim
        self.visual = SimpleNamespace(input_resolution=side, output_dim=dimension)

    def encode_image(self, pixels: Tensor) -> Tensor:
        """Embeddings [n, d], not normalised, of normalised `pixels` [n, 3, s, s]."""
        return self.network.get_image_features(pixel_values=pixels).pooler_output

    @torch.no_grad()
    def encode_text(self, ids: Tensor) -> Tensor:
        """Embeddings [n, d] of token ids [n, 16]."""
        found = self.network.get_text_features(input_ids=ids, attention_mask=torch.ones_like(ids))
        return found.pooler_output


class Normalize(nn.Module):
    """torchvision's: pixels less `mean`, over `std`, by channel."""

    def __init__(self, mean: Iterable[float], std: Iterable[float]) -> None:
        super().__init__()
        self.mean, self.std = (torch.tensor(list(part)).view(1, -1, 1, 1) for part in (mean, std))

    def forward(self, pixels: Tensor) -> Tensor:
        return (pixels - self.mean) / self.std


def tokenize(text: str) -> Tensor:
    """The token ids [1, 16] of `text`."""
    return some_tokens([text])[0]


IMPORTED = {
    "torch": torch,
    "nn": nn,
    "optim": optim,
    "F": F,
    "math": math,
    "os": os,
    "argparse": argparse,
    "clip": SimpleNamespace(tokenize=tokenize),
    "transforms": SimpleNamespace(Normalize=Normalize),
    "TF": SimpleNamespace(to_pil_image=to_image),
    "normalize": Normalize(*COLOURS),
    "print": lambda *_: None,
}
"""What the peers' files import or make of it, by the names that they give it."""


@dataclass(frozen=True)
class Step:
    """A peer that is ready to paint.

    Attributes:
        take_step: takes its step.
        losses: those of its prompts and of its other terms, of new cutouts of the picture as it is.
    """

    take_step: Callable[[], object]
    losses: Callable[[], Iterable[Tensor]]


def nerdyrodent(checkout: Path, stage: Stage) -> Step:
    """`train` of the script generate.py."""
    cutouts = "MakeCutouts" if stage.augmented else "MakeCutoutsOrig"
    given = imported(stage) | state(stage, augments=[["Af", "Pe", "Ji", "Er"]])
    here = definitions(checkout / "generate.py", ("train", "get_opt", "Prompt", cutouts), given)
    here["make_cutouts"] = here[cutouts](stage.perceptor.visual.input_resolution, stage.cutouts)
    here["opt"] = here["get_opt"]("Adam", LEARNING_RATE)
    return script(here, stage)


def eleuther(checkout: Path, stage: Stage) -> Step:
    """`train` of the script main.py, which takes everything of its package, later names before earlier ones."""
    given, package = imported(stage), checkout / "vqgan_clip"
    here = state(stage, augments=[["Hf", "Af", "Pe", "Ji", "Er"] if stage.augmented else []], cut_pow=1.0)
    for file, wanted in (
        ("grad.py", ["replace_grad", "clamp_with_grad", "vector_quantize"]),
        ("masking.py", ["replace_grad", "clamp_with_grad", "MakeCutouts"]),
        ("optimizers.py", ["get_opt"]),
    ):
        here |= definitions(package / file, wanted, given)
    here = definitions(checkout / "main.py", ("train", "Prompt"), here)
    side = stage.perceptor.visual.input_resolution
    here["make_cutouts"] = here["MakeCutouts"](here["args"], side, stage.cutouts)
    here["opt"], here["z"] = here["get_opt"]("Adam", here["z"], LEARNING_RATE)
    return script(here, stage)


def tnwei(checkout: Path, stage: Stage) -> Step:
    """`VQGANCLIPRun.iterate`, with the settings of its application, where nothing is held to where it began."""
    parts = "MakeCutouts", "Prompt", "TVLoss", "checkin", "parse_prompt", "synth"
    given = definitions(checkout / "vqgan_utils.py", parts, imported(stage))
    run = definitions(checkout / "logic.py", ("VQGANCLIPRun",), given)["VQGANCLIPRun"](
        text_input=" | ".join(stage.prompts),
        image_x=stage.size.width,
        image_y=stage.size.height,
        continue_prev_run=True,
        mse_weight=0,
        use_cutout_augmentations=stage.augmented,
        device=torch.device("cpu"),
    )
    run.args.cutn = stage.cutouts
    run.load_model(stage.model, stage.perceptor)
    run.model_init()
    return Step(run.iterate, lambda: run._ascend_txt().values())


def rkhamilton(checkout: Path, stage: Stage) -> Step:
    """`Engine.train`."""
    package = checkout / "src" / "vqgan_clip"
    cutouts = "MakeCutoutsKornia" if stage.augmented else "MakeCutoutsOrig"
    parts = "ReplaceGrad", "ClampWithGrad", "vector_quantize", "Prompt", "split_prompt", cutouts
    functions = definitions(package / "_functional.py", parts, imported(stage))
    given = imported(stage) | {"VF": SimpleNamespace(**functions)}
    here = definitions(package / "engine.py", ("Engine", "VQGAN_CLIP_Config"), given)
    settings = here["VQGAN_CLIP_Config"]()
    settings.seed, settings.num_cuts = 1, stage.cutouts
    settings.output_image_size = [stage.size.width, stage.size.height]
    settings.cut_method = "kornia" if stage.augmented else "original"
    engine = here["Engine"](settings)
    engine._device, engine._model, engine._perceptor = torch.device("cpu"), stage.model, stage.perceptor
    engine.select_make_cutouts()
    engine.initialize_z()
    for prompt in stage.prompts:
        engine.encode_and_append_text_prompt(prompt)
    engine.configure_optimizer()
    return Step(partial(engine.train, 1), partial(engine.ascend_txt, 1))


@dataclass(frozen=True)
class Peer:
    """One peer: the file by which a checkout is known, how its step is made ready, and what else a step of it does."""

    file: str
    make: Callable[[Path, Stage], Step]
    note: str = ""


PEERS = {
    "nerdyrodent/VQGAN-CLIP": Peer("generate.py", nerdyrodent),
    "tnwei/vqgan-clip-app": Peer("logic.py", tnwei, "decodes again to show each step"),
    "rkhamilton/vqgan-clip-generator": Peer("src/vqgan_clip/engine.py", rkhamilton),
    "EleutherAI/vqgan-clip": Peer("main.py", eleuther),
}
"""By owner and repository."""


def find(name: str, folder: Path) -> Path:
    """The checkout of the peer `name` in `folder`, called by its owner, its repository or both.

    Raises:
        InputError: there is none.
    """
    owner, repository = name.split("/")
    for checkout in (folder / owner / repository, folder / repository, folder / owner):
        if (checkout / PEERS[name].file).is_file():
            return checkout
    raise InputError(f"no {owner} or {repository} with {PEERS[name].file} is in {folder}")


def build(name: str, folder: Path, stage: Stage) -> Step:
    """The peer `name`, out of its checkout in `folder`."""
    return PEERS[name].make(find(name, folder), stage)


def label(name: str) -> str:
    """The peer's name, and what its step does that others do not."""
    return ", ".join(part for part in (name, PEERS[name].note) if part)


def digest(name: str, folder: Path) -> str:
    """Which version it is: the beginning of the SHA-256 of the file that holds the step."""
    return hashlib.sha256((find(name, folder) / PEERS[name].file).read_bytes()).hexdigest()[:12]


def kornia() -> str | None:
    """The version of kornia, which augments the peers' cutouts; None where it is not installed."""
    try:
        return version("kornia")
    except PackageNotFoundError:
        return None


def augmentation() -> str:
    """How the peers' cutouts are augmented here."""
    found = kornia()
    return f"augmented by kornia {found}" if found else "not augmented, since kornia is not installed"


LEARNING_RATE = 0.1
"""Of both scripts by default."""


def imported(stage: Stage) -> dict[str, Any]:
    """`IMPORTED`, and kornia where it augments."""
    return IMPORTED | ({"K": import_module("kornia.augmentation")} if stage.augmented else {})


def state(stage: Stage, **settings: Any) -> dict[str, Any]:
    """The variables of a script as its step begins, by the names that both scripts give them, and `settings`."""
    codes = stage.model.quantize.embedding.weight
    low, high = (end.view(1, -1, 1, 1) for end in codes.aminmax(dim=0))
    args = SimpleNamespace(init_weight=0.0, make_video=False, display_freq=50, **settings)
    return {
        "args": args, "gumbel": False, "model": stage.model, "perceptor": stage.perceptor, "i": 0, "pMs": [],
        "z": stage.random_latent(), "z_min": low, "z_max": high, "opt": None, "make_cutouts": None,
    }  # fmt: skip


def script(here: dict[str, Any], stage: Stage) -> Step:
    """The step of a script whose scope `here` is."""
    here["pMs"] += [here["Prompt"](text) for text in stage.texts()]
    return Step(partial(here["train"], 1), here["ascend_txt"])


def definitions(file: Path, wanted: Iterable[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """A scope of `given` and of `file`'s definitions of `wanted`, with all those of its own that they name.

    Definitions are functions, classes and other names of a thing's part, such as `replace_grad = ReplaceGrad.apply`; what is
    given is not taken from the file. No other statement of it is executed.

    Raises:
        InputError: one of `wanted` is not defined there.
    """
    nodes = {name: node for node in ast.parse(file.read_bytes()).body if (name := defined(node))}
    if missing := [name for name in wanted if name not in nodes]:
        raise InputError(f"{file} does not define {', '.join(missing)}")
    taken: set[str] = set()
    asked = list(wanted)
    while asked:
        name = asked.pop()
        if name in nodes and name not in taken and name not in given:
            taken.add(name)
            asked += [part.id for part in ast.walk(nodes[name]) if isinstance(part, ast.Name)]
    chosen = ast.Module([node for name, node in nodes.items() if name in taken], type_ignores=[])
    scope = {**given, "__name__": f"{__name__}.{file.stem}"}
    # annotations are not evaluated: what they name is not imported
    exec(compile(chosen, str(file), "exec", annotations.compiler_flag, dont_inherit=True), scope)
    return scope


def defined(node: ast.stmt) -> str | None:
    """The name that a statement defines; None for those that are not taken."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute(value=ast.Name())):
            return name
    return None
