"""The queue of updates in the database: find chats with work, lock them, take the oldest update of each."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from telegrambot.engine import sealing
from telegrambot.engine.arrivals import EDIT_KINDS, MESSAGE_KINDS
from telegrambot.vault.exceptions import UnreadableSecret

# How many chats one look at the index finds; kept in memory, a long queue is not scanned for every batch.
LOOK_AHEAD = 512

# Held while a suspect update is handled, so that one which kills its process takes no other suspect with it.
_SUSPECT_LOCK = 0x5B0C

# A loose index scan: it jumps from chat to chat instead of reading through one that is fifty thousand deep.
_CHATS_WITH_WORK = """
WITH RECURSIVE head AS (
    (SELECT dialog_id, not_before FROM engine_inboundupdate
     WHERE status = 'pending' AND dialog_id > %(after)s ORDER BY dialog_id, id LIMIT 1)
    UNION ALL
    SELECT following.* FROM head CROSS JOIN LATERAL (
        SELECT dialog_id, not_before FROM engine_inboundupdate
        WHERE status = 'pending' AND dialog_id > head.dialog_id ORDER BY dialog_id, id LIMIT 1) AS following
)
SELECT dialog_id FROM head WHERE not_before <= statement_timestamp() LIMIT %(limit)s
"""

_LOCK = "SELECT id FROM engine_dialog WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"

# A statement of its own: the snapshot of the locking one may be older than its locks.
_TAKE = """
SELECT head.id, head.dialog_id, head.update_id, head.bot_id, head.kind, head.payload::text, head.attempts,
       head.received_at, head.sealed
FROM unnest(%s::bigint[]) AS locked(dialog_id)
CROSS JOIN LATERAL (
    SELECT * FROM engine_inboundupdate
    WHERE status = 'pending' AND dialog_id = locked.dialog_id ORDER BY id LIMIT 1) AS head
WHERE head.not_before <= statement_timestamp()
ORDER BY head.id
"""

_COUNT = "UPDATE engine_inboundupdate SET attempts = attempts + 1 WHERE id = ANY(%s)"

# Waits for nobody: whoever has the row by now has counted a try of their own.
_UNCOUNT = """
UPDATE engine_inboundupdate SET attempts = attempts - 1
WHERE id IN (SELECT id FROM engine_inboundupdate WHERE id = ANY(%s) AND status = 'pending' AND attempts > 0
             FOR NO KEY UPDATE SKIP LOCKED)
"""

_MARK = """
INSERT INTO engine_processedmessage (message_id) SELECT DISTINCT unnest(%s::text[])
ON CONFLICT DO NOTHING RETURNING message_id
"""

_UNMARK = "DELETE FROM engine_processedmessage WHERE message_id = ANY(%s)"

_CLOSE = """
UPDATE engine_inboundupdate SET status = 'done', processed_at = clock_timestamp(), error = ''
WHERE id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """An update whose chat is locked by this transaction.

    Attributes:
        unreadable: its sealed content, if none of the keys decrypts it; then there is no payload.
    """

    key: int
    dialog_id: int
    update_id: int
    bot_id: int
    kind: str
    payload: dict[str, Any]
    attempts: int
    received_at: datetime
    unreadable: str = ""

    @property
    def is_suspect(self) -> bool:
        """Whether it is handled alone: it was begun before and not finished, or cannot be read."""
        return bool(self.attempts or self.unreadable)

    @property
    def processed_key(self) -> str:
        """What makes two updates tell of the same thing."""
        body = self.payload[self.kind]
        if self.kind == "callback_query":
            return f"cb:{body['id']}"[:100]
        # Other kinds name a message as well: a reaction to one is not that message.
        if self.kind in MESSAGE_KINDS or self.kind in EDIT_KINDS:
            place = f"{body.get('business_connection_id', '')}:{body['chat']['id']}:{body.get('message_id')}"
            if self.kind in MESSAGE_KINDS:
                return f"msg:{place}"[:100]
            return f"edit:{place}:{body.get('edit_date')}"[:100]
        return f"upd:{self.bot_id}:{self.update_id}"


