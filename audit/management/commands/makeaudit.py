"""`manage.py makeaudit`: write the migrations that let the database log what the models say it should."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.writer import MigrationWriter

from audit.audited import undecided_models
from audit.migration_changes import missing_operations, unmigrated

_LOG = ("audit", "0001_initial")


class Command(BaseCommand):
    help = "Writes migrations for tables whose changes are to be logged in another way than before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("app_labels", nargs="*", metavar="app", help="only these apps")
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if something is missing"
        )

    def handle(self, *app_labels: str, check: bool, **options: Any) -> None:
        loader = MigrationLoader(None)
        apps = set(options["app_labels"])
        missing = {
            label: operations
            for label, operations in missing_operations(loader).items()
            if not apps or label in apps
        }
        if check:
            self._check(missing)
            return
        if new := [label for label in unmigrated(loader) if not apps or label.partition(".")[0] in apps]:
            raise CommandError(f"No migration creates {', '.join(new)} yet: run makemigrations first.")
        for label, operations in missing.items():
            self._write(loader, label, operations)
        if not missing:
            self.stdout.write("Nothing to do.")

    def _check(self, missing: dict[str, list[Operation]]) -> None:
        if undecided := [model._meta.label for model in undecided_models()]:
            raise CommandError(f"Neither or both of @audited and @not_audited: {', '.join(undecided)}.")
        for label, operations in missing.items():
            for operation in operations:
                self.stderr.write(f"{label}: {operation.describe()}")
        if missing:
            raise CommandError("The log would miss changes of these tables: run manage.py makeaudit.")

    def _write(self, loader: MigrationLoader, label: str, operations: list[Operation]) -> None:
        leaves = [name for _, name in loader.graph.leaf_nodes(label)]
        if len(leaves) != 1:
            raise CommandError(f"{label} has several last migrations: run makemigrations --merge first.")
        number = int(match[0]) if (match := re.match(r"\d+", leaves[0])) else 0
        attributes = {"dependencies": [_LOG, (label, leaves[0])], "operations": operations}
        migration = type("Migration", (Migration,), attributes)(f"{number + 1:04d}_audit", label)
        writer = MigrationWriter(migration)
        Path(writer.path).write_text(writer.as_string(), encoding="utf-8")
        self.stdout.write(f"{writer.path}:")
        for operation in operations:
            self.stdout.write(f"  - {operation.describe()}")
