"""What holds for a painting as a whole: it repeats, it tells what it does, it nears its prompts, it fails in words."""

from __future__ import annotations

import io
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
import torch
from PIL import Image

import doorways
from doorways.devices import choose_device
from doorways.errors import DoorwaysError, InputError
from doorways.events import Finished, Grew, Started, Stepped
from doorways.objectives import Objective, smoothness
from doorways.painter import Painter, paint
from doorways.pictures import fit, read_picture, to_image
from doorways.recipe import Recipe
from doorways.registry import objectives, perceptors
from doorways.size import Size
from tests import colours, tiny, towers
from tests.recipes import clip, quick, vqgan

STILL = {"rotation": 0, "shear": 0, "perspective": 0, "blur": 0, "noise": 0, "colour": 0}


def run(recipe: Recipe, steps: int | None = None) -> Painter:
    """The painter of `recipe` after `steps` steps, or all of them."""
    painter = Painter(recipe)
    for _ in painter:
        if painter.step == steps:
            break
    return painter


def steps_of(painter: Painter) -> list[Stepped]:
    return [event for event in painter if isinstance(event, Stepped)]


@pytest.fixture
def objective(monkeypatch):
    """Registers an objective for one test: `objective("glow", "picture", evaluate)`."""

    def register(name, needs, evaluate):
        monkeypatch.setitem(objectives.things, name, Objective(name, needs, evaluate))

    return register


@pytest.fixture
def colour_perceptor(monkeypatch, tmp_path):
    monkeypatch.setitem(perceptors.things, "colours", colours.loader)
    return colours.save(tmp_path / "colours")


# The same again


@pytest.mark.parametrize("generator", ["fourier", "vqgan"])
def test_the_same_recipe_gives_the_same_bytes(generator):
    recipe = quick(generator=vqgan() if generator == "vqgan" else generator, grow_at=(0.5,), seed=5)
    one, other = run(recipe), run(recipe)
    assert torch.equal(one.picture(), other.picture())
    assert torch.equal(one.descent.latent, other.descent.latent)


def test_zero_is_a_seed():
    zero, again, one = (run(quick(seed=seed)).painting().image for seed in (0, 0, 1))
    assert zero.tobytes() == again.tobytes() != one.tobytes()


def test_a_recorded_recipe_paints_the_same_picture():
    painting = run(quick(grow_at=(0.4,))).painting()
    read_back = Recipe.build(**painting.recipe.settings())
    assert run(read_back).painting().image.tobytes() == painting.image.tobytes()


def test_chance_comes_from_the_seed_alone():
    recipe = quick(noise=0.1)
    torch.manual_seed(3)
    one = run(recipe).picture()
    torch.manual_seed(4)
    before = torch.get_rng_state()
    assert torch.equal(run(recipe).picture(), one)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_number_of_threads_is_recorded_and_replayed():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        painter = Painter(quick(threads=None))
        assert painter.recipe.threads == 2
        assert painter.machine()["threads"] == 2
        torch.set_num_threads(1)
        Painter(painter.recipe)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_what_was_left_open_is_filled_in():
    painter = Painter(quick(grow_at=(0.5,)))
    assert painter.recipe.start_size == Size(24, 12)
    assert painter.recipe.settings()["learning_rate"] == painter.generator.learning_rate
    assert Painter(quick(precision="auto")).recipe.precision == choose_device().precision
    assert Painter(quick(learning_rate=0.5)).recipe.settings()["learning_rate"] == 0.5
    assert Painter(quick(generator=vqgan())).recipe.settings()["learning_rate"] == 0.025
    assert Painter(quick(sketch=True)).recipe.settings()["learning_rate"] == 0.009, "a sketch is to stay"


def test_a_learning_rate_that_changes_is_what_each_step_goes_by():
    def moved(rate):
        painter, steps = Painter(quick(learning_rate=rate, averaging=0, steps=5)), []
        for _ in range(5):
            before = painter.descent.latent.clone()
            painter.take_step()
            steps.append((painter.descent.latent - before).abs().max().item())
        return steps

    even, falling = moved("0.2"), moved("0.2 -> 0.001")
    assert falling[0] == even[0]
    assert falling[-1] < 0.02 * even[-1]


