"""The ledger of sending: what may leave now, what became of it, and what was left behind by a dead process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from telegrambot.engine import membership
from telegrambot.engine.limits import Budget
from telegrambot.engine.models import Dialog, DialogPace, Message, RateBucket

OVERALL = "overall"
# So many different chats refused with 429 within so many seconds mean that the bot as a whole is too fast.
LIMITED_CHATS, LIMITED_WITHIN_SECONDS = 3, 10

_LAG = """
INSERT INTO engine_ratebucket (name) VALUES (%s)
ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name
RETURNING extract(epoch FROM arrival - clock_timestamp())::float8
"""

# Runs under the bucket's row lock, so no two senders look for messages at the same time.
_CLAIM = """
WITH due AS (
    SELECT message.id, message.dialog_id, message.target_id,
           make_interval(secs => CASE WHEN dialog.type = 'private' THEN %(chat_interval)s
                                      ELSE %(group_interval)s END) AS pace
    FROM engine_message AS message
    JOIN engine_dialog AS dialog ON dialog.id = message.dialog_id
    LEFT JOIN engine_dialogpace AS pace ON pace.dialog_id = message.dialog_id
    WHERE message.status = 'queued' AND message.not_before IS NOT NULL
      AND message.not_before <= statement_timestamp()
      AND (message.expires_at IS NULL OR message.expires_at > statement_timestamp())
      AND (pace.arrival IS NULL
           OR pace.arrival <= statement_timestamp() + make_interval(secs => CASE WHEN dialog.type = 'private'
                                                                 THEN %(chat_tolerance)s
                                                                 ELSE %(group_tolerance)s END))
      AND NOT EXISTS (
          SELECT FROM engine_message AS flying
          WHERE flying.dialog_id = message.dialog_id AND flying.status = 'sending')
      AND NOT EXISTS (
          SELECT FROM engine_message AS ahead
          WHERE ahead.dialog_id = message.dialog_id AND ahead.status = 'queued'
            AND (ahead.priority, ahead.id) < (message.priority, message.id)
            AND ahead.not_before IS NOT NULL
            AND (ahead.priority = message.priority OR ahead.not_before <= statement_timestamp()))
    ORDER BY message.priority, message.id
    LIMIT %(limit)s
    FOR NO KEY UPDATE OF message SKIP LOCKED
), paced AS (
    INSERT INTO engine_dialogpace AS pace (dialog_id, arrival)
    SELECT dialog_id, statement_timestamp() + pace FROM due WHERE pace > interval '0'
    ON CONFLICT (dialog_id) DO UPDATE
    SET arrival = greatest(pace.arrival, statement_timestamp()) + (EXCLUDED.arrival - statement_timestamp())
), claimed AS (
    UPDATE engine_message AS message
    SET status = 'sending', claim_token = %(token)s, attempts = message.attempts + 1,
        lease_until = statement_timestamp() + make_interval(secs => %(lease)s)
    FROM due WHERE message.id = due.id
    RETURNING message.*
)
SELECT claimed.id, claimed.operation, claimed.message_type, claimed.text, claimed.payload::text, claimed.priority,
       claimed.attempts, dialog.id, dialog.telegram_dialog_id, dialog.business_connection_id,
       target.external_message_id, target.message_type
FROM claimed
JOIN engine_dialog AS dialog ON dialog.id = claimed.dialog_id
LEFT JOIN engine_message AS target ON target.id = claimed.target_id
ORDER BY claimed.priority, claimed.id
"""

_ADVANCE = """
UPDATE engine_ratebucket
SET arrival = greatest(arrival, clock_timestamp()) + make_interval(secs => %s) WHERE name = %s
"""

# An answer that comes after its lease still settles what was left uncertain: the token proves whose answer it is.
_SETTLE = """
UPDATE engine_message AS message
SET status = outcome.status,
    external_message_id = coalesce(nullif(outcome.external_message_id, ''), message.external_message_id),
    error = outcome.error,
    attempts = message.attempts - outcome.attempts_back,
    not_before = CASE WHEN outcome.status = 'queued' THEN statement_timestamp() + make_interval(secs => outcome.delay)
                      ELSE message.not_before END,
    operation = coalesce(nullif(outcome.operation, ''), message.operation),
    target_id = CASE WHEN outcome.operation = 'send' THEN NULL ELSE message.target_id END,
    payload = message.payload || outcome.payload,
    timestamp = CASE WHEN outcome.status = 'sent' THEN statement_timestamp() ELSE message.timestamp END,
    lease_until = NULL,
    claim_token = CASE WHEN outcome.status = 'uncertain' THEN message.claim_token END
FROM jsonb_to_recordset(%s::jsonb) AS outcome(
    message_id bigint, token uuid, status text, external_message_id text, error text, attempts_back smallint,
    delay float8, operation text, payload jsonb)
WHERE message.id = outcome.message_id AND message.claim_token = outcome.token
  AND (message.status = 'sending' OR (message.status = 'uncertain' AND outcome.status <> 'queued'))
