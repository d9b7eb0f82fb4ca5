"""Counts the SQL statements of a bot from inside. Not for timed runs: counting costs time."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

counted: Counter[str] = Counter()


def start(report: str) -> None:
    """Count from now on; on SIGUSR1 write the numbers so far to the file `report` as JSON, by statement.

    Transaction control (BEGIN, COMMIT, ROLLBACK) does not pass here.
    """
    connection_created.connect(_watch)
    signal.signal(signal.SIGUSR1, lambda *_: _write(Path(report)))


def _watch(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)


def _count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    counted[" ".join(str(sql).split())[:120]] += 1
    return execute(sql, params, many, context)


def _write(report: Path) -> None:
    unfinished = report.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(dict(counted)))
    unfinished.replace(report)
