"""What the table of settings held when this process last asked, and a thread that keeps asking.

A snapshot serves for a second from the moment its query was sent: what was committed before is in it, so
nothing older than a second is ever read, whatever happens to threads, connections and notifications. A
process that asks again later than that is one that stays: a thread then asks for it twice a second, and at
once when PostgreSQL tells of a change, so that those who read settings have no query to wait for. It ends
when nobody has read a setting for a minute.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import Error, connection, models
from django.db.models.functions import Cast

from telegrambot.vault.models import AppSetting

logger = logging.getLogger(__name__)

CHANNEL = "vault_settings"  # a trigger on the table notifies it
FRESH_SECONDS = 1.0
_ASK_EVERY_SECONDS = 0.4
_RECONNECT_SECONDS = 0.4
_IDLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as it lies in the table.

    Attributes:
        value: the text of an ordinary setting.
        secret: the encrypted text of a sensitive one.
    """

    value: str
    secret: str | None
    category: str
    is_sensitive: bool
    updated_by: str


@dataclass(frozen=True, slots=True)
class _Snapshot:
    rows: Mapping[str, Stored]
    asked_at: float


_NEVER = float("-inf")
_NOTHING = _Snapshot({}, _NEVER)

_lock = threading.Lock()
_snapshot = _NOTHING
_forgotten_at = _NEVER
_read_at = _NEVER
_keeper: threading.Thread | None = None


def latest() -> Mapping[str, Stored]:
    """The rows by key, as they were at most a second ago."""
    global _read_at
    now = time.monotonic()
    _read_at, known = now, _snapshot
    if known.asked_at >= now - FRESH_SECONDS:
        return known.rows
    if known is not _NOTHING:
        _start_keeper()
    return _ask()


def read(key: str, *, lock: bool = False) -> dict[str, Stored]:
    """The row of one key, if there is one, as this transaction sees it now.

    Args:
        lock: let nobody change it before the transaction ends.
    """
    rows = AppSetting.objects.filter(key=key)
    return _rows(rows.select_for_update() if lock else rows)


def read_all() -> dict[str, Stored]:
    """All rows by key, as this transaction sees them now."""
    return _rows(AppSetting.objects.all())


def forget() -> None:
    """Let nobody in this process use what was asked for before this moment."""
    global _forgotten_at, _snapshot
    with _lock:
        # Also what is being asked for right now.
        _forgotten_at, _snapshot = time.monotonic(), _NOTHING


def _rows(rows: models.QuerySet[AppSetting]) -> dict[str, Stored]:
    # As text: loading one secret that cannot be decrypted would keep all others from being read.
    secret = Cast("secret", models.TextField())
    found = rows.values_list("key", "value", secret, "category", "is_sensitive", "updated_by")
    return {key: Stored(*columns) for key, *columns in found}


def _ask() -> Mapping[str, Stored]:
    global _snapshot
    asked_at = time.monotonic()
    fresh = _Snapshot(read_all(), asked_at)
    with _lock:
        if fresh.asked_at > max(_snapshot.asked_at, _forgotten_at):
            _snapshot = fresh
    return fresh.rows


def _start_keeper() -> None:
    global _keeper
    with _lock:
        if _keeper is None or not _keeper.is_alive():
            _keeper = threading.Thread(target=_keep, name="settings", daemon=True)
            _keeper.start()


def _keep() -> None:
    """Ask again and again on a connection of this thread's own, while settings are read."""
    try:
        while time.monotonic() - _read_at < _IDLE_SECONDS:
            try:
                _listen()
            except Error as error:
                # Readers ask for themselves meanwhile.
                logger.debug("Not listening for a moment: %s", type(error).__name__)
                connection.close()
                time.sleep(_RECONNECT_SECONDS)
    finally:
        connection.close()


def _listen() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    driver = connection.connection
    while time.monotonic() - _read_at < _IDLE_SECONDS:
        _ask()
        with connection.wrap_database_errors:
            for _notice in driver.notifies(timeout=_ASK_EVERY_SECONDS, stop_after=1):
                pass
