"""CLIP (Radford et al., "Learning transferable visual models from natural language supervision", 2021)."""

from __future__ import annotations

from pathlib import Path

from doorways.perceptors.base import Loader
from doorways.perceptors.image_text import ImageText
from doorways.perceptors.pretrained import colour_statistics, is_model, load_pretrained
from doorways.perceptors.tokens import Tokens

COLOURS = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
"""Mean and deviation of CLIP's training pictures."""


def load(folder: Path) -> ImageText:
    """The perceptor of a `CLIPModel` folder: OpenAI's, LAION's and others' in that format."""
    from transformers import CLIPModel

    model = load_pretrained(CLIPModel, folder)
    text, vision = model.config.text_config, model.config.vision_config
    tokens = Tokens(folder, length=text.max_position_embeddings, fill=False, pad=text.pad_token_id or 0)
    return ImageText(
        model,
        tokens,
        name=folder.name,
        size_px=vision.image_size,
        dimension=model.config.projection_dim,
        colours=colour_statistics(folder, COLOURS),
        masked=True,
    )


loader = Loader(recognises=lambda path: is_model(path, "clip"), load=load)
