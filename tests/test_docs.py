"""The documentation says what is true: its commands run, its links lead somewhere, its command page is up to date."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from command_page import PAGE, command_page
from doc_pages import PAGES, ROOT, Block, blocks, small_command, small_recipe, small_size
from doorways.generators import load_generator
from doorways.perceptors import load_perceptor

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
SETTING_UP = re.compile(
    r"(make|pip|scripts/\w+) |doorways (paint --resume |cull\b|surgery edit .* --editor )"
)
"""What `sh` blocks may hold, since it needs more than a page has, or somebody at a terminal: they are not run."""


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def links(page: Path) -> list[str]:
    return [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]


RUNNING = [page for page in PAGES if any(block.language in {"console", "python"} for block in blocks(page))]


@pytest.mark.parametrize("page", RUNNING, ids=name)
def test_the_options_and_settings_that_a_page_shows_exist(page):
    from doorways.cli.app import app
    from doorways.prompts import check_room, parse_prompts
    from doorways.recipe import Recipe

    for words in [words for block in blocks(page) for words in block.commands]:
        _, bound, _ = app.parse_args(words[1:], exit_on_error=False, print_error=False)
        given = bound.arguments
        if "prompts" in given:
            recipe = Recipe.build(prompts=given["prompts"], **given.get("settings", {}))
            check_room(parse_prompts(recipe.prompts), aspect=recipe.size.aspect, largest=1)


@pytest.mark.embedded
@pytest.mark.parametrize("page", RUNNING, ids=name)
def test_what_a_page_shows_runs_at_a_small_size(page):
    command = [sys.executable, ROOT / "scripts" / "doc_pages.py", "--small", page]
    ended = subprocess.run(
        command, capture_output=True, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"}
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    shown = sum(len(block.commands) for block in blocks(page) if block.language == "console")
    assert ended.stdout.count(f"{name(page)}:") >= shown


def test_the_command_page_is_what_the_command_says():
    assert PAGE.read_text(encoding="utf-8") == command_page(), "run: make docs"


def test_every_setting_is_on_the_command_page():
    from doorways.recipe import Recipe

    text = PAGE.read_text(encoding="utf-8")
    missing = [field for field in Recipe.model_fields if f"--{field.replace('_', '-')}" not in text]
    assert missing == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=name)
def test_links_lead_somewhere(page):
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


@pytest.mark.embedded
def test_pictures_of_the_pages_are_painted():
    pictures = [page.parent / link for page in PAGES for link in links(page) if link.endswith(".png")]
    assert pictures
    assert [picture for picture in pictures if not picture.exists()] == []


def test_every_picture_of_a_page_has_its_command_beside_it():
    for page in PAGES:
        written = {word for block in blocks(page) for words in block.commands for word in words}
        assert [link for link in links(page) if link.endswith((".png", ".mp4")) and link not in written] == []


@pytest.mark.parametrize(
    "record", sorted((ROOT / "docs" / "bench").glob("*.json")), ids=lambda path: path.stem
)
def test_what_the_benches_measured_holds_or_is_told(record):
    told = " ".join((ROOT / "bench" / "README.md").read_text("utf-8").split()).lower()
    for verdict in json.loads(record.read_text("utf-8"))["verdicts"]:
        assert verdict["holds"] or f"{verdict['claim']}: {verdict['measured']}".lower() in told, verdict


def test_the_readme_leads_to_every_page():
    reached = {(ROOT / link).resolve() for link in links(ROOT / "README.md")}
    assert [name(page) for page in PAGES if page.parent.name == "docs" and page not in reached] == []


def test_the_readme_begins_with_the_two_commands():
    first = next(blocks(ROOT / "README.md"))
    assert [line.split("#")[0].strip() for line in first.text.splitlines()] == ["make paint", "make test"]
    shown = (ROOT / "README.md").read_text("utf-8").split(first.text)[1].splitlines()[1:]
    assert next(line for line in shown if line).startswith("!["), "what they paint comes next"


def test_only_setting_up_is_shown_and_not_run():
    lines = [
        line
        for page in [*PAGES, ROOT / "CONTRIBUTING.md"]
        for block in blocks(page)
        if block.language == "sh"
        for line in block.text.splitlines()
    ]
    assert lines
    assert [line for line in lines if not SETTING_UP.match(line)] == []


def test_a_command_is_made_small_in_its_own_shape():
    words = ["doorways", "paint", "fire", "--steps", "400", "--size", "1024x256", "--start-size", "256x64"]
    small = " ".join(small_command(words))
    assert (
        small == "doorways paint fire --size 128x32 --start-size 128x32 --steps 2 --cutouts 4 --overviews 1"
    )
    assert small_size("768x384") == "64x32"
    assert small_command(["doorways", "show", "a.png"]) == ["doorways", "show", "a.png"]


def test_a_recipe_is_made_small_and_keeps_the_rest():
    small = small_recipe('# dusk.toml\nprompts = "a | b"\nsteps = 300\nsize = "768x384"\n')
    assert small.splitlines()[0] == 'size = "64x32"'
    assert 'prompts = "a | b"' in small
    assert small.count("steps") == small.count("size") == 1


def test_a_block_knows_its_line_commands_file_and_whether_it_can_run(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n\n<!-- needs a download -->\n```console\n$ doorways paint 'a | b' \\\n    --seed 3\nsaid\n```\n"
        "\n```toml\n# dusk.toml\nseed = 3\n```\n",
        encoding="utf-8",
    )
    first, second = blocks(page)
    assert first == Block(page, 4, "console", first.text, needs_download=True)
    assert first.commands == [["doorways", "paint", "a | b", "--seed", "3"]]
    assert (second.file, second.commands, second.needs_download) == ("dusk.toml", [], False)


def test_the_card_says_of_paintings_what_the_bench_measured():
    card = (ROOT / "src/doorways/embedded/README.md").read_text("utf-8")
    record = json.loads((ROOT / "docs/bench/concepts.json").read_text("utf-8"))
    rates = {row[0]: [f"{float(value.rstrip('%')):g} %" for value in row[2:]] for row in record["rows"]}
    told = [*rates["painted"], *rates["real drawings, the ceiling"], rates["before the first step"][0]]
    told += rates["painted by an ordinary perceptor"]
    section = " ".join(card.partition("*Paintings*")[2].partition("## What they know")[0].split())
    found = re.findall(r"[\d.]+ %", section)
    assert found == told
    assert f"Of {len(record['pairs'])} pairs it tells the sides of {sum(record['pairs'].values())}" in section


@pytest.mark.embedded
def test_the_benches_page_says_which_records_are_of_the_weights_that_ship():
    ships = {
        "perceptor": load_perceptor("embedded").fingerprint,
        "judge": load_perceptor("embedded-judge").fingerprint,
        "generator": load_generator("embedded").fingerprint,
    }
    records = {
        path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "docs/bench").glob("*.json")
    }
    used = {bench: record["weights"] for bench, record in records.items() if "weights" in record}
    used["embedded"] = {part: records["embedded"][part]["weights"] for part in ships}
    present = {bench for bench, weights in used.items() if weights | ships == ships | weights}
    assert {"embedded", "concepts"} <= present, "the card quotes them"
    page = " ".join((ROOT / "bench/README.md").read_text("utf-8").split())
    told = page.partition("Of the weights that ship are ")[2].partition(". ")[0]
    assert set(re.findall(r"`bench\.(\w+)`", told)) == present


def test_the_page_of_prompts_says_of_doors_what_the_bench_counted():
    record = json.loads((ROOT / "docs/bench/doors.json").read_text("utf-8"))
    placed, plain = (verdict["measured"] for verdict in record["verdicts"])
    page = " ".join((ROOT / "docs/prompts.md").read_text("utf-8").split())
    assert f"counts two of them in {placed} paintings; of the same things without places, in {plain}." in page


def test_the_benches_page_says_of_the_ordinary_perceptor_what_was_measured():
    paragraphs = (ROOT / "bench/README.md").read_text("utf-8").split("\n\n")
    told_in = next(text for text in paragraphs if text.startswith("`bench.concepts`: its stranger"))
    said = " ".join(told_in.split()).partition("trained without attacks")[2]
    record = json.loads((ROOT / "docs/bench/concepts.json").read_text("utf-8"))
    painted = next(row[2:] for row in record["rows"] if row[0] == "painted by an ordinary perceptor")
    named = [record["drawings_named"][which]["top5"] for which in ("ordinary", "embedded")]
    told = [f"{float(rate.rstrip('%')):g} %" for rate in painted] + [
        f"{rate:.1%}".replace("%", " %") for rate in named
    ]
    assert re.findall(r"[\d.]+ %", said)[:4] == told