def test_the_machine_tells_generator_from_perceptor_of_one_name(tmp_path):
    tiny.clip(tmp_path)
    tiny.save(tiny.vqmodel(), tmp_path / "vqvae")
    spec = str(tmp_path)
    painter = Painter(quick(generator=spec, perceptor=spec))
    assert painter.machine()["weights"] == {
        f"generator {spec}": painter.generator.fingerprint,
        f"perceptor {spec}": painter.eyes[0].perceptor.fingerprint,
    }
    assert len(set(painter.machine()["weights"].values())) == 2
    assert painter.machine()["versions"]["torch"] == torch.__version__


# What it tells


def test_events_come_in_order():
    recipe = quick(steps=4, grow_at=(0.5,))
    events = list(Painter(recipe))
    assert [type(event) for event in events] == [Started, Stepped, Stepped, Grew, Stepped, Stepped, Finished]
    started, *_, finished = events
    assert started.recipe == Painter(recipe).recipe
    assert started.notes == ("painting on the CPU in fp32 (chosen automatically; --device changes it)",)
    stepped = [event for event in events if isinstance(event, Stepped)]
    assert [event.step for event in stepped] == [1, 2, 3, 4]
    assert {event.steps for event in stepped} == {4}
    assert [str(event.size) for event in stepped] == ["24x12", "24x12", "48x24", "48x24"]
    assert all(event.seconds > 0 for event in stepped)
    assert events[3] == Grew(2, Size(48, 24))
    assert finished == Finished(4)


def test_events_are_frozen():
    for event in Painter(quick(steps=2, grow_at=(0.5,))):
        with pytest.raises(FrozenInstanceError):
            setattr(event, fields(event)[0].name, None)


def test_the_loss_is_the_weighted_sum_of_its_parts(tmp_path):
    to_image(tiny.picture(48, 24)).save(tmp_path / "start.png")
    weights = {"match": "2 -> 1", "tone_symmetry": "0 -> 3", "smoothness": "5", "hold": "1 -> 0.5"}
    painter = Painter(quick(steps=3, init_image=tmp_path / "start.png", **weights))
    for event, factors in zip(
        steps_of(painter), [(2, 0, 5, 1), (1.5, 1.5, 5, 0.75), (1, 3, 5, 0.5)], strict=True
    ):
        names = ("prompt_match", "tone_symmetry", "smoothness", "hold")
        assert set(event.parts) == set(names)
        expected = sum(factor * event.parts[name] for factor, name in zip(factors, names, strict=True))
        assert event.loss == pytest.approx(expected, rel=1e-5)
        assert event.parts["prompt_match"] > 0


def test_the_engine_prints_and_writes_nothing(capfd, tmp_path, monkeypatch):
    recipe = quick(grow_at=(0.5,), semantic_symmetry=0.2)
    capfd.readouterr()
    monkeypatch.chdir(tmp_path)
    painting = run(recipe).painting()
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []
    assert painting.image.size == (48, 24)


def test_paint_is_the_painter_in_one_sentence():
    told = []
    settings = {name: value for name, value in quick(steps=3) if name not in ("prompts", "detail")}
    painting = paint("fire | ocean", on_event=told.append, **settings)
    assert painting.events == tuple(told)
    assert [type(event) for event in told] == [Started, *[Stepped] * 3, Finished]
    assert painting.image.tobytes() == paint("fire | ocean", **settings).image.tobytes()
    assert painting.image.tobytes() == run(quick(steps=3)).painting().image.tobytes()
    assert doorways.paint is paint


def test_a_painting_shows_itself_and_holds_what_made_it():
    painter = run(quick())
    painting = painter.painting()
    with Image.open(io.BytesIO(painting._repr_png_())) as shown:
        assert shown.format == "PNG"
        assert shown.tobytes() == painting.image.tobytes()
    assert painting.recipe == painter.recipe
    assert painting.image.tobytes() == to_image(painter.generator.decode(painting.latent)).tobytes()
    assert not painting.latent.requires_grad


def test_an_unknown_word_is_told(tmp_path):
    spec = str(towers.save(tmp_path / "tower"))
    painter = Painter(quick(prompts="forests | kelpie", perceptor=f"0.5 * {spec}"))
    assert painter.notes()[1:] == (
        f"{spec} does not know the word 'forests' and reads 'forest'",
        f"{spec} does not know the word 'kelpie' and reads 'kelp'",
    )


# What it does


def test_prompts_rule_their_sides(colour_perceptor):
    recipe = {"perceptor": colour_perceptor, "steps": 40, "cutouts": 16, "overviews": 0, "learning_rate": 0.1}

    def redness_of_thirds(prompts: str) -> tuple[float, float]:
        picture = run(quick(prompts=prompts, **recipe)).picture()[0]
        redness = (picture[0] - picture[2]).mean(0)
        return float(redness[:16].mean()), float(redness[-16:].mean())

    left, right = redness_of_thirds("red | blue")
    assert left > 0.15
    assert right < -0.15
    left, right = redness_of_thirds("blue | red")
    assert left < -0.15
    assert right > 0.15


