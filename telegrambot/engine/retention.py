"""What goes after its time, in small batches with a transaction each: it may be cut off anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from telegrambot.engine import outbox
from telegrambot.engine.models import Dialog, Message, OutgoingFile, RollupCursor
from telegrambot.vault import settings_store

BATCH = 5_000
# Deleted one by one with what belongs to them, which costs more than emptying a column.
MESSAGE_BATCH = 1_000
FILES_KEPT = timedelta(days=7)
# A hundred years. Who chooses more means for ever; the calendar would end before it.
_MOST_DAYS = 36_500
_EPOCH = datetime.fromtimestamp(0, UTC)
_WAITING = frozenset({"queued", "sending", "uncertain"})
# What other apps have made of messages.
Forget = Callable[[datetime], None]
_forgetters: list[Forget] = []

# Passes over what somebody is giving another try just now.
_EMPTY_PAYLOADS = """
WITH purged AS (
    UPDATE engine_inboundupdate SET payload = NULL
    WHERE id = ANY (ARRAY(SELECT id FROM engine_inboundupdate
                          WHERE payload IS NOT NULL AND status <> 'pending'
                            AND received_at >= %s AND received_at < %s
                          ORDER BY received_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING received_at
)
SELECT count(*), max(received_at) FROM purged
"""

_FORGET_MARKS = """
DELETE FROM engine_processedmessage WHERE message_id IN (
    SELECT message_id FROM engine_processedmessage WHERE processed_at < %s ORDER BY processed_at LIMIT %s)
"""

_FORGET_JOBS = """
DELETE FROM procrastinate_jobs WHERE id IN (
    SELECT id FROM procrastinate_jobs AS job
    WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
      AND NOT EXISTS (SELECT FROM procrastinate_events WHERE job_id = job.id AND at >= %s)
    ORDER BY id LIMIT %s)
"""

_FORGET_MEDIA = """
DELETE FROM engine_fetchedmedia WHERE id IN (
    SELECT id FROM engine_fetchedmedia WHERE fetched_at < %s ORDER BY fetched_at LIMIT %s)
"""

# In key order, which is the order of their creation.
_NEXT_MESSAGES = """
SELECT id, status, priority FROM engine_message WHERE id > %s AND created_at < %s ORDER BY id LIMIT %s
"""

_GIVE_UP_UPDATES = """
UPDATE engine_inboundupdate SET status = 'failed', sealed = NULL, processed_at = statement_timestamp(),
       error = concat_ws(E'\\n', nullif(error, ''), %s)
WHERE id = ANY (ARRAY(SELECT id FROM engine_inboundupdate WHERE sealed IS NOT NULL AND received_at < %s
                      ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
"""

_GIVE_UP_MESSAGES = """
UPDATE engine_message SET sealed = NULL, status = CASE status WHEN 'queued' THEN 'failed' ELSE status END,
       error = concat_ws(E'\\n', nullif(error, ''), %s)
WHERE id = ANY (ARRAY(SELECT id FROM engine_message
                      WHERE sealed IS NOT NULL AND status IN ('queued', 'uncertain') AND created_at < %s
                      ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
"""
_NOT_KEPT = "What was said here is not kept: it waited too long and was erased."


def with_messages(forget: Forget) -> Forget:
    """Register what another app lets go of with the messages from before a moment."""
    _forgetters.append(forget)
    return forget


def purge() -> None:
    """Let go what is past its time, in small batches, until nothing is left."""
    _empty_payloads()
    _until_done(_FORGET_MARKS, kept_since("retention.processed_days"))
    _until_done(_FORGET_JOBS, kept_since("retention.job_days"))
    _until_done(_FORGET_MEDIA, kept_since("retention.media_days"))
    outbox.forget_files(FILES_KEPT)
    if settings_store.get("retention.message_days", int):
        before = kept_since("retention.message_days")
        _forget_messages(before)
        for forget in _forgetters:
            forget(before)


def kept_since(key: str) -> datetime:
    """The moment before which nothing is kept any more.

    Args:
        key: a setting that holds a number of days.
    """
    return timezone.now() - timedelta(days=min(settings_store.get(key, int), _MOST_DAYS))


def erase_expired() -> None:
    """Erase what still lies sealed after its time: it was never handled, or never sent."""
    before = timezone.now() - timedelta(hours=settings_store.get("retention.sealed_hours", int))
    for statement in (_GIVE_UP_UPDATES, _GIVE_UP_MESSAGES):
        _until_done(statement, _NOT_KEPT, before)
    OutgoingFile.objects.filter(is_sealed=True, created_at__lt=before).delete()
    Dialog.objects.filter(state__has_key="sealed", updated_at__lt=before).update(state={})


def _empty_payloads() -> None:
    before = kept_since("retention.payload_days")
    # Each batch goes on where the one before ended, instead of passing over what is empty already again.
    purged, reached = BATCH, _EPOCH
    while purged == BATCH:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_EMPTY_PAYLOADS, [reached, before, BATCH])
            purged, reached = cursor.fetchone()


def _forget_messages(before: datetime) -> None:
    """Delete old messages.

    The copies of a broadcast are its ledger: they lose their words only. What waits for the sender or for an
    operator stays; the next time begins with the first of these.
    """
    mark, _ = RollupCursor.objects.get_or_create(name="messages forgotten")
    position, stays = mark.position, None
    count = MESSAGE_BATCH
    while count == MESSAGE_BATCH:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_NEXT_MESSAGES, [position, before, MESSAGE_BATCH])
            rows = cursor.fetchall()
            settled = [(key, priority) for key, status, priority in rows if status not in _WAITING]
            Message.objects.filter(pk__in=[key for key, priority in settled if priority < 9]).delete()
            copies = Message.objects.filter(pk__in=[key for key, priority in settled if priority == 9])
            copies.exclude(text="", payload={}).update(text="", payload={})
            if rows:
                position = rows[-1][0]
            if stays is None:
                stays = next((key for key, status, _ in rows if status in _WAITING), None)
                mark.position = position if stays is None else stays - 1
                mark.save(update_fields=["position"])
        count = len(rows)


def _until_done(statement: str, *parameters: Any) -> None:
    done = BATCH
    while done == BATCH:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [*parameters, BATCH])
            done = cursor.rowcount