RETURNING message.id
"""

_EXPIRE_LEASES = """
UPDATE engine_message
SET status = CASE WHEN operation = 'send' THEN 'uncertain' ELSE 'queued' END,
    error = CASE WHEN operation = 'send' THEN %s ELSE error END,
    claim_token = CASE WHEN operation = 'send' THEN claim_token END,
    lease_until = NULL
WHERE id IN (SELECT id FROM engine_message WHERE status = 'sending' AND lease_until < statement_timestamp()
             ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""

_EXPIRE_ANSWERS = """
UPDATE engine_message SET status = 'failed', error = %s
WHERE id IN (SELECT id FROM engine_message WHERE status = 'queued' AND not_before IS NOT NULL AND expires_at < statement_timestamp()
             ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this process may send now."""

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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claim.

    Attributes:
        status: sent, failed, uncertain, or queued (to be tried again after `delay` seconds).
        attempts_back: 1 when the try does not count.
        operation: set when an edit has to become a message of its own.
        payload: merged into the message's payload.
        blocked: the person cannot be reached any more.
        limited: seconds Telegram told this chat to wait (429).
        new_chat_id: the group moved.
    """

    message_id: int
    token: UUID
    dialog_id: int
    status: str
    external_message_id: str = ""
    error: str = ""
    attempts_back: int = 0
    delay: float = 0.0
    operation: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    blocked: bool = False
    limited: float = 0.0
    new_chat_id: int | None = None


def claim(limit: int) -> tuple[list[Claim], float]:
    """Claim at most `limit` messages that the budget lets leave now.

    Returns:
        The claims, and the seconds until the overall budget has room again (0 when it has).
    """
    budget = Budget.from_settings()
    token = uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LAG, [OVERALL])
        lag = max(0.0, cursor.fetchone()[0])
        allowed = _slots(lag, budget, limit)
        if allowed == 0:
            return [], lag - budget.overall_tolerance
        cursor.execute(
            _CLAIM,
            {
                "limit": allowed,
                "token": token,
                "lease": settings.SEND_LEASE_SECONDS,
                "chat_interval": budget.chat_interval,
                "chat_tolerance": budget.chat_tolerance,
                "group_interval": budget.group_interval,
                "group_tolerance": budget.group_tolerance,
            },
        )
        rows = cursor.fetchall()
        if rows and budget.overall_interval:
            cursor.execute(_ADVANCE, [len(rows) * budget.overall_interval, OVERALL])
    return [_claim(row, token) for row in rows], 0.0


def settle(outcomes: Sequence[Outcome]) -> None:
    """Record what became of claims, in one transaction."""
    rows = orjson.dumps([_row(outcome) for outcome in outcomes]).decode()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTLE, [rows])
        for outcome in outcomes:
            if outcome.blocked:
                membership.mark_blocked(Dialog.objects.get(pk=outcome.dialog_id))
            if outcome.limited:
                _slow_down(outcome.dialog_id, outcome.limited)
            if outcome.new_chat_id is not None:
                Dialog.objects.filter(pk=outcome.dialog_id).update(telegram_dialog_id=str(outcome.new_chat_id))


def expire() -> None:
    """Settle what nobody will: messages of dead senders, answers that came too late to be of use."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EXPIRE_LEASES, ["The process that was sending it ended; it may have been delivered."])
        cursor.execute(_EXPIRE_ANSWERS, ["It waited too long to be of use."])


def _slots(lag: float, budget: Budget, limit: int) -> int:
    if not budget.overall_interval:
        return limit if lag <= 0 else 0
    if lag > budget.overall_tolerance:
        return 0
    return min(limit, int((budget.overall_tolerance - lag) / budget.overall_interval) + 1)


def _claim(row: tuple[Any, ...], token: UUID) -> Claim:
    (key, operation, kind, text, payload, priority, attempts, dialog, chat, connection_id, target, target_type) = row
    return Claim(
        message_id=key,
        operation=operation,
        message_type=kind,
        text=text,
        payload=orjson.loads(payload),
        priority=priority,
        attempts=attempts,
        dialog_id=dialog,
        chat_id=int(chat),
        connection_id=connection_id,
        target_id=int(target) if target else None,
        target_type=target_type or "",
        token=token,
    )


def _row(outcome: Outcome) -> dict[str, Any]:
    row = asdict(outcome)
    for name in ("dialog_id", "blocked", "limited", "new_chat_id"):
        del row[name]
    return row


def _slow_down(dialog_id: int, seconds: float) -> None:
    """Let one chat, or all of them when several were refused, wait as long as Telegram said."""
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    DialogPace.objects.update_or_create(dialog_id=dialog_id, defaults={"arrival": until, "limited_at": now})
    recently = now - timedelta(seconds=LIMITED_WITHIN_SECONDS)
    if DialogPace.objects.filter(limited_at__gte=recently).count() >= LIMITED_CHATS:
        RateBucket.objects.filter(name=OVERALL, arrival__lt=until).update(arrival=until)