def test_a_place_in_the_middle_is_painted_there(colour_perceptor):
    recipe = {"perceptor": colour_perceptor, "steps": 40, "cutouts": 16, "overviews": 0, "learning_rate": 0.1}
    prompts = "red @0.1 @0.9 | blue @0.5"
    picture = run(quick(prompts=prompts, size="96x24", **recipe)).picture()[0]
    redness = (picture[0] - picture[2]).mean(0)
    assert redness[:20].mean() > 0.1
    assert redness[38:58].mean() < -0.1
    assert redness[-20:].mean() > 0.1


def test_the_match_ends_lower_than_it_began(colour_perceptor):
    events = steps_of(
        Painter(quick(prompts="red | blue", perceptor=colour_perceptor, steps=40, learning_rate=0.1))
    )
    began, ended = (np.mean([e.parts["prompt_match"] for e in part]) for part in (events[:5], events[-5:]))
    assert ended < 0.5 * began


@pytest.mark.parametrize("generator", ["fourier", "vqgan"])
def test_the_loss_falls_with_a_clip(generator):
    spec = vqgan() if generator == "vqgan" else generator
    events = steps_of(Painter(quick(generator=spec, steps=40, learning_rate=0.1, cutouts=8, **STILL)))
    began, ended = (np.mean([event.loss for event in part]) for part in (events[:8], events[-8:]))
    assert ended < began - 0.03


def test_tone_symmetry_brings_the_halves_together():
    events = steps_of(Painter(quick(match=0.01, tone_symmetry=10, steps=30, learning_rate=0.1)))
    assert events[-1].parts["tone_symmetry"] < 0.4 * events[0].parts["tone_symmetry"]


def test_semantic_symmetry_falls():
    settings = {"match": 0, "semantic_symmetry": 1, "steps": 40, "learning_rate": 0.2, "cutouts": 16}
    events = steps_of(Painter(quick(size="96x24", **settings, **STILL)))
    began, ended = (np.mean([event.loss for event in part]) for part in (events[:8], events[-8:]))
    assert ended < 0.9 * began


def test_several_perceptors_count_by_their_weights():
    first, second = clip(0), clip(1)
    matches = {
        names: steps_of(Painter(quick(steps=1, perceptor=names)))[0].parts["prompt_match"]
        for names in ((first,), (second,), (f"3 * {first}", second))
    }
    one, other, both = matches.values()
    assert one != pytest.approx(other, abs=1e-3)
    assert both == pytest.approx(0.75 * one + 0.25 * other, rel=1e-5)


def test_pictures_are_judged_once_a_step_and_embeddings_once_a_perceptor(objective):
    seen = {"picture": [], "embeddings": []}
    for needs, sights in seen.items():
        objective(
            needs, needs, lambda sight, sights=sights: sights.append(sight) or smoothness(sight.picture)
        )
    painter = Painter(
        quick(steps=2, perceptor=(clip(0), clip(1)), objectives={"picture": 1, "embeddings": 1}, cutouts=7)
    )
    for sights in seen.values():
        sights.clear()  # those of the rehearsal
    assert len(steps_of(painter)) == 2
    assert len(seen["picture"]) == 2
    assert len(seen["embeddings"]) == 4
    sight = seen["embeddings"][0]
    assert sight.picture.shape == (1, 3, 24, 48)
    assert sight.embeddings.shape == (7, 20)
    assert sight.texts.shape == (2, 20)
    assert torch.allclose(sight.shares.sum(1), torch.ones(7))
    assert sight.pairs.tolist() == [[0, 2], [1, 3]]  # of five pieces; two are overviews
    assert sight.residual_mean is None


def test_pieces_come_in_pairs_only_where_places_are_compared(objective):
    pairs = []
    objective("watch", "picture", lambda sight: pairs.append(len(sight.pairs)) or smoothness(sight.picture))
    for weight, drawn in ((0, 0), (1, 2)):
        painter = Painter(quick(steps=1, semantic_symmetry=weight, objectives={"watch": 1}))
        pairs.clear()  # those of the rehearsal
        steps_of(painter)
        assert pairs == [drawn]


