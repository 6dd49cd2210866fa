"""Models that were compiled paint the same picture within rounding; where they cannot be, that is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from doorways import compiling
from doorways.ensemble import Ensemble
from doorways.errors import InputError
from doorways.events import Grew, Stepped
from doorways.painter import Painter
from doorways.prompts import parse_prompts
from tests.recipes import clip, quick, vqgan

BOTH = {"generator": vqgan, "cutouts": 4}


@pytest.fixture
def traced(monkeypatch):
    """Everything but the last step of compiling, which writes machine code and takes long."""
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")


def painter(**settings: object) -> Painter:
    return Painter(quick(**{name: value() if callable(value) else value for name, value in settings.items()}))


def losses(painter: Painter) -> list[float]:
    return [event.loss for event in painter if isinstance(event, Stepped)]


@pytest.mark.parametrize(
    "settings",
    [
        {**BOTH, "start_size": "24x12", "grow_at": (0.5,)},
        {
            **BOTH,
            "wrap": True,
            "perceptor": lambda: (clip(0), clip(1)),
            "remove_mean": True,
            "semantic_symmetry": 1,
        },
        {**BOTH, "precision": "bf16"},
        {"generator": "fourier"},
    ],
    ids=["growth", "all around", "bf16", "fourier"],
)
def test_what_is_compiled_paints_the_same_within_rounding(traced, settings):
    plain, compiled = painter(**settings), painter(**settings, compile=True)
    assert (plain.compiled, compiled.compiled) == (False, True)
    assert all(eye.compiled for eye in compiled.eyes)
    tolerance = 0.02 if "precision" in settings else 1e-3
    assert losses(compiled) == pytest.approx(losses(plain), abs=tolerance)
    assert (compiled.picture() - plain.picture()).abs().mean() < tolerance
    assert compiled.machine()["compiled"] is True
    assert "compiled" not in plain.machine()


def test_nothing_is_compiled_while_it_is_painted(traced, monkeypatch):
    made = painter(**BOTH, start_size="24x12", grow_at=(0.5,), compile=True)
    from torch._dynamo.utils import counters

    counters.clear()
    events = list(made)
    assert any(isinstance(event, Grew) for event in events)
    assert not counters["stats"], "all shapes were known before, and there is no break"
    assert made.generator.chain.compiled


@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="no C++ compiler here")
def test_machine_code_is_kept_where_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    plain, compiled = (painter(perceptor=clip, steps=2, compile=wanted) for wanted in (None, True))
    assert losses(compiled) == pytest.approx(losses(plain), abs=1e-3)
    assert list(tmp_path.rglob("*.so"))


def test_it_is_kept_in_the_users_cache_folder(traced, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name, **_: tmp_path / name)
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    painter(compile=True)
    assert os.environ.pop("TORCHINDUCTOR_CACHE_DIR") == str(tmp_path / "doorways" / "compiled")


def test_a_resumed_painting_is_compiled_as_well(traced):
    begun = painter(**BOTH, compile=True)
    begun.take_step()
    assert Painter.resume(*begun.state()).compiled


def test_what_is_taken_a_few_at_a_time_or_again_is_left_as_it_is(traced):
    thrifty = painter(**BOTH, micro_batch=2, recompute=True, compile=True)
    assert [eye.compiled for eye in thrifty.eyes] == [None]
    assert thrifty.generator.chain.compiled is None
    assert len(losses(thrifty)) == 6


def test_other_painters_of_the_same_models_are_not_compiled(traced):
    recipe = quick(generator=vqgan(), compile=True)
    ensemble = Ensemble.open(recipe, parse_prompts(recipe.prompts))
    one = Painter(recipe, ensemble=ensemble)
    one.compile()
    assert ensemble.generator.chain.compiled
    assert not Painter(recipe, ensemble=ensemble).compiled
    assert ensemble.generator.chain.compiled is None


def broken(graph, inputs):
    raise RuntimeError("no working compiler.\nMore of it.")


def test_where_it_cannot_be_done_an_artist_who_asked_is_told_the_remedy(monkeypatch):
    monkeypatch.setattr(compiling, "BACKEND", broken)
    with pytest.raises(InputError, match=r"^compile: the models cannot be compiled here \(.*no-compile$"):
        painter(**BOTH, compile=True)


def test_where_it_cannot_be_done_and_nobody_asked_it_is_noted(monkeypatch):
    expected = losses(painter(**BOTH))
    monkeypatch.setattr(compiling, "BACKEND", broken)
    monkeypatch.setattr("doorways.painter.pays", lambda *_: True)
    plain = painter(**BOTH)
    assert not plain.compiled
    assert any("cannot be compiled here" in note for note in plain.notes())
    assert losses(plain) == expected


def test_a_canvas_in_windows_is_not_compiled(traced):
    with pytest.raises(InputError, match=r"wider than the window .* give a window as wide"):
        painter(generator=vqgan, size="128x24", start_size="128x24", window=80, overviews=1, compile=True)


def test_on_a_cpu_nothing_is_compiled_unasked():
    assert not compiling.pays(None, torch.device("cpu"), 10_000)
    assert not compiling.pays(False, torch.device("cuda"), 10_000)
    assert not compiling.pays(None, torch.device("cuda"), 1)
    program = (
        "import sys\nfrom doorways.painter import Painter\nimport doorways.compiling\n"
        "assert not {'torch._dynamo', 'torch._inductor', 'sympy'} & set(sys.modules)"
    )
    assert find_spec("torch._dynamo")
    subprocess.run([sys.executable, "-c", program], check=True)
