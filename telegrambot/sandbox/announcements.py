"""Telling open pages that something changed, by PostgreSQL's NOTIFY, when the transaction commits."""

from __future__ import annotations

from typing import Literal

from django.db import connection

# What a page listens to. The payload is a topic, for a chat with its key behind a colon: "chat:-1001234".
CHANNEL = "sandbox_page"
Topic = Literal["chat", "menu", "log", "faults", "reset"]


def announce(topic: Topic, key: int | None = None) -> None:
    """Wake up every open page. The same payload is delivered once per transaction."""
    payload = topic if key is None else f"{topic}:{key}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
