"""The ledger of sending: what may leave now, and what the budget still allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.conf import settings
from django.db import connection, transaction

from telegrambot.engine import sealing
from telegrambot.engine.limits import OVERALL, Budget
from telegrambot.engine.settlement import Outcome, settle
from telegrambot.vault.exceptions import UnreadableSecret

# Why an answer was taken back that was to answer a person's last word.
OUTDATED = "The person has written since."

# How many of the first queued messages are looked at: more, at last all (None), when too few of them may go.
_WINDOWS = (512, 8192, None)

_LAG = """
SELECT extract(epoch FROM arrival - clock_timestamp())::float8
FROM engine_ratebucket WHERE name = %s FOR UPDATE
"""

_OPEN_BUCKET = "INSERT INTO engine_ratebucket (name) VALUES (%s) ON CONFLICT (name) DO NOTHING"

# Runs under the bucket's row lock, so no two senders look for messages at the same time. A lane is what one
# chat has of one priority: its first message, waiting for a retry, holds up the lane, not the chat. Chats
# that may not send now are passed over before anything is sorted: one may have thousands waiting. What was to
# answer a person's last word is taken back if they have written since.
_CLAIM = """
WITH blocked AS MATERIALIZED (
    SELECT dialog_id FROM engine_message WHERE status = 'sending'
    UNION ALL
    SELECT pace.dialog_id
    FROM engine_dialogpace AS pace JOIN engine_dialog AS dialog ON dialog.id = pace.dialog_id
    WHERE pace.arrival > statement_timestamp()
                         + make_interval(secs => least(%(chat_tolerance)s, %(group_tolerance)s))
      AND pace.arrival > statement_timestamp() + make_interval(secs => CASE WHEN dialog.type = 'private'
                                                                       THEN %(chat_tolerance)s
                                                                       ELSE %(group_tolerance)s END)
), front AS MATERIALIZED (
    SELECT id, dialog_id, priority, not_before, expires_at
    FROM engine_message
    WHERE status = 'queued' AND not_before IS NOT NULL AND dialog_id NOT IN (SELECT dialog_id FROM blocked)
    ORDER BY priority, id LIMIT %(window)s
), lane AS (
    SELECT DISTINCT ON (dialog_id, priority) * FROM front ORDER BY dialog_id, priority, id
), next AS MATERIALIZED (
    SELECT DISTINCT ON (dialog_id) id, priority FROM lane
    WHERE not_before <= statement_timestamp() AND (expires_at IS NULL OR expires_at > statement_timestamp())
    ORDER BY dialog_id, priority
), due AS MATERIALIZED (
    SELECT message.id, message.dialog_id,
           make_interval(secs => CASE WHEN dialog.type = 'private' THEN %(chat_interval)s
                                      ELSE %(group_interval)s END) AS pace,
           message.expects_last_inbound IS NOT NULL AND EXISTS (
               SELECT FROM engine_message AS newer
               WHERE newer.dialog_id = message.dialog_id AND newer.direction = 'inbound'
                 AND newer.id > message.expects_last_inbound
                 AND newer.operation <> 'delete' AND newer.message_type <> 'service') AS is_outdated
    FROM (SELECT id FROM next ORDER BY priority, id LIMIT %(limit)s) AS first
    JOIN engine_message AS message ON message.id = first.id AND message.status = 'queued'
    JOIN engine_dialog AS dialog ON dialog.id = message.dialog_id
    FOR NO KEY UPDATE OF message SKIP LOCKED
), paced AS (
    INSERT INTO engine_dialogpace AS pace (dialog_id, arrival)
    SELECT dialog_id, statement_timestamp() + pace FROM due WHERE pace > interval '0' AND NOT is_outdated
    ON CONFLICT (dialog_id) DO UPDATE
    SET arrival = greatest(pace.arrival, statement_timestamp()) + (EXCLUDED.arrival - statement_timestamp())
), advanced AS (
    UPDATE engine_ratebucket
    SET arrival = greatest(arrival, clock_timestamp())
                  + make_interval(secs => %(overall_interval)s * due.count)
    FROM (SELECT count(*) FROM due WHERE NOT is_outdated) AS due
    WHERE name = %(bucket)s AND due.count > 0 AND %(overall_interval)s > 0
), outdated AS (
    UPDATE engine_message AS message SET status = 'cancelled', error = %(outdated)s
    FROM due WHERE message.id = due.id AND due.is_outdated
), claimed AS (
    UPDATE engine_message AS message
    SET status = 'sending', claim_token = %(token)s, attempts = message.attempts + 1,
        lease_until = statement_timestamp() + make_interval(secs => %(lease)s)
    FROM due WHERE message.id = due.id AND NOT due.is_outdated
    RETURNING message.*
)
SELECT seen.count, claimed.id, claimed.operation, claimed.message_type, claimed.text, claimed.payload::text,
       claimed.sealed, claimed.priority, claimed.attempts,
       dialog.id, dialog.telegram_dialog_id, dialog.business_connection_id,
       target.external_message_id, target.message_type, (target.payload -> 'message_ids')::text
