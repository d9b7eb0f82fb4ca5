"""A pytest plugin: the run fails when the coverage of any app is too low, and says which.

    pytest -p scripts.coverage_by_app --cov

One number for the whole project would let a well-tested app hide an untested one. A plugin, not a
command after pytest, because pytest's own summary has to stay the last line of the output.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path, PurePath
from typing import Any

import coverage
import pytest

REQUIRED_PERCENT = 90.0
# Packages whose direct children are apps.
NAMESPACES = frozenset({"telegrambot"})
REPORT = Path("var/coverage.json")

percent_by_app = pytest.StashKey[dict[str, float]]()


def app_of(file: str) -> str:
    """The dotted name of the app that `file` (relative to the project) belongs to."""
    folders = PurePath(file).parent.parts
    return ".".join(folders[: 2 if folders and folders[0] in NAMESPACES else 1])


def summarize(report: dict[str, Any]) -> dict[str, float]:
    """Percent of statements and branches that were executed, by app, from coverage's JSON report."""
    possible: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for file, details in report["files"].items():
        numbers = details["summary"]
        possible[app_of(file)] += numbers["num_statements"] + numbers.get("num_branches", 0)
        covered[app_of(file)] += numbers["covered_lines"] + numbers.get("covered_branches", 0)
    return {app: 100 * covered[app] / total for app, total in sorted(possible.items()) if total}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Judge a complete, otherwise successful run; in a failed one the numbers mean nothing."""
    if hasattr(session.config, "workerinput") or exitstatus != pytest.ExitCode.OK:
        return
    recorded = coverage.Coverage()
    recorded.load()
    recorded.json_report(outfile=str(REPORT))
    percents = summarize(json.loads(REPORT.read_text(encoding="utf-8")))
    session.config.stash[percent_by_app] = percents
    if any(percent < REQUIRED_PERCENT for percent in percents.values()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show every app's number, and the sentence that names those below the line."""
    percents = config.stash.get(percent_by_app, {})
    if not percents:
        return
    terminalreporter.section("coverage by app")
    for app, percent in percents.items():
        terminalreporter.line(f"{app:<30} {percent:5.1f} %", red=percent < REQUIRED_PERCENT)
    low = [app for app, percent in percents.items() if percent < REQUIRED_PERCENT]
    if low:
        terminalreporter.line(
            f"Coverage below {REQUIRED_PERCENT:.0f} % in {', '.join(low)}: the run counts as failed; "
            "what was not executed is in var/coverage/index.html.",
            red=True,
        )
