"""Record what became of claims, and settle what was left behind by a dead process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import DataError, IntegrityError, connection, transaction
from django.utils.html import escape
from django.utils.translation import gettext as _

from audit.context import SYSTEM, acting
from audit.models import Origin
from telegrambot.engine import failures, membership
from telegrambot.engine.limits import OVERALL, Budget
from telegrambot.engine.models import Dialog, Message

# So many different chats refused with 429 within so many seconds mean that the bot as a whole is too fast.
LIMITED_CHATS, LIMITED_WITHIN_SECONDS = 3, 10

# An answer that comes after its lease still settles what was left uncertain: the token proves whose it is.
_SETTLE = """
UPDATE engine_message AS message
SET status = outcome.status,
    external_message_id = coalesce(nullif(outcome.external_message_id, ''), message.external_message_id),
    error = CASE WHEN message.sealed IS NULL THEN outcome.error
                 -- The history was switched off meanwhile: a refusal may repeat what it refuses.
                 ELSE regexp_replace(outcome.error, '(:|"| '').*$', '') END,
    attempts = message.attempts - outcome.attempts_back,
    not_before = CASE WHEN outcome.status = 'queued'
                      THEN statement_timestamp() + make_interval(secs => outcome.delay)
                      ELSE message.not_before END,
    operation = coalesce(nullif(outcome.operation, ''), message.operation),
    target_id = CASE WHEN outcome.operation = 'send' THEN NULL ELSE message.target_id END,
    payload = message.payload || CASE WHEN message.sealed IS NULL THEN outcome.payload
                                      ELSE outcome.payload - 'files' END,
    timestamp = CASE WHEN outcome.status = 'sent' THEN statement_timestamp() ELSE message.timestamp END,
    lease_until = NULL,
    claim_token = CASE WHEN outcome.status = 'uncertain' THEN message.claim_token END
FROM jsonb_to_recordset(%s::jsonb) AS outcome(
    message_id bigint, token uuid, status text, external_message_id text, error text, attempts_back smallint,
    delay float8, operation text, payload jsonb)
WHERE message.id = outcome.message_id AND message.claim_token = outcome.token
  AND (message.status = 'sending' OR (message.status = 'uncertain' AND outcome.status <> 'queued'))
"""

# A bucket opens when its arrival is no further ahead than its tolerance: a pause comes on top of that.
_SLOW_DOWN_CHAT = """
INSERT INTO engine_dialogpace AS pace (dialog_id, arrival, limited_at)
SELECT id, statement_timestamp() + make_interval(secs => %(seconds)s + CASE WHEN type = 'private'
                                                 THEN %(chat_tolerance)s ELSE %(group_tolerance)s END),
       statement_timestamp()
FROM engine_dialog WHERE id = %(dialog)s
ON CONFLICT (dialog_id) DO UPDATE
SET arrival = greatest(pace.arrival, EXCLUDED.arrival), limited_at = EXCLUDED.limited_at
"""

_SLOW_DOWN_ALL = """
INSERT INTO engine_ratebucket AS bucket (name, arrival)
SELECT %(bucket)s, statement_timestamp() + make_interval(secs => %(seconds)s + %(overall_tolerance)s)
WHERE (SELECT count(*) FROM engine_dialogpace
       WHERE limited_at >= statement_timestamp() - make_interval(secs => %(within)s)) >= %(chats)s
