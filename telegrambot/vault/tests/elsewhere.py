"""The project's programs as other processes run them, on the test's own database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.databases import Database, project_server

ROOT = Path(__file__).resolve().parents[3]


def test_database() -> Database:
    return project_server().named(str(connection.settings_dict["NAME"]))


test_database.__test__ = False  # it is none


@contextmanager
def python(*arguments: str, keys: list[str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A Python process, killed at the end.

    Args:
        keys: its VAULT_KEYS; None: those of the test.
    """
    environment = {
        **os.environ,
        "DATABASE_URL": test_database().url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAULT_KEYS": ",".join(settings.VAULT_KEYS if keys is None else keys),
    }
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