def test_the_running_mean_is_learnt_and_given(objective):
    means = []

    def watch(sight):
        means.append(sight.residual_mean.clone())
        return smoothness(sight.picture)

    objective("watch", "picture", watch)
    painter = Painter(quick(steps=3, semantic_symmetry=0.2, remove_mean=True, objectives={"watch": 1}))
    means.clear()  # those of the rehearsal
    steps_of(painter)
    assert [len(mean) for mean in means] == [20] * 3
    assert means[0].norm() > 0
    assert not torch.equal(means[0], means[2])
    assert painter.eyes[0].seen == 3


def test_the_picture_is_that_of_the_average():
    painter = run(quick(averaging=0))
    assert torch.equal(painter.descent.average, painter.descent.latent)
    calm = run(quick(averaging=0.9))
    assert torch.equal(calm.descent.latent, painter.descent.latent)
    assert torch.equal(calm.picture(), calm.generator.decode(calm.descent.average))
    assert not torch.equal(calm.picture(), painter.picture())


def test_latents_stay_within_the_codebook():
    painter = run(quick(generator=vqgan(), learning_rate=5, grow_at=(0.5,)))
    low, high = painter.generator.codes.aminmax(dim=0)
    for latent in (painter.descent.latent, painter.descent.average):
        cells = latent.movedim(1, -1)
        assert (cells >= low - 1e-6).all()
        assert (cells <= high + 1e-6).all()
    at_the_edge = (painter.descent.latent.movedim(1, -1) - high).abs() < 1e-6
    assert at_the_edge.float().mean() > 0.1, "steps of 5 must have run into it"


def test_a_painting_that_was_left_is_gone_on_with():
    painter = run(quick(), steps=2)
    events = list(painter)
    assert events[0].notes == ("going on after step 2 of 6", painter.place.note)
    assert [event.step for event in events[1:-1]] == [3, 4, 5, 6]
    assert torch.equal(painter.picture(), run(quick()).picture())
    assert [type(event) for event in painter] == [Started, Finished]


# The picture it starts from


@pytest.fixture
def start(tmp_path):
    path = tmp_path / "start.png"
    to_image(tiny.picture(60, 40, seed=4)).save(path)
    return path


def test_the_mask_keeps_the_rest_within_rounding(start, tmp_path):
    mask = Image.new("L", (48, 24), 0)
    mask.paste(255, (24, 0, 48, 24))
    mask.save(tmp_path / "mask.png")
    settings = {"start_size": "24x12", "grow_at": (0.5,), "learning_rate": 0.5, "steps": 10}
    painter = run(quick(init_image=start, mask=tmp_path / "mask.png", **settings))
    before = np.asarray(to_image(fit(read_picture(start), (48, 24))), dtype=int)
    difference = np.abs(np.asarray(painter.painting().image, dtype=int) - before)
    assert difference[:, :24].max() <= 1
    assert difference[:, 24:].mean() > 10


def test_holding_on_keeps_a_painting_near_its_start(start):
    drifts = []
    for hold in (0.001, 100):
        settings = {"init_image": start, "hold": hold, "steps": 12, "learning_rate": 0.1, "averaging": 0}
        drifts.append(steps_of(Painter(quick(**settings)))[-1].parts["hold"])
    assert drifts[1] < 0.5 * drifts[0]


def test_a_painting_begins_as_the_picture_it_starts_from(start):
    picture = Painter(quick(init_image=start)).picture()
    assert torch.allclose(picture, fit(read_picture(start), (48, 24)), atol=0.02)


# What it cannot do


def test_a_loss_that_is_no_number_stops_before_the_step_and_keeps_the_picture(objective):
    calls = []

    def turns(sight):
        calls.append(1)
        return sight.picture.mean() * (float("nan") if len(calls) == 4 else 0)

    objective("turns", "picture", turns)
    recipe = quick(objectives={"turns": 1})
    painter, other = Painter(recipe), Painter(recipe)
    calls.clear()  # those of the rehearsals
    for _ in range(3):
        other.take_step()
    good = other.picture()
    calls.clear()
    with pytest.raises(
        DoorwaysError, match=r"at step 4 the loss \(now nan\).*picture after step 3 is kept.*0.03"
    ):
        list(painter)
    assert painter.step == 3
    assert torch.equal(painter.picture(), good)
    assert painter.picture().isfinite().all()


def test_a_gradient_that_is_no_number_stops_as_well(objective):
    objective("steep", "picture", lambda sight: (sight.picture * 0).sum().sqrt())
    painter = Painter(quick(objectives={"steep": 1}))
    with pytest.raises(DoorwaysError, match=r"at step 1 .* gradient is not finite; nothing is painted yet"):
        list(painter)
    assert painter.descent.latent.isfinite().all()


