"""What went back and forth between bot and Telegram: the newest calls and updates, for the page.

Telling costs one INSERT beside the call itself; every so often the oldest rows go in one DELETE.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError, transaction

from config.redaction import redact
from telegrambot.engine.formatted_text import cleaned
from telegrambot.sandbox.announcements import announce
from telegrambot.sandbox.models import SandboxLogEntry

logger = logging.getLogger(__name__)

KEPT = 500
_TRIM_EVERY = 50
_MOST_CHARACTERS = 2_000
_SECRETS = frozenset({"secret_token"})
# Ids become visible in their order, so that a reader who asks for later ones misses none.
_in_order = threading.Lock()
# The first line after a start tidies up what earlier runs left.
_state = {"written": _TRIM_EVERY}


def call_log(since: int = 0, limit: int = 100) -> list[SandboxLogEntry]:
    """Calls and updates, the newest first.

    Args:
        since: only those with a larger id; 0 for all.
        limit: at most this many (the newest).
    """
    return list(SandboxLogEntry.objects.filter(pk__gt=since)[:limit])


def tell_call(
    name: str,
    parameters: dict[str, Any],
    *,
    answer: Any,
    status: int,
    duration_ms: float,
    fault: str = "",
) -> None:
    """Write down a call. The token is in the address only, so it is not among what is written.

    Args:
        name: the method.
        parameters: what the caller sent, see `Parameters.shown`.
        answer: the body; None when the caller got none.
        status: the HTTP status, 0 when the connection was dropped.
        fault: the kind of the fault that was in the way.
    """
    _write(
        [
            SandboxLogEntry(
                kind=SandboxLogEntry.Kind.CALL,
                name=cleaned(name)[:64],
                content=_shown({key: "…" if key in _SECRETS else value for key, value in parameters.items()}),
                answer=_shown(answer),
                status=status,
                duration_ms=duration_ms,
                fault=fault,
            )
        ]
    )


def tell_updates(updates: Iterable[dict[str, Any]], *, status: int = 200, duration_ms: float = 0.0) -> None:
    """Write down updates as they were delivered, each time that they were.

    Args:
        updates: whole, with their `update_id`.
        status: what the webhook answered; 200 for those that were fetched.
    """
    _write(
        [
            SandboxLogEntry(
                kind=SandboxLogEntry.Kind.UPDATE,
                name=next(key for key in update if key != "update_id"),
                content=update,
                status=status,
                duration_ms=duration_ms,
            )
            for update in updates
        ]
    )


def _write(entries: list[SandboxLogEntry]) -> None:
    if not entries:
        return
    try:
        with _in_order, transaction.atomic():
            SandboxLogEntry.objects.bulk_create(entries)
            _state["written"] += len(entries)
            if _state["written"] >= _TRIM_EVERY:
                _state["written"] = 0
                oldest = SandboxLogEntry.objects.values("pk")[KEPT : KEPT + 1]
                SandboxLogEntry.objects.filter(pk__lte=oldest)._raw_delete("default")
            announce("log")
    except DatabaseError:
        # The log must not be a reason for a call to fail.
        logger.exception("The sandbox could not write its log")


def _shown(value: Any) -> Any:
    """The value as the log keeps it: texts cut, without tokens, and such that PostgreSQL takes it."""
    if isinstance(value, str):
        text = redact(cleaned(value)).encode("utf-8", "replace").decode()
        return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "…"
    if isinstance(value, dict):
        return {str(_shown(str(key))): _shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    return json.loads(json.dumps(value, default=str))
