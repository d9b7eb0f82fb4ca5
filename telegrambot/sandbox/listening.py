"""Wait for announcements without asking the database again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def listening(channel: str) -> Iterator[Callable[[float], None]]:
    """Offers `wait(seconds)`, which sleeps in the driver until something is notified on `channel`."""
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {channel}")
    driver = connection.connection

    def wait(seconds: float) -> None:
        for _ in driver.notifies(timeout=seconds, stop_after=1):
            pass

    try:
        yield wait
    finally:
        if driver.closed:
            connection.close()
        else:
            with connection.cursor() as cursor:
                cursor.execute(f"UNLISTEN {channel}")
