"""Moments and days that PostgreSQL knows and Python does not: before the year 1, after 9999, infinite.

Whoever writes SQL can put one anywhere. It is read as the nearest that every page can show, so that one row
takes no list away from everybody.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from psycopg import Connection, DataError
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format
from psycopg.types.datetime import DateLoader

# A day from the ends of the calendar, so that these are moments in every time zone. Days have none.
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def read_any_moment(connection: Connection[Any]) -> None:
    """Let a connection read every moment and day; moments stay in the time zone that it has for them."""
    adapters = connection.adapters
    moments = adapters.get_loader(adapters.types["timestamptz"].oid, Format.TEXT)
    adapters.register_loader("timestamptz", _within(moments, EARLIEST, LATEST))
    adapters.register_loader("date", _within(DateLoader, date.min, date.max))


def _within(loader: Any, earliest: date, latest: date) -> type[Loader]:
    class Within(loader):
        def load(self, data: Buffer) -> date:
            try:
                return max(earliest, min(super().load(data), latest))
            except DataError:
                text = bytes(data)
                return earliest if text.startswith(b"-") or text.endswith(b"BC") else latest

    return Within
