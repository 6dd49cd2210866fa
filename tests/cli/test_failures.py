from __future__ import annotations

import errno

import pytest
import torch

from doorways.cli.failures import explain, is_out_of_memory, show
from doorways.errors import DoorwaysError, InputError


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (InputError("steps 0: no"), 2, "steps 0: no"),
        (DoorwaysError("the loss is NaN"), 1, "the loss is NaN"),
        (KeyboardInterrupt(), 130, "stopped"),
        (MemoryError(), 1, "too little memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), 1, "too little memory"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "the disk is full"),
        (KeyError("x"), 1, "unexpected KeyError: 'x'; run again with --debug and report what it shows"),
    ],
)
def test_every_error_has_a_sentence_and_a_code(error, code, sentence, capsys):
    assert sentence in explain(error)[0]
    assert show(error, debug=False) == code
    assert capsys.readouterr().err.startswith("doorways: ")


def test_torch_s_own_word_for_too_little_memory_is_known():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_a_message_of_many_lines_becomes_one(capsys):
    show(InputError("first\n  second"), debug=False)
    assert capsys.readouterr().err == "doorways: first second\n"
