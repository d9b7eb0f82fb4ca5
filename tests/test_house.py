"""Rules of the house that no linter knows."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import models

from config.database.environment import PARTS
from tests.project import ROOT, own_apps

MOST_LINES = 400
VAGUE_NAMES = {"common", "helper", "helpers", "misc", "util", "utils"}
PREFIXES = ((models.Index, "ix_"), (models.UniqueConstraint, "uq_"), (models.CheckConstraint, "ck_"))


def own_models() -> list[type[models.Model]]:
    found = [model for app in own_apps() for model in app.get_models()]
    assert found, "no model was found at all"
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def modules() -> Iterator[Path]:
    """Every Python file of the project but tests and migrations."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.suffix == ".py":
                yield path.relative_to(ROOT)
            elif (
                path.is_dir()
                and path.name not in {"migrations", "tests", "var"}
                and not path.name.startswith(".")
                and not (path / "pyvenv.cfg").exists()
            ):
                folders.append(path)


@pytest.mark.parametrize("command", ["make run", "make test"])
def test_readme_tells_both_commands(command):
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_no_module_outgrows_its_purpose():
    sizes = {str(file): len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in modules()}
    assert sizes, "no module was found at all"
    assert {file: lines for file, lines in sizes.items() if lines > MOST_LINES} == {}


def test_no_module_has_a_name_that_says_nothing():
    assert [str(file) for file in modules() if VAGUE_NAMES & {*file.parent.parts, file.stem}] == []


def test_every_setting_is_explained():
    source = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    read = {*re.findall(r"\benv(?:\.\w+)?\(\s*\"([A-Z][A-Z0-9_]+)\"", source), *PARTS, "DATABASE_URL"}
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, flags=re.MULTILINE))
    assert read - explained == set(), "read by the settings, but not in .env.example"
    assert explained - read == set(), "in .env.example, but nothing reads it"


def test_every_table_says_what_it_is_for():
    assert [model._meta.label for model in own_models() if not model._meta.db_table_comment] == []


def test_indexes_and_constraints_are_named_by_their_kind():
    wrong = [
        f"{model._meta.label}: {index.name}"
        for model in own_models()
        for index in model._meta.indexes
        if not index.name.startswith("ix_")
    ]
    for model in own_models():
        for constraint in model._meta.constraints:
            expected = next((prefix for kind, prefix in PREFIXES if isinstance(constraint, kind)), "")
            if not constraint.name.startswith(expected):
                wrong.append(f"{model._meta.label}: {constraint.name}")
    assert wrong == []


def test_every_app_has_its_layer():
    """An app that the layer contract does not list may import whatever it likes."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers, telegram = linter["contracts"]
    listed = set(re.findall(r"[\w.]+", " ".join(layers["layers"])))
    packages = {app.name.partition(".")[0] for app in own_apps()}
    assert {app.name for app in own_apps()} - listed == set()
    assert packages - set(linter["root_packages"]) == set()
    assert packages - set(telegram["source_modules"]) == set()


def test_every_requirement_is_pinned():
    lines = [
        line
        for file in ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt")
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "-r "))
    ]
    assert [line for line in lines if not re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+( ; .+)?$", line)] == []


def test_pre_commit_formats_as_make_test_does():
    """Two versions of one formatter would undo each other's work."""
    pinned = re.search(
        r"^ruff==(\S+)$", (ROOT / "requirements-dev.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert pinned
    assert f"rev: v{pinned.group(1)}\n" in (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
