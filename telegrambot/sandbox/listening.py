"""Wait for announcements without asking the database again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from telegrambot.sandbox.announcements import CHANNEL


@contextmanager
def listening() -> Iterator[Callable[[float], None]]:
    """Offers `wait(seconds)`, which sleeps in the database driver until something was announced."""
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
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
                cursor.execute(f"UNLISTEN {CHANNEL}")
