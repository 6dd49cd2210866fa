from __future__ import annotations

import math
import os

import pytest
import torch

from doorways.checkpoint import HEADER, SUFFIX, checkpoint_path, load_checkpoint, save_checkpoint
from doorways.errors import InputError

META = {
    "step": 7,
    "loss": 0.1 + 0.2,
    "sizes": [384, 192],
    "none": None,
    "seed": 2**63 - 1,
    "text": "ü ☂",
    "nan": math.inf,
}


def test_all_comes_back_bit_for_bit(tmp_path):
    torch.manual_seed(0)
    tensors = {
        "latent": torch.randn(1, 4, 3, 5),
        "double": torch.randn(3, dtype=torch.float64),
        "half": torch.randn(3).bfloat16(),
        "rng": torch.Generator().get_state(),
        "count": torch.tensor(3),
        "empty": torch.zeros(0, 4),
        "strided": torch.randn(4, 6).T[::2],
    }
    save_checkpoint(tmp_path / "c", tensors, META)
    loaded, meta = load_checkpoint(tmp_path / "c")
    assert meta == META
    assert set(loaded) == set(tensors)
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor), name


def test_tensors_that_share_memory_are_saved_apart(tmp_path):
    whole = torch.arange(6.0)
    save_checkpoint(tmp_path / "c", {"whole": whole, "part": whole[:3], "again": whole}, {})
    loaded, _ = load_checkpoint(tmp_path / "c")
    loaded["part"][:] = 9
    assert loaded["whole"].tolist() == whole.tolist() == loaded["again"].tolist()


def test_what_is_loaded_does_not_hang_on_the_file(tmp_path):
    save_checkpoint(tmp_path / "c", {"a": torch.ones(3)}, {})
    loaded, _ = load_checkpoint(tmp_path / "c")
    (tmp_path / "c").unlink()
    assert loaded["a"].requires_grad_().sum() == 3


def test_a_checkpoint_that_fails_leaves_the_one_before(tmp_path):
    save_checkpoint(tmp_path / "c", {"a": torch.ones(3)}, {"step": 1})
    with pytest.raises(TypeError):
        save_checkpoint(tmp_path / "c", {"a": torch.zeros(3)}, {"step": object()})
    loaded, meta = load_checkpoint(tmp_path / "c")
    assert (loaded["a"].tolist(), meta) == ([1, 1, 1], {"step": 1})
    assert os.listdir(tmp_path) == ["c"]  # noqa: PTH208


@pytest.mark.parametrize("kept", [0, 4, 20, -1])
def test_a_damaged_checkpoint_is_one_sentence(tmp_path, kept):
    path = tmp_path / "c"
    save_checkpoint(path, {"a": torch.ones(300)}, META)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(
        InputError, match=r"c: is no whole checkpoint .*; begin again with `doorways paint --recipe`"
    ):
        load_checkpoint(path)


def test_safetensors_of_others_are_no_checkpoints(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2)}, tmp_path / "c")
    with pytest.raises(InputError, match="is no whole checkpoint"):
        load_checkpoint(tmp_path / "c")


@pytest.mark.parametrize("meta", ["[1]", "7", "null", "[" * 9999])
def test_a_header_that_holds_no_table_is_one_sentence(tmp_path, meta):
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2)}, tmp_path / "c", {HEADER: meta})
    with pytest.raises(InputError, match="c: is no whole checkpoint"):
        load_checkpoint(tmp_path / "c")


def test_a_pickle_is_refused_and_does_nothing(tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "hacked"),)

    (tmp_path / "c").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError, match="is no whole checkpoint"):
        load_checkpoint(tmp_path / "c")
    assert not (tmp_path / "hacked").exists()


def test_a_missing_checkpoint_says_so(tmp_path):
    with pytest.raises(InputError, match="there is no such checkpoint"):
        load_checkpoint(tmp_path / "c")


def test_a_checkpoint_lies_beside_its_picture(tmp_path):
    assert checkpoint_path(tmp_path / "a.png") == tmp_path / f"a.png{SUFFIX}"
