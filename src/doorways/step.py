"""A step: latent -> picture -> cutouts -> embeddings -> objectives -> gradient, of one painting or of several in one pass.

What takes time is done once for all: their latents are decoded in one batch, their pieces embedded in another, and their
gradients found on one way back. All else is each painting's own, and done as if it were alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor

from doorways.aims import Aims
from doorways.canvas import Canvas
from doorways.cutouts import Cutouts, Pyramid, build_pyramid, finest_level
from doorways.eye import Eye, behind_each_other
from doorways.gaze import Glimpse, WholeGaze
from doorways.objectives import Sight, pair_weights
from doorways.recipe import Recipe
from doorways.standing import Standing
from doorways.symmetry import Symmetry
from doorways.transfer import sent


@dataclass(frozen=True, eq=False)
class Step:
    """A step that is being taken.

    Attributes:
        here: where the painting stands, the step's own to change.
        progress: the fraction of the run that is done.
        began: when it was begun, by `time.perf_counter`.
    """

    here: Standing
    canvas: Canvas
    symmetry: Symmetry
    aims: Aims
    recipe: Recipe
    progress: float
    began: float


class Found(NamedTuple):
    """What a step has found.

    Attributes:
        loss: [], and its `parts` by name, unweighted, [] each.
        gradient: of the glimpse's latent.
    """

    glimpse: Glimpse
    loss: Tensor
    parts: dict[str, Tensor]
    gradient: Tensor


def find(steps: Sequence[Step]) -> list[Found]:
    """What each of the steps finds.

    Args:
        steps: one; or several with the same models, on whole canvases of one size.
    """
    return slopes(steps, look(steps))


def look(steps: Sequence[Step]) -> list[Glimpse]:
    """What each of the steps sees of its canvas."""
    if len(steps) == 1:
        here, progress = steps[0].here, steps[0].progress
        return [here.gaze.look(here.descent.latent, here.rng, step=here.step, progress=progress)]
    gazes = [cast(WholeGaze, step.here.gaze) for step in steps]
    latents = [step.here.descent.latent.detach().requires_grad_() for step in steps]
    pictures = gazes[0].decode(torch.cat(latents)).split(1)
    return [
        gaze.glimpse(latent, picture, step.here.rng, progress=step.progress)
        for step, gaze, latent, picture in zip(steps, gazes, latents, pictures, strict=True)
    ]


def slopes(steps: Sequence[Step], glimpses: Sequence[Glimpse]) -> list[Found]:
    """The loss of what each step sees, its parts, and its gradient."""
    losses, parts = [], []
    for step, glimpse, embeddings in zip(steps, glimpses, see(steps, glimpses), strict=True):
        values = evaluate(step, glimpse, embeddings)
        loss = step.aims.weigh(values, step.progress)
        if step.canvas.held is not None:
            values["hold"] = step.canvas.drift(glimpse.latent, glimpse.columns)
            loss = loss + step.recipe.hold.at(step.progress) * values["hold"]
        losses.append(loss)
        parts.append(values)
    gradients = torch.autograd.grad(losses, [glimpse.latent for glimpse in glimpses])
    return [Found(*found) for found in zip(glimpses, losses, parts, gradients, strict=True)]


def see(steps: Sequence[Step], glimpses: Sequence[Glimpse]) -> list[tuple[Tensor, ...]]:
    """Unit vectors [n, d] of each step's pieces, one tensor for each of its eyes."""
    parts = [
        [(pyramid(*part, step.here.eyes), part[1]) for part in glimpse.parts]
        for step, glimpse in zip(steps, glimpses, strict=True)
    ]
    seen = []
    for eyes in zip(*(step.here.eyes for step in steps), strict=True):
        pieces = [eye.pieces(*own) for eye, own in zip(eyes, parts, strict=True)]
        embeddings = eyes[0].embed(behind_each_other(pieces))
        seen.append(embeddings.split([len(own) for own in pieces]))
    return list(zip(*seen, strict=True))


def evaluate(step: Step, glimpse: Glimpse, embeddings: Sequence[Tensor]) -> dict[str, Tensor]:
    """Each objective's value, unweighted: of the picture once, of embeddings as the eyes' weighted mean."""
    picture, cutouts, canvas, recipe = glimpse.picture, glimpse.cutouts, step.canvas, step.recipe
    centres, place = cutouts.centre, (picture.device, picture.dtype)
    shares = sent(canvas.field.shares(centres, cutouts.overview), *place)
    loss_weights = sent(canvas.field.loss_weights(centres, cutouts.overview), *place)
    firsts = cutouts.pairs[:, 0]
    distance = step.symmetry.fixed_distance(centres[firsts], canvas.size.aspect, wraps=recipe.wrap)
    paired = sent(pair_weights(distance, cutouts.size[firsts]), *place)
    pairs = sent(cutouts.pairs, picture.device)
    values = dict.fromkeys(step.aims.objectives, picture.new_zeros(()))
    for rank, (eye, embedded) in enumerate(zip(step.here.eyes, embeddings, strict=True)):
        if recipe.remove_mean:
            eye.learn_mean(embedded, shares)
        sight = Sight(
            picture=picture,
            symmetry=step.symmetry,
            embeddings=embedded,
            texts=eye.prompts,
            shares=shares,
            loss_weights=loss_weights,
            pairs=pairs,
            pair_weights=paired,
            residual_mean=eye.residual_mean if recipe.remove_mean else None,
        )
        for name, objective in step.aims.objectives.items():
            if objective.needs == "embeddings":
                values[name] = values[name] + eye.weight * objective.evaluate(sight)
            elif rank == 0:
                values[name] = objective.evaluate(sight)
    return values


def pyramid(picture: Tensor, cutouts: Cutouts, eyes: Sequence[Eye]) -> Pyramid:
    """`picture` at the scales that any of the eyes needs for `cutouts`."""
    height = picture.shape[-2]
    return build_pyramid(picture, min(finest_level(height, cutouts, eye.perceptor.size_px) for eye in eyes))
