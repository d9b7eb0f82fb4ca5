from __future__ import annotations

import os

from django.apps import AppConfig


class BenchmarksConfig(AppConfig):
    """The chat views that are measured."""

    name = "benchmarks"

    def ready(self) -> None:
        if report := os.environ.get("COUNT_STATEMENTS_IN"):
            from benchmarks.statement_count import start

            start(report)
