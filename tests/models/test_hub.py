"""Models of the hub: read from its cache without asking anybody, fetched whole, gone on with, and verified."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from doorways import DoorwaysError, InputError, load_generator, load_perceptor
from doorways.models import is_here, locate, pull, size_of
from doorways.models.files import RemoteFile, choose, is_whole
from doorways.models.hub import Repository
from tests import tiny
from tests.models import fake_hub

NAME, SPEC = "artist/tiny", "hub:artist/tiny"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    return tmp_path / "home"


def point_to(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What HF_ENDPOINT does before huggingface_hub is imported."""
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )


@pytest.fixture
def hub(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[fake_hub.Hub]:
    tiny.save(tiny.vqmodel(), tmp_path / "served")
    (tmp_path / "served" / "README.md").write_text("not needed")
    (tmp_path / "served" / "flax_model.msgpack").write_bytes(b"the same weights again")
    with fake_hub.serving(NAME, tmp_path / "served") as running:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        point_to(running.endpoint, monkeypatch)
        yield running


# The cache.


def test_a_generator_and_a_perceptor_load_from_the_cache_offline(home: Path) -> None:
    tiny.save(tiny.vqmodel(), tiny.hub_cache(home, NAME) / "vqvae")
    tiny.clip(tiny.hub_cache(home, "artist/clip"))
    generator, perceptor = load_generator(f"{SPEC}/vqvae"), load_perceptor("hub:artist/clip")
    assert (generator.name, generator.factor) == (f"{SPEC}/vqvae", 4)
    assert (perceptor.name, perceptor.size_px) == ("hub:artist/clip", 16)
    assert is_here(f"{SPEC}/vqvae")
    assert is_here("hub:artist/clip")


def test_a_pipeline_stands_for_its_autoencoder(home: Path) -> None:
    folder = tiny.save(tiny.vqmodel(), tiny.hub_cache(home, NAME) / "vqvae")
    assert locate(SPEC) == folder


def test_a_revision_may_be_named(home: Path) -> None:
    old = tiny.save(tiny.vqmodel(), tiny.hub_cache(home, NAME, revision="v1", commit="aaaa"))
    new = tiny.save(tiny.vqmodel(), tiny.hub_cache(home, NAME, commit="bbbb"))
    assert (locate(f"{SPEC}@v1"), locate(f"{SPEC}@aaaa"), locate(SPEC)) == (old, old, new)


def test_half_a_model_is_not_here(home: Path) -> None:
    folder = tiny.save(tiny.vqmodel(), tiny.hub_cache(home, NAME))
    weights = folder / "diffusion_pytorch_model.safetensors"
    weights.rename(folder / "model-00001-of-00002.safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(
        '{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}'
    )
    assert not is_here(SPEC)
    (folder / "model-00002-of-00002.safetensors").touch()
    assert is_here(SPEC)
    (folder / "model-00001-of-00002.safetensors").unlink()
    assert not is_here(SPEC)


def test_files_that_only_another_program_reads_are_no_model_that_is_here(tmp_path: Path) -> None:
    for name in ("open_clip_config.json", "open_clip_model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    assert not is_whole(tmp_path)
    (tmp_path / "config.json").write_bytes(b"{}")
    (tmp_path / "pytorch_model.fp16.bin").write_bytes(b"")
    assert is_whole(tmp_path)


def test_offline_it_says_what_to_do(home: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_generator(SPEC)
    for words in (
        SPEC,
        "HF_HUB_OFFLINE",
        "HF_HOME",
        f"doorways models pull {SPEC}",
        "--models embedded",
        str(home),
    ):
        assert words in str(caught.value)


def test_the_environment_says_where_the_cache_is(tmp_path: Path) -> None:
    folder = tiny.save(tiny.vqmodel(), tiny.hub_cache(tmp_path, NAME))
    code = f"import sys; from doorways.models import locate; print(locate({SPEC!r})); assert 'torch' not in sys.modules"
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    environment.pop("HF_HUB_CACHE", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == str(folder), done.stderr


@pytest.mark.parametrize(
    "spec",
    [
        "hub:",
        "hub:name",
        "hub:a/b/../c",
        "hub:/a/b",
        "hub:a b/c",
        "hub:a/b@",
        "a/b",
        "hub:a/b.git",
        "hub:a/b--c",
    ],
)
def test_a_garbled_spec_is_refused_with_the_form(spec: str) -> None:
    with pytest.raises(InputError, match="hub:owner/name"):
        Repository.parse(spec)


# Fetching.


def test_pulling_brings_what_is_needed_and_tells_how_far_it_is(hub: fake_hub.Hub) -> None:
    told: list[tuple[int, int]] = []
    assert not is_here(SPEC)
    total = size_of(SPEC)
    folder = pull(SPEC, lambda done, whole: told.append((done, whole)))
    assert {path.name for path in folder.iterdir()} == {"config.json", "diffusion_pytorch_model.safetensors"}
    assert total == sum(path.stat().st_size for path in folder.iterdir())
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {whole for _, whole in told} == {total}
    assert is_here(SPEC)
    assert load_generator(SPEC).factor == 4


def test_loading_fetches_once_and_then_asks_nobody(hub: fake_hub.Hub) -> None:
    load_generator(SPEC)
    asked = len(hub.served)
    assert asked == 2
    hub.shutdown()
    load_generator(SPEC)
    assert len(hub.served) == asked


def test_a_damaged_file_is_found_and_removed_and_the_next_pull_mends_it(
    hub: fake_hub.Hub, home: Path
) -> None:
    hub.damage = "diffusion_pytorch_model.safetensors"
    with pytest.raises(
        DoorwaysError, match=r"diffusion_pytorch_model\.safetensors arrived damaged.*pull once more"
    ):
        pull(SPEC)
    assert not is_here(SPEC)
    assert not any(path.suffix == ".part" for path in home.rglob("*"))
    hub.damage = ""
    pull(SPEC)
    assert load_generator(SPEC).factor == 4


def test_what_is_here_is_not_fetched_again(hub: fake_hub.Hub) -> None:
    weights = "diffusion_pytorch_model.safetensors"
    folder = pull(SPEC)
    (folder / weights).resolve().unlink()
    (folder / weights).unlink()
    hub.served.clear()
    pull(SPEC)
    assert [path for path, _ in hub.served] == [weights]


def test_an_interrupted_pull_goes_on_where_it_stopped(hub: fake_hub.Hub, home: Path) -> None:
    weights = "diffusion_pytorch_model.safetensors"
    size = (hub.folder / weights).stat().st_size

    def interrupt(done: int, total: int) -> None:
        if done >= 20_000:
            raise KeyboardInterrupt

    hub.cut_after = 30_000
    with pytest.raises(DoorwaysError, match="cannot be reached"):
        pull(SPEC)
    (part,) = home.rglob("*.part")
    arrived = part.stat().st_size
    assert 0 < arrived < size
    assert not is_here(SPEC)
    hub.cut_after = None
    with pytest.raises(KeyboardInterrupt):
        pull(SPEC, interrupt)
    assert arrived <= part.stat().st_size
    told: list[int] = []
    pull(SPEC, lambda done, whole: told.append(done))
    assert (weights, f"bytes={arrived}-") in hub.served
    assert told[0] >= arrived
    assert load_generator(SPEC).factor == 4


def test_a_model_that_is_not_there_is_the_users_to_mend(hub: fake_hub.Hub) -> None:
    with pytest.raises(InputError, match="not on the hub, or is private; check its name"):
        pull("hub:artist/other")


def test_a_repository_without_weights_says_so(hub: fake_hub.Hub) -> None:
    with pytest.raises(InputError, match="no weights in vae that can be loaded"):
        pull(f"{SPEC}/vae")


def test_without_a_connection_it_says_what_to_do(hub: fake_hub.Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to("http://127.0.0.1:9", monkeypatch)
    for act in (pull, size_of):
        with pytest.raises(DoorwaysError, match=r"cannot be reached.*HF_HOME.*--models embedded") as caught:
            act(SPEC)
        assert not isinstance(caught.value, InputError)


def test_what_is_here_is_not_said_to_be_missing(hub: fake_hub.Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    pull(SPEC)
    with monkeypatch.context() as offline:
        offline.setattr(constants, "HF_HUB_OFFLINE", True)
        with pytest.raises(
            InputError, match="is here, and HF_HUB_OFFLINE forbids to ask for a newer version"
        ):
            pull(SPEC)
    point_to("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(
        DoorwaysError, match="is here, and whether there is a newer version could not be asked"
    ):
        pull(SPEC)


def test_a_full_disk_is_no_lost_connection(hub: fake_hub.Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("doorways.models.hub.fetch", full)
    with pytest.raises(DoorwaysError, match="the disk is full"):
        pull(SPEC)


# What is fetched of a repository.


def names(*paths: str, subfolder: str = "") -> list[str]:
    return sorted(file.path for file in choose([RemoteFile(path, 1) for path in paths], subfolder))


def test_only_one_format_of_the_weights_is_chosen() -> None:
    every = ("model.safetensors", "pytorch_model.bin", "flax_model.msgpack", "tf_model.h5", "README.md")
    assert names("config.json", *every) == ["config.json", "model.safetensors"]
    assert names("config.json", "merges.txt", "pytorch_model.bin", "flax_model.msgpack", "rust_model.ot") == [
        "config.json", "merges.txt", "pytorch_model.bin"]  # fmt: skip
    assert names("config.json", "flax_model.msgpack") == ["config.json", "flax_model.msgpack"]
    both = ("config.json", "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")
    assert names(*both) == ["config.json", "diffusion_pytorch_model.safetensors"]
    assert names(both[0], both[2]) == [both[0], both[2]]
    shards = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    assert names("config.json", "model.safetensors.index.json", *shards) == [
        "config.json", *shards, "model.safetensors.index.json"]  # fmt: skip


def test_only_the_folder_named_is_chosen_and_pipelines_give_their_autoencoder() -> None:
    pipeline = ("model_index.json", "text_encoder/config.json", "text_encoder/model.safetensors",
                "vqvae/config.json", "vqvae/diffusion_pytorch_model.safetensors")  # fmt: skip
    vqvae = ["vqvae/config.json", "vqvae/diffusion_pytorch_model.safetensors"]
    assert names(*pipeline, subfolder="vqvae") == vqvae
    assert names(*pipeline) == vqvae
    assert names("README.md") == []