def test_too_little_memory_is_said_with_the_remedy(objective):
    def spend(sight):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    objective("spend", "picture", spend)
    with pytest.raises(
        DoorwaysError, match="too little memory for 6 cutouts on 48x24; ask for fewer cutouts"
    ):
        list(Painter(quick(objectives={"spend": 1})))


def test_other_failures_of_an_objective_are_its_own(objective):
    def fail(sight):
        raise RuntimeError("shapes differ")

    objective("fail", "picture", fail)
    with pytest.raises(RuntimeError, match=r"^shapes differ$"):
        list(Painter(quick(objectives={"fail": 1})))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"size": "47x24"}, "size 47x24: width must be a multiple of 2"),
        ({"prompts": "a | b | c | d", "size": "24x24"}, "4 prompts on a canvas 1.00 times as wide"),
        ({"objectives": {"glow": 1}}, "unknown objective 'glow'; known are .*tone_symmetry"),
        ({"match": 0}, "weight 0, which leaves nothing to paint for"),
        ({"symmetry": "spiral"}, "unknown symmetry 'spiral'"),
        ({"init_image": "nowhere.png"}, "nowhere.png: there is no such picture"),
        ({"perceptor": "./nowhere"}, "perceptor './nowhere': there is no such folder"),
        ({"generator": "./nowhere"}, "generator './nowhere': there is no such folder or file"),
        ({"prompts": "image(nowhere.png) | fire"}, "nowhere.png: there is no such picture"),
    ],
)
def test_bad_input_is_said_before_the_first_step(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        Painter(quick(**changes))


def test_the_outlook_is_what_growth_would_go_on_from_and_changes_nothing():
    painter = run(quick(generator=vqgan(), start_size="24x12", grow_at=(0.5,)), steps=1)
    latent, chance = painter.descent.latent.clone(), painter.rng.get_state()
    ahead = painter.outlook()
    assert ahead.shape[2:] == (painter.recipe.size.height, painter.recipe.size.width)
    assert torch.equal(painter.descent.latent, latent)
    assert torch.equal(painter.rng.get_state(), chance)
    painter.grow(painter.recipe.size)
    assert torch.equal(ahead, painter.outlook())
    assert torch.equal(ahead, painter.picture()), "its average begins there"
    whole = run(painter.recipe)
    assert torch.equal(whole.outlook(), whole.picture())


def test_growth_enlarges_the_picture_and_not_the_codes():
    settings = {"seed": 0, "size": "192x96", "steps": 20, "precision": "fp32", "sketch": False}
    painter = Painter(Recipe.build(prompts="house", **settings))
    for _ in range(8):
        painter.take_step()
    size, latent = painter.recipe.size, painter.descent.latent
    expected = fit(painter.gaze.picture(latent), size, "stretch")
    codes = painter.gazes[size].picture(painter.generator.resize(latent, *size))
    painter.grow(size)
    assert (painter.picture() - expected).abs().mean() < 0.5 * (codes - expected).abs().mean()
    assert painter.descent.latent.is_contiguous(), "as after a resume, or other kernels would round otherwise"


def test_a_share_of_the_latent_begins_anew_where_the_canvas_grows():
    asked = {"generator": vqgan(), "start_size": "24x12", "grow_at": (0.5,)}
    plain, noisy = (Painter(quick(grow_noise=share, **asked)) for share in (0, 0.4))
    for painter in (plain, noisy):
        while painter.step < 3:
            painter.take_step()
    assert torch.equal(plain.descent.latent, noisy.descent.latent)
    expected = torch.Generator()
    expected.set_state(noisy.rng.get_state())
    for painter in (plain, noisy):
        painter.grow(painter.recipe.size)
    fresh = noisy.generator.random_latent(*noisy.size, expected)
    assert torch.equal(noisy.descent.latent, plain.descent.latent.lerp(fresh, 0.4))
    assert torch.equal(noisy.rng.get_state(), expected.get_state())
    assert not torch.equal(noisy.rng.get_state(), plain.rng.get_state()), "no growth draws without it"


def test_a_size_that_could_only_be_reached_by_growth_is_refused_at_once():
    with pytest.raises(
        InputError, match="size 50x24: width must be a multiple of 4 for this generator; use 48 or 52"
    ):
        Painter(quick(generator=vqgan(), size="50x24", grow_at=(0.5,)))
