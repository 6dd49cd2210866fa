from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from bench import step
from bench.peers import PEERS, Normalize, Stage, build, definitions, digest, find, imported, label
from bench.reference import build as build_reference
from bench.step import CASES, judge, measure, peer_step, peer_steps, run
from doorways.errors import InputError
from doorways.perceptors.clip import COLOURS
from doorways.pictures import read_picture
from doorways.size import Size
from tests.bench.checkouts import write

TINY = CASES["tiny"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("peers"))


@pytest.fixture(scope="module")
def stage():
    return step.stage(TINY, 8)


class Flip(nn.Module):
    """Something that augments, as kornia's does."""

    flipped = 0

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, pieces):
        Flip.flipped += 1
        return torch.where(torch.rand(len(pieces), 1, 1, 1) < self.p, pieces.flip(-1), pieces)


@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("name", PEERS)
def test_a_peer_s_own_step_lowers_its_loss(name, augmented, folder, stage, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "kornia.augmentation", SimpleNamespace(RandomHorizontalFlip=Flip))
    torch.manual_seed(0)
    before = Flip.flipped
    peer = build(name, folder, Stage(**vars(stage) | {"augmented": augmented}))
    losses = []
    for _ in range(60):
        losses.append(float(sum(peer.losses()).detach()))
        peer.take_step()
    assert sum(losses[-20:]) < sum(losses[:20]), losses
    assert (Flip.flipped > before) == augmented
    assert capsys.readouterr().out == ""