class ChatsWithWork:
    """The chats whose oldest update may be handled now, as of the last look.

    Every look goes on behind the last chat of the one before, so that a busy chat does not starve another.
    """

    def __init__(self) -> None:
        self.fresh: deque[int] = deque()
        self.suspects: deque[int] = deque()  # to be handled alone; known only once nobody else holds them
        self._after = 0

    @property
    def are_remembered(self) -> bool:
        """Whether there are chats to try without another look."""
        return bool(self.fresh or self.suspects)

    def look(self) -> bool:
        """Look for chats with work if only suspects are remembered. Returns whether there is any."""
        after = self._after
        if not self.fresh and not self._look_behind(after) and after:
            self._look_behind(0)
        return self.are_remembered

    def take(self, limit: int) -> list[int]:
        """Take up to `limit` chats that are not known to be suspect."""
        return [self.fresh.popleft() for _ in range(min(limit, len(self.fresh)))]

    def suspect(self, dialog_ids: Iterable[int]) -> bool:
        """Remember chats to be handled alone. Returns whether there was a new one among them."""
        new = [dialog_id for dialog_id in dialog_ids if dialog_id not in self.suspects]
        self.suspects.extend(new)
        return bool(new)

    def _look_behind(self, after: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(_CHATS_WITH_WORK, {"after": after, "limit": LOOK_AHEAD})
            rows = cursor.fetchall()
        self.fresh.extend(dialog_id for (dialog_id,) in rows)
        self._after = rows[-1][0] if len(rows) == LOOK_AHEAD else 0
        return len(rows)


def lock_and_take(dialog_ids: Sequence[int]) -> list[Pending]:
    """Lock those of the chats that nobody else holds, and take the oldest due update of each."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(dialog_ids)])
        if not (locked := [key for (key,) in cursor.fetchall()]):
            return []
        cursor.execute(_TAKE, [locked])
        return [_pending(row) for row in cursor.fetchall()]


def _pending(row: tuple[Any, ...]) -> Pending:
    key, dialog, number, bot, kind, payload, attempts, received, sealed = row
    known = (key, dialog, number, bot, kind)
    if sealed is None:
        return Pending(*known, orjson.loads(payload), attempts, received)
    try:
        return Pending(*known, sealing.unseal(sealed), attempts, received)
    except UnreadableSecret:
        return Pending(*known, {}, attempts, received, unreadable=sealed)


def mark(processed_keys: Sequence[str]) -> set[str]:
    """Mark things as handled. Returns those that were not before: to be handled in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [list(processed_keys)])
        return {key for (key,) in cursor.fetchall()}


def unmark(processed_keys: Sequence[str]) -> None:
    """Take back marks that this transaction made."""
    with connection.cursor() as cursor:
        cursor.execute(_UNMARK, [list(processed_keys)])


def close(keys: Sequence[int]) -> None:
    """Mark updates as done."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, [list(keys)])


def is_the_only_suspect() -> bool:
    """Claim, until this transaction ends, to be the only one that handles a suspect update."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SUSPECT_LOCK])
        return bool(cursor.fetchone()[0])


def uncount(keys: Sequence[int]) -> None:
    """Take back one counted try of each update: it was not begun, or what failed was not its own doing."""
    with connection.cursor() as cursor:
        cursor.execute(_UNCOUNT, [list(keys)])


class AttemptJournal:
    """Counts tries on a connection of its own: the count outlives a rollback, and the death of the process.

    Without it a view that kills its process would be started again for ever.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    def count(self, keys: Sequence[int]) -> None:
        """Count one try for each update, at once.

        Raises:
            django.db.OperationalError: the database is not there.
        """
        try:
            self._count(keys)
        except (OperationalError, InterfaceError):
            # The connection may have died since it was last used, with a server that is back by now.
            self.close()
            self._count(keys)

    def uncount(self, keys: Sequence[int]) -> None:
        """Take back one counted try of each, after a rollback.

        Raises:
            django.db.Error: the database is not there.
        """
        if keys:
            uncount(keys)

    def close(self) -> None:
        """Close this thread's connection."""
        if hasattr(self._local, "connection"):
            self._local.connection.close()
            del self._local.connection

    def _count(self, keys: Sequence[int]) -> None:
        with self._connection().cursor() as cursor:
            cursor.execute(_COUNT, [list(keys)])

    def _connection(self) -> BaseDatabaseWrapper:
        if not hasattr(self._local, "connection"):
            self._local.connection = connection.copy()
        own: BaseDatabaseWrapper = self._local.connection
        return own


class AttemptsInTransaction(AttemptJournal):
    """Counts tries in the transaction at hand, for tests that must not leave it."""

    def count(self, keys: Sequence[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [list(keys)])

    def uncount(self, keys: Sequence[int]) -> None:
        """Nothing to do: the rollback has done it."""
