"""A cursor that tells PostgreSQL on whose behalf it writes, in the very message that carries the statement.

A setting that was made once could go stale: after a rollback to a savepoint, in autocommit, when another
person's work goes on in the same transaction. So each writing statement brings its own, and there is nothing
to keep track of. It costs no round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.db.backends.postgresql.base import CursorMixin
from psycopg import ClientCursor, pq, sql

from config.postgresql.statements import may_write

_KEY = "stated"


@dataclass(frozen=True, slots=True)
class _Setting:
    name: str
    value: Callable[[], str]


_setting: _Setting | None = None


def state_before_writes(name: str, value: Callable[[], str]) -> None:
    """Let every writing statement be preceded by a setting, which holds until its transaction ends.

    Args:
        name: the name of the setting, with a dot in it.
        value: what it is to be, asked before each statement.
    """
    global _setting
    _setting = _Setting(name, value)


class StatingCursor(CursorMixin, ClientCursor[Any]):
    """Django's cursor, which states the setting before each write."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> StatingCursor:
        """Execute a query. What it returns is all that shows of the message."""
        setting = _setting
        text = self._text(query)
        if setting is None or not may_write(text):
            super().execute(query, params, **options)
            return self
        if self.connection.pgconn.pipeline_status != pq.PipelineStatus.OFF:
            self._state(setting)  # a pipeline takes statements one by one
            super().execute(query, params, **options)
            return self
        value = setting.value()
        if params is None:
            # Nothing looks for placeholders in it.
            stating = f"SET LOCAL {setting.name} = {sql.quote(value, self.connection)};\n"
        elif isinstance(params, Mapping):
            stating, params = f"SET LOCAL {setting.name} = %({_KEY})s;\n", {**params, _KEY: value}
        else:
            stating, params = f"SET LOCAL {setting.name} = %s;\n", [value, *params]
        super().execute(stating + text, params, **options)
        self.nextset()
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], *, returning: bool = False) -> None:
        """Execute a query with each set of parameters, in one transaction."""
        with self._stated(query):
            super().executemany(query, params_seq, returning=returning)

    def stream(self, query: Any, params: Any = None, **options: Any) -> Iterator[Any]:
        """Execute a query and read its rows one by one."""
        with self._stated(query):
            yield from super().stream(query, params, **options)

    @contextmanager
    def copy(self, statement: Any, params: Any = None, **options: Any) -> Iterator[Any]:
        """Copy rows into a table or out of one."""
        with self._stated(statement), super().copy(statement, params, **options) as copy:
            yield copy

    @contextmanager
    def _stated(self, query: Any) -> Iterator[None]:
        """A transaction in which the setting is stated, if the query may write: for what goes out alone."""
        if _setting is None or not may_write(self._text(query)):
            yield
            return
        with self._transaction():
            self._state(_setting)
            yield

    def _transaction(self) -> AbstractContextManager[Any]:
        """The transaction at hand, or in autocommit a new one."""
        is_idle = self.connection.info.transaction_status == pq.TransactionStatus.IDLE
        return self.connection.transaction() if self.connection.autocommit and is_idle else nullcontext()

    def _state(self, setting: _Setting) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [setting.name, setting.value()])

    def _text(self, query: Any) -> str:
        if isinstance(query, str):
            return query
        if isinstance(query, bytes):
            return query.decode(self.connection.info.encoding)
        text: str = query.as_string(self.connection)
        return text