def test_of_a_file_only_the_definitions_that_are_needed_are_executed(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(
        "import no_such_library\n"
        "rate = no_such_library.rate()\n"
        "other = broken.thing\n"
        "half = sums.half\n"
        "def wanted(x: NoSuchType): return half(helped(x) + given())\n"
        "def helped(x): return 2 * x\n"
        "def given(): return 1000\n"
        "def unwanted(x=no_such_library): return x\n"
        "raise SystemExit('executed')\n"
    )
    sums = SimpleNamespace(half=lambda x: x / 2)
    here = definitions(file, ["wanted"], {"given": lambda: 4, "sums": sums})
    assert here["wanted"](3) == 5, "what is given goes before the file's own"
    assert not here.keys() & {"unwanted", "rate", "other"}
    with pytest.raises(InputError, match="does not define missing"):
        definitions(file, ["wanted", "missing"], {})


def test_a_checkout_is_found_by_owner_repository_or_both(folder, tmp_path):
    found = {name: find(name, folder).relative_to(folder).as_posix() for name in PEERS}
    assert found == {
        "nerdyrodent/VQGAN-CLIP": "VQGAN-CLIP",
        "tnwei/vqgan-clip-app": "tnwei",
        "rkhamilton/vqgan-clip-generator": "vqgan-clip-generator",
        "EleutherAI/vqgan-clip": "EleutherAI/vqgan-clip",
    }
    with pytest.raises(InputError, match=r"no tnwei or vqgan-clip-app with logic\.py is in"):
        find("tnwei/vqgan-clip-app", tmp_path)
    assert len({digest(name, folder) for name in PEERS}) == len(PEERS)


def test_what_stands_in_for_clip_and_taming_is_what_the_reference_has(stage):
    reference = build_reference(TINY.generator, TINY.perceptor, ["forest", "kelp forest"], Size(64, 32), 8)
    reference.latent = stage.random_latent()
    picture = stage.model.decode(reference.latent).add(1).div(2).clamp(0, 1)
    torch.testing.assert_close(picture, reference.decode())
    pieces = torch.rand(2, 3, 32, 32)
    embeddings = stage.perceptor.encode_image(Normalize(*COLOURS)(pieces))
    torch.testing.assert_close(nn.functional.normalize(embeddings, dim=1), reference.embed(pieces))
    texts = nn.functional.normalize(torch.cat(stage.texts()), dim=1)
    torch.testing.assert_close(texts, reference.texts)
    assert "K" not in imported(Stage(**vars(stage) | {"augmented": False}))


def test_peers_are_measured_beside_ours_and_what_is_missing_is_said(folder, tmp_path, capsys):
    some = tmp_path / "peers"
    some.mkdir()
    (some / "nerdyrodent").symlink_to(folder / "VQGAN-CLIP")
    (some / "rkhamilton").symlink_to(folder / "vqgan-clip-generator")
    (some / "tnwei").mkdir()
    (some / "tnwei" / "logic.py").write_text("class VQGANCLIPRun:")
    assert run(cases=("tiny",), cutouts=4, repeats=2, memory=False, folder=some, out=tmp_path)
    record = json.loads((tmp_path / "step.json").read_text())
    found = record["cases"][0]
    there = ["nerdyrodent/VQGAN-CLIP", "rkhamilton/vqgan-clip-generator"]
    assert list(found["peers"]) == there
    assert found["best peer"] == min(there, key=found["seconds"].get)
    times = [turn["ours"][0] / turn[found["best peer"]][0] for turn in found["turns"]]
    assert found["peer time"] == pytest.approx(sum(times) / 2)
    assert {f"{name}, s" for name in there} | {"time, ours / best peer"} <= {row[0] for row in record["rows"]}
    assert "the peers' cutouts" in record["title"]
    said = " ".join(capsys.readouterr().out.split())
    for name, why in found["left out"].items():
        assert f"{name} is left out of tiny: {why[:40]}" in said
    assert found["left out"].keys() == PEERS.keys() - set(there)
    assert read_picture(tmp_path / "step.png").std() > 0.05


def test_a_peer_that_fails_is_left_out_with_the_reason(folder, monkeypatch):
    def fails(checkout, stage):
        raise ZeroDivisionError("by nothing")

    broken = PEERS | {"tnwei/vqgan-clip-app": type(PEERS["tnwei/vqgan-clip-app"])("logic.py", fails)}
    monkeypatch.setattr(step.peers, "PEERS", broken)
    steps, left_out = peer_steps(TINY, 4, folder)
    assert left_out == {"tnwei/vqgan-clip-app": "it does not run: ZeroDivisionError: by nothing"}
    assert steps.keys() == PEERS.keys() - left_out.keys()
    assert peer_steps(CASES["embedded"], 4, folder) == ({}, {}), (
        "they are built around the random models alone"
    )


def test_a_peer_is_ready_in_a_process_of_its_own(folder):
    peer_step(TINY, 4, "EleutherAI/vqgan-clip", folder)()


def test_without_peers_nothing_is_said_of_them():
    found = measure(TINY, cutouts=4, repeats=1, memory=False)
    assert not [name for name in found if "peer" in name or "left" in name]


def test_the_targets_beside_the_best_peer_are_judged(monkeypatch):
    good = {"precision": "bf16", "peer time": 0.55, "peer memory": 0.5}
    for has, targets in ((True, ["peer time", "peer memory"]), (False, ["peer memory"])):
        monkeypatch.setattr(step, "cpu_has_bf16", lambda has=has: has)
        assert [verdict.holds for verdict in judge(good)] == [True] * len(targets)
        for name in targets:
            assert sum(not verdict.holds for verdict in judge(good | {name: good[name] + 0.01})) == 1
    plain = {"precision": "fp32", "time": 0.9, "rest": 0.1, "memory": 0.75, "over the floor": 1.25}
    claims = [verdict.claim for verdict in judge(plain | {"peer time": 1, "peer memory": 0.6})]
    assert claims[-1] == "fp32 peak memory <= 0.5 of the best peer's"
    assert not [verdict for verdict in judge(plain) if "peer" in verdict.claim]


def test_all_pieces_are_embedded_at_once_where_a_case_says_so():
    assert {eye.micro_batch for eye in step.ours(replace(TINY, at_once=True), 16).eyes} == {16}


def test_a_note_of_what_else_a_step_does_is_in_the_peer_s_name():
    assert label("tnwei/vqgan-clip-app") == "tnwei/vqgan-clip-app, decodes again to show each step"
    assert label("EleutherAI/vqgan-clip") == "EleutherAI/vqgan-clip"
