"""A savepoint that is set only when something is written: a view that reads costs none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, transaction

# A function called by a SELECT may write; of those we call, only Procrastinate's and pg_notify do.
_READ = re.compile(r"\s*SELECT\b(?!.*\b(?:procrastinate_|pg_notify))", re.IGNORECASE | re.DOTALL)
# Whether one is being set now: those that watch inside it wait with theirs, or they would lie around it.
_setting: ContextVar[bool] = ContextVar("setting", default=False)


class LazySavepoint:
    """Sets a savepoint just before the first write inside `watching()`, where another may be watching."""

    def __init__(self) -> None:
        self._savepoint: str | None = None
        self._callbacks = len(connection.run_on_commit)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the statements of a block."""
        with connection.execute_wrapper(self._before):
            yield

    def undo(self) -> None:
        """Take back what was written since, and what was to run after the commit."""
        del connection.run_on_commit[self._callbacks :]
        if self._savepoint is not None:
            # An error that left an `atomic(savepoint=False)` forbids all but a rollback; this is one.
            transaction.set_rollback(False)
            transaction.savepoint_rollback(self._savepoint)
            self._savepoint = None

    def keep(self) -> None:
        """Keep what was written."""
        if self._savepoint is not None:
            transaction.savepoint_commit(self._savepoint)
            self._savepoint = None

    def _before(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if self._savepoint is None and not _setting.get() and not _READ.match(sql):
            token = _setting.set(True)
            try:
                self._savepoint = transaction.savepoint()
            finally:
                _setting.reset(token)
        return execute(sql, params, many, context)
