"""Tell every process that there is work, at the moment the current transaction commits."""

from __future__ import annotations

from django.db import connection

UPDATES = "engine_updates"
MESSAGES = "engine_messages"


def updates() -> None:
    """Updates are waiting for dispatch."""
    _notify(UPDATES)


def messages() -> None:
    """Messages are waiting for the sender."""
    _notify(MESSAGES)


def _notify(channel: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [channel])
