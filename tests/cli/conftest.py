"""The command run in this process, in a folder of its own, with tiny real models."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from doorways.cli.app import run
from tests import tiny


@dataclass(frozen=True)
class Said:
    """What a command ended with and wrote."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("clip")
    tiny.clip(folder)
    return str(folder)


@pytest.fixture
def small(clip: str) -> Callable[..., list[str]]:
    """Options of a painting that is small and quick, some of them changed; None leaves one out."""

    def options(**changes: object) -> list[str]:
        settings = {
            "generator": "fourier",
            "perceptor": clip,
            "size": "64x32",
            "steps": 4,
            "cutouts": 4,
            "overviews": 1,
        }
        given = {name: value for name, value in (settings | changes).items() if value is not None}
        return [word for name, value in given.items() for word in (f"--{name}", str(value))]

    return options


@pytest.fixture
def doorways(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Command:
    """Runs `doorways` with the words given, in `tmp_path`, with an empty library elsewhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOORWAYS_LIBRARY", str(tmp_path_factory.mktemp("library")))
    threads = torch.get_num_threads()

    def command(*words: str) -> Said:
        capfd.readouterr()
        try:
            code = run(words)
        finally:
            torch.set_num_threads(threads)
        sys.stdout.flush()
        said = capfd.readouterr()
        assert "Traceback" not in said.err or "--debug" in words
        return Said(code, said.out, said.err)

    return command