FROM (SELECT count(*) FROM front) AS seen
LEFT JOIN (claimed
           JOIN engine_dialog AS dialog ON dialog.id = claimed.dialog_id
           LEFT JOIN engine_message AS target ON target.id = claimed.target_id) ON true
ORDER BY claimed.priority, claimed.id
"""

_RELEASE = """
UPDATE engine_message
SET status = 'queued', attempts = attempts - 1, claim_token = NULL, lease_until = NULL
WHERE status = 'sending' AND claim_token = ANY(%s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this process may send now.

    Attributes:
        target_parts: all the numbers of a target album.
        is_kept: whether the chat keeps its history.
        is_readable: whether what was sealed could be decrypted.
    """

    message_id: int
    operation: str
    message_type: str
    text: str
    payload: dict[str, Any]
    priority: int
    attempts: int
    dialog_id: int
    chat_id: int
    connection_id: str
    target_id: int | None
    target_type: str
    token: UUID
    target_parts: tuple[int, ...] = ()
    is_kept: bool = True
    is_readable: bool = True


def exchange(outcomes: Sequence[Outcome], limit: int, token: UUID) -> tuple[list[Claim], float]:
    """Record outcomes and claim what may leave next, in one transaction; see `settle` and `claim`."""
    with transaction.atomic():
        if outcomes:
            settle(outcomes)
        return claim(limit, token) if limit else ([], 0.0)


def claim(limit: int, token: UUID | None = None) -> tuple[list[Claim], float]:
    """Claim at most `limit` messages that the budget lets leave now.

    Args:
        limit: how many at most.
        token: marks these claims; with it they can be given back if the commit's answer is lost.

    Returns:
        The claims, and the seconds until the overall budget has room again (0 when it still has).
    """
    budget = Budget.from_settings()
    token = token or uuid4()
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        lag = _lag(cursor)
        allowed = budget.slots(lag, limit)
        if allowed == 0:
            return [], lag - budget.overall_tolerance
        parameters: dict[str, Any] = {
            "token": token,
            "lease": settings.SEND_LEASE_SECONDS,
            "bucket": OVERALL,
            "overall_interval": budget.overall_interval,
            "chat_interval": budget.chat_interval,
            "chat_tolerance": budget.chat_tolerance,
            "group_interval": budget.group_interval,
            "group_tolerance": budget.group_tolerance,
            "outdated": OUTDATED,
        }
        rows: list[tuple[Any, ...]] = []
        for window in _WINDOWS:
            cursor.execute(_CLAIM, parameters | {"limit": allowed - len(rows), "window": window})
            found = cursor.fetchall()
            rows += [row for _, *row in found if row[0] is not None]
            if len(rows) == allowed or window is None or found[0][0] < window:
                break
    pause = 0.0
    if len(rows) == allowed < limit:
        pause = max(0.0, lag + allowed * budget.overall_interval - budget.overall_tolerance)
    return [_claim(row, token) for row in rows], pause


def release(tokens: Sequence[UUID]) -> None:
    """Queue again what was claimed with these tokens, when it is certain that none of it was sent."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [list(tokens)])


def _lag(cursor: Any) -> float:
    """Lock the overall bucket; the seconds by which it is ahead of time."""
    cursor.execute(_LAG, [OVERALL])
    row = cursor.fetchone()
    if row is None:
        cursor.execute(_OPEN_BUCKET, [OVERALL])
        cursor.execute(_LAG, [OVERALL])
        row = cursor.fetchone()
    return max(0.0, row[0])


def _claim(row: Sequence[Any], token: UUID) -> Claim:
    (
        key,
        operation,
        kind,
        text,
        payload,
        sealed,
        priority,
        attempts,
        dialog,
        chat,
        connection_id,
        target,
        target_type,
        parts,
    ) = row
    body = {"text": text, "payload": orjson.loads(payload)}
    is_readable = True
    if sealed is not None:
        try:
            whole = sealing.unseal(sealed)
        except UnreadableSecret:
            is_readable = False
        else:
            body = {"text": whole["text"], "payload": body["payload"] | whole["payload"]}
    return Claim(
        message_id=key,
        operation=operation,
        message_type=kind,
        **body,
        is_kept=sealed is None,
        is_readable=is_readable,
        priority=priority,
        attempts=attempts,
        dialog_id=dialog,
        chat_id=int(chat),
        connection_id=connection_id,
        target_id=int(target) if target else None,
        target_type=target_type or "",
        token=token,
        target_parts=tuple(orjson.loads(parts or "[]")),
    )
