"""What holds for the code as a whole: one direction, small files with telling names, no torchvision, pins for all."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, packages_distributions, requires
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "doorways").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", name)[0]).lower()


def test_imports_flow_in_one_direction():
    command = Path(sys.executable).with_name("lint-imports")
    found = shutil.which(command)
    assert found, f"{command} is missing; install the dev extra"
    ended = subprocess.run([found, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 broken" in ended.stdout


def test_torchvision_is_absent_and_nothing_asks_for_it():
    assert find_spec("torchvision") is None
    asking = [name for name in requires("doorways") if re.search("torchvision|open.clip|timm|lpips", name)]
    assert asking == []


def test_no_source_imports_torchvision():
    importing = re.compile(r"^\s*(import|from)\s+torchvision", re.M)
    assert [path for path in SOURCES if importing.search(path.read_text(encoding="utf-8"))] == []


def test_files_are_named_for_their_idea():
    assert SOURCES
    assert [path for path in SOURCES if path.stem in EMPTY_NAMES] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_holds_one_idea_and_says_which(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    assert re.match(r'r?"""\S', text), "begins with a docstring that says what it is about"


def test_the_built_in_things_enter_by_the_door_of_plugins():
    ours = {entry.name: entry for entry in entry_points(group="doorways.plugins")}
    declared = PROJECT["project"]["entry-points"]["doorways.plugins"]
    assert {name: ours[name].value for name in declared} == declared
    assert all(callable(ours[name].load()) for name in declared)


def test_every_dependency_is_pinned_for_ci():
    extras = PROJECT["project"]["optional-dependencies"]
    declared = {
        canonical(name) for names in (PROJECT["project"]["dependencies"], *extras.values()) for name in names
    }
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonical(line) for line in lines if line and not line.startswith("#")}
    assert declared <= pinned
    assert all("==" in line for line in lines if line and not line.startswith("#"))


def test_dependencies_are_what_the_sources_import():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {
        alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    modules |= {
        node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.module
    }
    foreign = modules - set(sys.stdlib_module_names) - {"doorways"}
    packages = packages_distributions()
    imported = {canonical(package) for module in foreign for package in packages[module][:1]}
    declared = {canonical(name) for name in PROJECT["project"]["dependencies"]}
    extras = {
        canonical(name)
        for extra, names in PROJECT["project"]["optional-dependencies"].items()
        if extra not in {"dev", "train"}
        for name in names
    }
    assert imported - extras - {"pydantic-core"} == declared, (
        "pydantic-core belongs to pydantic, which pins it"
    )
    assert extras <= imported


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "src" / "doorways" / "py.typed").is_file()
