"""The coverage gate: one badly tested app fails the run, whatever the others reach."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.coverage_by_app import app_of, summarize
from tests.project import ROOT


@pytest.mark.parametrize(
    ("file", "app"),
    [
        ("config/settings.py", "config"),
        ("telegrambot/engine/admin/messages.py", "telegrambot.engine"),
        ("telegrambot/__init__.py", "telegrambot"),
        ("projects/services.py", "projects"),
    ],
)
def test_a_file_belongs_to_its_app(file, app):
    assert app_of(file) == app


def test_statements_and_branches_count_alike():
    def summary(statements: int, covered: int, branches: int, taken: int) -> dict[str, dict[str, int]]:
        return {
            "summary": {
                "num_statements": statements,
                "covered_lines": covered,
                "num_branches": branches,
                "covered_branches": taken,
            }
        }

    files = {
        "telegrambot/engine/a.py": summary(10, 10, 0, 0),
        "telegrambot/engine/b.py": summary(6, 4, 4, 1),
        "telegrambot/vault/__init__.py": summary(0, 0, 0, 0),
        "config/settings.py": summary(8, 6, 0, 0),
    }
    assert summarize({"files": files}) == {"config": 75.0, "telegrambot.engine": 75.0}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One app whose tests run all of it, and one whose tests run half."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.coverage.run]\nsource = ["."]\nomit = ["test_*"]\nrelative_files = true\n'
    )
    for app in ("good", "poor"):
        (tmp_path / app).mkdir()
        (tmp_path / app / "__init__.py").touch()
        (tmp_path / app / "code.py").write_text(
            "def half():\n    return 1\n\n\ndef rest():\n    a = 1\n    return a\n"
        )
    (tmp_path / "test_code.py").write_text(
        "from good.code import half, rest\nfrom poor.code import half as poor_half\n\n\n"
        "def test_code():\n    assert half() + rest() + poor_half() == 3\n"
    )
    (tmp_path / "var").mkdir()
    return tmp_path


def run(project: Path) -> subprocess.CompletedProcess[str]:
    # The run that measures this test must not take part in that one.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "scripts.coverage_by_app", "--cov"],
        cwd=project,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_poor_app_fails_the_run_and_is_named(project):
    finished = run(project)
    assert finished.returncode == 1
    assert "Coverage below 90 % in poor:" in finished.stdout
    assert "1 passed" in finished.stdout.splitlines()[-1]


def test_a_well_tested_project_passes(project):
    test = project / "test_code.py"
    test.write_text(
        test.read_text()
        + "\n\nfrom poor.code import rest as poor_rest\n\n\ndef test_rest():\n    poor_rest()\n"
    )
    finished = run(project)
    assert finished.returncode == 0, finished.stdout
    assert "Coverage below" not in finished.stdout
    assert "2 passed" in finished.stdout.splitlines()[-1]


def test_a_failed_test_is_not_blamed_on_coverage(project):
    (project / "test_code.py").write_text("def test_code():\n    raise AssertionError\n")
    finished = run(project)
    assert finished.returncode == 1
    assert "Coverage below" not in finished.stdout