ON CONFLICT (name) DO UPDATE SET arrival = greatest(bucket.arrival, EXCLUDED.arrival)
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
WHERE id IN (SELECT id FROM engine_message
             WHERE status = 'queued' AND not_before IS NOT NULL AND expires_at < statement_timestamp()
             ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claim.

    Attributes:
        status: sent, failed, uncertain, or queued (to be tried again after `delay` seconds).
        attempts_back: 1 when the try does not count.
        operation: set when an edit has to become a message of its own.
        payload: merged into the message's payload.
        answered: whether Telegram itself said it; its gateway's errors and lost connections are no answer.
            None: it was not asked.
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
    answered: bool | None = True
    blocked: bool = False
    limited: float = 0.0
    new_chat_id: int | None = None


@acting(user_id=SYSTEM, origin=Origin.CHAT, correlation_id="")
def settle(outcomes: Sequence[Outcome]) -> None:
    """Record what became of claims, all or none.

    Raises:
        django.db.Error: nothing is recorded; it does no harm to offer the same outcomes again.
    """
    rows = orjson.dumps([_row(outcome) for outcome in outcomes]).decode()
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(_SETTLE, [rows])
        for outcome in outcomes:
            # They may have been erased while it was on its way.
            if outcome.blocked and (dialog := Dialog.objects.filter(pk=outcome.dialog_id).first()):
                membership.mark_blocked(dialog)
            if outcome.new_chat_id is not None:
                _renumber(outcome.dialog_id, str(outcome.new_chat_id))
            if "plain" in outcome.payload:
                _warn_author(outcome.error)
        # Last, for the bucket's lock is what all senders wait for.
        for outcome in outcomes:
            if outcome.limited:
                _slow_down(outcome.dialog_id, outcome.limited)


def settle_one_by_one(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Record outcomes of which the database refuses some; those are returned, their leases will run out."""
    refused = []
    for outcome in outcomes:
        try:
            settle([outcome])
        except (DataError, IntegrityError):
            refused.append(outcome)
    return refused


def expire() -> None:
    """Settle what nobody will: messages of dead senders, answers that came too late to be of use."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EXPIRE_LEASES, ["The process that was sending it ended; it may have been delivered."])
        cursor.execute(_EXPIRE_ANSWERS, ["It waited too long to be of use."])


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "message_id": outcome.message_id,
        "token": outcome.token,
        "status": outcome.status,
        "external_message_id": outcome.external_message_id,
        # It may quote what a server answered, and PostgreSQL cannot hold this character.
        "error": outcome.error.replace("\x00", "\ufffd"),
        "attempts_back": outcome.attempts_back,
        "delay": outcome.delay,
        "operation": outcome.operation,
        "payload": outcome.payload,
    }


def _slow_down(dialog_id: int, seconds: float) -> None:
    """Let one chat, or all of them when several were refused, wait as long as Telegram said."""
    budget = Budget.from_settings()
    parameters: dict[str, str | int | float] = {
        "dialog": dialog_id,
        "bucket": OVERALL,
        "seconds": seconds,
        "chat_tolerance": budget.chat_tolerance,
        "group_tolerance": budget.group_tolerance,
        "overall_tolerance": budget.overall_tolerance,
        "within": LIMITED_WITHIN_SECONDS,
        "chats": LIMITED_CHATS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SLOW_DOWN_CHAT, parameters)
        cursor.execute(_SLOW_DOWN_ALL, parameters)


def _renumber(dialog_id: int, new_chat_id: str) -> None:
    """Follow a group that became a supergroup; its first update may have been here before."""
    dialog = Dialog.objects.get(pk=dialog_id)
    moved = Dialog.objects.filter(
        platform=dialog.platform,
        bot_id=dialog.bot_id,
        business_connection_id=dialog.business_connection_id,
        telegram_dialog_id=new_chat_id,
    ).first()
    if moved is None:
        Dialog.objects.filter(pk=dialog_id).update(telegram_dialog_id=new_chat_id)
    elif moved.pk != dialog_id:
        Message.objects.filter(dialog=dialog, status=Message.Status.QUEUED).update(dialog=moved)


def _warn_author(error: str) -> None:
    # What it repeats of the text, in quotation marks, goes to nobody else.
    reason = error.partition('"')[0].rstrip()
    failures.notify_owners(
        "formatting",
        lambda: (
            _("Telegram could not read the formatting of a text, so it was sent without (%(reason)s).")
            % {"reason": escape(reason)}
        ),
    )
