"""Checkpoints are read without executing anything: a malicious one is refused and does nothing."""

from __future__ import annotations

import collections
import io
import pickle
import sys
import types
import zipfile
from pathlib import Path

import pytest
import torch

from doorways import InputError, load_generator
from doorways.models import safe_pickle
from doorways.models.tensors import read_tensors

WEIGHTS = {"encoder.weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2, dtype=torch.float16)}


class Malicious:
    """Its pickle asks the reader to run a command."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple:
        return self.call


def assert_same(read: dict[str, torch.Tensor]) -> None:
    assert read.keys() == WEIGHTS.keys()
    assert all(torch.equal(read[key], WEIGHTS[key]) for key in WEIGHTS)


@pytest.mark.parametrize("place", ["instead", "callbacks", "among the weights"])
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("suffix", [".ckpt", ".bin"])
def test_a_malicious_pickle_is_refused_and_does_nothing(
    tmp_path: Path, place: str, legacy: bool, suffix: str
) -> None:
    import os

    trace = tmp_path / "it ran"
    evil = Malicious(os.mkdir, str(trace))
    content = {"instead": evil, "callbacks": {"state_dict": WEIGHTS, "callbacks": [evil]},
               "among the weights": {"state_dict": {**WEIGHTS, "evil": evil}}}[place]  # fmt: skip
    path = tmp_path / f"model{suffix}"
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(InputError, match="ask its author for safetensors"):
        read_tensors(path)
    assert not trace.exists()
    torch.load(path, weights_only=False)  # the same file, read as pickles usually are, does run
    assert trace.exists()


@pytest.mark.parametrize(
    ("function", "arguments"),
    [(eval, ("1 + 1",)), (getattr, ("a", "upper")), (__import__, ("this",)), (io.open, ("here", "w")),
     (pickle.loads, (pickle.dumps(1),)), (torch.hub.load, ("a/b", "c"))],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_no_function_of_any_sort_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: object, arguments: tuple
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": WEIGHTS, "x": Malicious(function, *arguments)}, path)
    with pytest.raises(InputError, match=r"never run|without running"):
        read_tensors(path)
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_taming_checkpoint_with_code_in_it_is_refused_by_the_generator(tmp_path: Path) -> None:
    import os

    trace = tmp_path / "it ran"
    path = tmp_path / "last.ckpt"
    torch.save({"state_dict": WEIGHTS, "callbacks": Malicious(os.mkdir, str(trace))}, path)
    path.with_suffix(".yaml").write_text(
        "model: {target: taming.models.vqgan.VQModel, params: {n_embed: 4, embed_dim: 4, ddconfig: {}}}"
    )
    with pytest.raises(InputError, match="pickled code"):
        load_generator(str(path))
    assert not trace.exists()


def test_lightning_objects_beside_the_weights_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in CompVis' files: classes as keys, objects with state, settings; none of them is importable here."""
    ran = []
    module = types.ModuleType("pytorch_lightning.callbacks.model_checkpoint")

    class ModelCheckpoint:
        def __init__(self, *arguments: object) -> None:
            ran.append(arguments)
            self.monitor = "val/rec_loss"

    class AttributeDict(dict):
        def __init__(self, *arguments: object) -> None:
            ran.append(arguments)
            super().__init__(*arguments)

    class DictConfig:
        def __init__(self) -> None:
            self._content = {"a": 1}

        def __reduce__(self) -> tuple:
            return DictConfig, (), self.__dict__

    for kind, home in (
        (ModelCheckpoint, module.__name__),
        (AttributeDict, "pytorch_lightning.utilities.parsing"),
        (DictConfig, "omegaconf.dictconfig"),
    ):
        kind.__module__, kind.__qualname__ = home, kind.__name__
        there = module if home == module.__name__ else types.ModuleType(home)
        setattr(there, kind.__name__, kind)
        for i in range(home.count(".") + 1):
            name = ".".join(home.split(".")[: i + 1])
            monkeypatch.setitem(sys.modules, name, there if name == home else types.ModuleType(name))
    content = {"epoch": 1, "state_dict": collections.OrderedDict(WEIGHTS), "hyper_parameters": DictConfig(),
               "flags": collections.defaultdict(dict),
               "callbacks": {ModelCheckpoint: {"best_model_score": torch.ones(1)}, "again": ModelCheckpoint()},
               "hparams": AttributeDict({"lr": 1e-4})}  # fmt: skip
    path = tmp_path / "last.ckpt"
    torch.save(content, path)
    for name in [name for name in sys.modules if name.startswith(("pytorch_lightning", "omegaconf"))]:
        monkeypatch.delitem(sys.modules, name)
    ran.clear()
    assert_same(read_tensors(path))
    assert not ran
    assert not any(name.startswith(("pytorch_lightning", "omegaconf")) for name in sys.modules)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "wrap", [lambda w: w, lambda w: {"state_dict": w, "epoch": 4}], ids=["bare", "state_dict"]
)
def test_plain_weights_are_read_from_both_formats(tmp_path: Path, wrap: object, legacy: bool) -> None:
    path = tmp_path / "model.pth"
    torch.save(wrap(WEIGHTS), path, _use_new_zipfile_serialization=not legacy)  # type: ignore[operator]
    assert_same(read_tensors(path))


def test_reading_leaves_nothing_allowed_behind(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    torch.save(WEIGHTS, path)
    read_tensors(path)
    assert safe_pickle.Inert not in torch.serialization.get_safe_globals()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.ckpt", b"", "damaged"),
        ("a.ckpt", b"nonsense", "checkpoint"),
        ("a.ckpt", "cut", "damaged|cannot be read"),
        ("a.safetensors", b"nonsense", "damaged"),
        ("a.msgpack", b"\xc1", "damaged"),
        ("a.msgpack", b"\x80", "no arrays"),
        ("a.h5", b"", r"\.h5 cannot be read; give \.safetensors"),
        ("a", b"", "without suffix cannot be read"),
        ("missing.ckpt", None, "do not exist"),
    ],
    ids=str,
)
def test_files_that_hold_no_weights_say_so(
    tmp_path: Path, name: str, content: bytes | str | None, says: str
) -> None:
    path = tmp_path / name
    if content == "cut":
        torch.save(WEIGHTS, path)
        path.write_bytes(path.read_bytes()[:-200])
    elif content is not None:
        path.write_bytes(content)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=says):
        read_tensors(path)


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 1}, {"state_dict": {}}], ids=str)
def test_checkpoints_without_weights_say_so(tmp_path: Path, content: object) -> None:
    path = tmp_path / "model.ckpt"
    torch.save(content, path)
    with pytest.raises(InputError, match="give one saved from a state_dict"):
        read_tensors(path)


def test_names_smuggled_past_the_listing_are_refused_too(tmp_path: Path) -> None:
    """A pickle of a later protocol names its functions on the stack, where a listing does not see them."""
    import os

    trace = tmp_path / "it ran"
    torch.save(WEIGHTS, tmp_path / "good.ckpt")
    with zipfile.ZipFile(tmp_path / "good.ckpt") as good, zipfile.ZipFile(tmp_path / "bad.ckpt", "w") as bad:
        for entry in good.namelist():
            data = good.read(entry)
            if entry.endswith("data.pkl"):
                data = pickle.dumps(Malicious(os.mkdir, str(trace)), protocol=4)
            bad.writestr(entry, data)
    with pytest.raises(InputError, match="safetensors"):
        read_tensors(tmp_path / "bad.ckpt")
    assert not trace.exists()
