"""Seals on the log: whoever alters a sealed event, or removes it, or slips one in, breaks a seal.

A seal covers the events of a stretch of ids that follows the stretch of the seal before. It keeps the hash of
each of them, a digest of these hashes, and a hash of its own that is made with the one of the seal before.
Whoever may write all three tables could seal a forged log anew; but then the last hash is another one than
the one that somebody noted elsewhere. See verification.py.
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max

from audit.models import AuditSeal

PATIENCE = timedelta(seconds=2)
AT_MOST = 50_000
GENESIS = bytes(32)

# The same whatever the session's time zone, language and styles: JSON of what the columns hold.
EVENT_HASH = """sha256(convert_to(jsonb_build_array(
    id, user_id, action, entity_type, entity_id, origin, correlation_id, details, transaction_id,
    timezone('UTC', "timestamp"), timezone('UTC', created_at))::text, 'UTF8'))"""
# What the digest of a seal is made of: 40 bytes for each event, in the order of their ids.
RECORD = "int8send(event_id) || hash"

_PAUSE = 0.05
_SEAL_LOCK = 0x5EA1
_EPOCH = datetime.fromtimestamp(0, UTC)

_NEWEST_ID = "SELECT last_value FROM audit_eventlog_id_seq WHERE is_called"

# Whoever writes to the log holds this lock until the end of their transaction. A prepared one has no process.
_WRITERS = """
SELECT virtualtransaction, pid IS NULL FROM pg_locks
WHERE locktype = 'relation' AND relation = 'audit_eventlog'::regclass
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND mode = 'RowExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
"""

_LAST_OF_MANY = "SELECT id FROM audit_eventlog WHERE id > %s AND id <= %s ORDER BY id OFFSET %s LIMIT 1"

_KEEP_HASHES = f"""
WITH sealed AS (
    INSERT INTO audit_sealedevent (event_id, seal_id, hash)
    SELECT id, %s, {EVENT_HASH} FROM audit_eventlog WHERE id > %s AND id <= %s
    RETURNING event_id, hash
)
SELECT count(*), sha256(string_agg({RECORD}, '' ORDER BY event_id)), clock_timestamp() FROM sealed
"""  # noqa: S608  (constants)


def seal_settled(
    *,
    patience: timedelta = PATIENCE,
    at_most: int = AT_MOST,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Seal every event that cannot change any more. Several processes may do so at once; one of them works.

    Args:
        patience: how long to wait for transactions that may still bring events; then nothing is sealed.
        at_most: how many events go under one seal, which is one transaction.
        pause: waits for so many seconds.

    Returns:
        How many seals were made.
    """
    up_to = _settled_up_to(patience, pause)
    count = 0
    while up_to and _seal(up_to, at_most):
        count += 1
    return count


def seal_hash(seal: AuditSeal, digest: bytes | None = None) -> bytes:
    """The hash that a seal must have.

    Args:
        seal: the seal.
        digest: taken for its digest; None: its own.
    """
    numbers = struct.pack(">4q", seal.pk, seal.first_event_id, seal.last_event_id, seal.event_count)
    moment = struct.pack(">q", (seal.sealed_at - _EPOCH) // timedelta(microseconds=1))
    digest = bytes(seal.digest) if digest is None else digest
    return hashlib.sha256(bytes(seal.previous_hash) + numbers + digest + moment).digest()


def newest_id() -> int:
    """The highest id that was ever given to an event, whatever became of it; 0: none."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_ID)
        row = cursor.fetchone()
        return row[0] if row else 0


def _settled_up_to(patience: timedelta, pause: Callable[[float], None]) -> int | None:
    """An id below and at which every event is there for good, or never will be; None: not yet known.

    Ids are given out before their transactions commit, in any order. But whoever took one holds a lock on the
    table: when all who hold it now have ended, no id given out until now is open. Comparing transaction ids
    instead would go wrong in a cluster to which the log was restored.
    """
    newest = newest_id()
    if newest <= (AuditSeal.objects.aggregate(last=Max("last_event_id"))["last"] or 0):
        return None
    deadline = time.monotonic() + patience.total_seconds()
    waiting = {writer for writer, _ in _writers()}
    while waiting:
        if time.monotonic() >= deadline:
            return None
        pause(_PAUSE)
        # A transaction that was prepared meanwhile goes by another number.
        waiting = {writer for writer, is_prepared in _writers() if is_prepared or writer in waiting}
    return newest


def _seal(up_to: int, at_most: int) -> bool:
    """Put one seal on the oldest unsealed events; tell whether there were any, and nobody else was at it."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SEAL_LOCK])
        if not cursor.fetchone()[0]:
            return False
        previous = AuditSeal.objects.order_by("pk").last()
        number, after, previous_hash = (
            (previous.pk + 1, previous.last_event_id, previous.hash) if previous else (1, 0, GENESIS)
        )
        cursor.execute(_LAST_OF_MANY, [after, up_to, at_most - 1])
        if row := cursor.fetchone():
            up_to = row[0]
        cursor.execute(_KEEP_HASHES, [number, after, up_to])
        count, digest, now = cursor.fetchone()
        if not count:
            return False
        seal = AuditSeal(
            id=number,
            first_event_id=after + 1,
            last_event_id=up_to,
            event_count=count,
            digest=digest,
            previous_hash=previous_hash,
            sealed_at=now,
        )
        seal.hash = seal_hash(seal)
        seal.save(force_insert=True)
        return True


def _writers() -> list[tuple[str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS)
        return cursor.fetchall()
