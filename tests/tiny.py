"""Tiny real models: the classes that the real ones are, with next to no weights, saved as the real ones are saved.

Weights are drawn large enough for outputs to depend on inputs, from generators of their own.
"""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, AutoencoderTiny, VQModel
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import nn
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Siglip2Config,
    Siglip2Model,
    SiglipConfig,
    SiglipModel,
)

diffusers.utils.logging.set_verbosity_error()
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

WORDS = (
    "a", "of", "at", "the", "forest", "kelp", "ocean", "fire", "castle", "volcano", "moon", "garden", "fall", "spring",
)  # fmt: skip


def seeded(module: nn.Module, seed: int = 0) -> nn.Module:
    """`module` with all weights drawn anew, at a scale that keeps signals alive; norms near the identity."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if weight.ndim > 1:
                fan_in = 1 if "embed" in name else weight[0].numel()
                weight.copy_(torch.randn(weight.shape, generator=rng) * fan_in**-0.5)
            else:
                weight.copy_(
                    torch.randn(weight.shape, generator=rng) * 0.1 + ("norm" in name and "weight" in name)
                )
    return module.eval()


def vqmodel(**changes: object) -> VQModel:
    """A VQGAN of factor 4 with 24 codes of 6 values."""
    settings = {
        "block_out_channels": (8, 8, 16),
        "down_block_types": ("DownEncoderBlock2D", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        "up_block_types": ("AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"),
        "layers_per_block": 1,
        "latent_channels": 8,
        "num_vq_embeddings": 24,
        "vq_embed_dim": 6,
        "norm_num_groups": 4,
    }
    return seeded(VQModel(**{**settings, **changes}))


def autoencoder_kl(**changes: object) -> AutoencoderKL:
    """A KL autoencoder of factor 2."""
    settings = {
        "block_out_channels": (8, 16),
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
        "latent_channels": 4,
        "norm_num_groups": 4,
        "scaling_factor": 0.5,
    }
    return seeded(AutoencoderKL(**{**settings, **changes}))


def autoencoder_tiny() -> AutoencoderTiny:
    """A TAESD of factor 4."""
    return seeded(
        AutoencoderTiny(
            encoder_block_out_channels=(8, 8, 8),
            decoder_block_out_channels=(8, 8, 8),
            num_encoder_blocks=(1, 1, 1),
            num_decoder_blocks=(1, 1, 1),
        )
    )


def save(model: VQModel | AutoencoderKL | AutoencoderTiny | PreTrainedModel, folder: Path) -> Path:
    """Saves `model` as its library does; returns `folder`."""
    model.save_pretrained(folder)
    return folder


def clip(folder: Path, *, seed: int = 0, size_px: int = 16) -> CLIPModel:
    """A CLIP of 20 dimensions at `size_px`, saved into `folder` with a tokenizer of whole words and letters."""
    letters = [*"abcdefghijklmnopqrstuvwxyz", *(f"{letter}</w>" for letter in "abcdefghijklmnopqrstuvwxyz")]
    vocabulary = {token: i for i, token in enumerate([*letters, "<|startoftext|>", "<|endoftext|>"])}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[])
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    text = {
        "vocab_size": len(vocabulary),
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 12,
        "pad_token_id": tokenizer.pad_token_id,
        **ends,
    }
    vision = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": size_px, "patch_size": 8}  # fmt: skip
    model = seeded(CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=20)), seed)
    tokenizer.save_pretrained(folder)
    save(model, folder)
    _preprocessor(folder, [0.48, 0.46, 0.41], [0.27, 0.26, 0.28], size_px)
    return model


def siglip(folder: Path, *, seed: int = 0) -> SiglipModel:
    """A SigLIP of 16 dimensions at 16 px, saved into `folder` with a tokenizer of whole words."""
    tokenizer = _word_tokenizer(folder)
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 10,
        "projection_size": 16,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
    }
    vision = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": 16, "patch_size": 8}  # fmt: skip
    model = seeded(SiglipModel(SiglipConfig(text_config=text, vision_config=vision)), seed)
    save(model, folder)
    _preprocessor(folder, [0.5] * 3, [0.5] * 3, 16)
    return model


def siglip2(folder: Path, *, seed: int = 0) -> Siglip2Model:
    """A SigLIP 2 for any aspect ratio, trained on 9 patches of 8 px, saved into `folder` likewise."""
    tokenizer = _word_tokenizer(folder)
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 10,
        "projection_size": 16,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
    }
    vision = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
              "num_patches": 9, "patch_size": 8}  # fmt: skip
    model = seeded(Siglip2Model(Siglip2Config(text_config=text, vision_config=vision)), seed)
    save(model, folder)
    return model


def _word_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    specials = ["<pad>", "</s>", "<unk>"]
    inner = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate([*specials, *WORDS])}, unk_token="<unk>")
    )
    inner.normalizer = normalizers.NFC()
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", padding_side="right"
    )
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "tokenizer_class": "SiglipTokenizer"}))
    return tokenizer


def _preprocessor(folder: Path, mean: list[float], std: list[float], size_px: int) -> None:
    settings = {"image_mean": mean, "image_std": std, "size": {"height": size_px, "width": size_px}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))


def picture(width: int = 40, height: int = 24, *, seed: int = 0, count: int = 1) -> torch.Tensor:
    """A picture `[count, 3, height, width]` of smooth random colours in [0, 1]."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 4, 6, generator=rng)
    return nn.functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)


def hub_cache(home: Path, name: str, *, revision: str = "main", commit: str = "c0ffee") -> Path:
    """A cache laid out as the hub's under `home` (what `HF_HOME` is), ready for `name`; returns its snapshot folder."""
    repository = home / "hub" / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True, exist_ok=True)
    (repository / "refs" / revision).write_text(commit)
    snapshot = repository / "snapshots" / commit
    snapshot.mkdir(parents=True, exist_ok=True)
    return snapshot
