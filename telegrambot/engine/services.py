"""What operators decide about updates and messages.

Every function takes keys or a queryset, locks the rows in the order of their keys, and changes all of them
or, with a `DomainError`, none. Whether the actor may is checked before: by permission or role.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from audit.services import record_each
from config.errors import DomainError
from telegrambot.accounts.actors import actor_id
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import sealing, wake
from telegrambot.engine.exceptions import (
    AlreadySending,
    NotFailed,
    NothingToRetry,
    NothingToSend,
    NotQueued,
    NotUncertain,
    NotUndelivered,
    TooManyAtOnce,
)
from telegrambot.engine.models import InboundUpdate, Message
from telegrambot.engine.privacy import seal_message
from telegrambot.engine.resending import Amend, key_of_copy, prepared

logger = logging.getLogger(__name__)

MAX_AT_ONCE = 10_000

# What makes a message say the same again; all else starts anew (an operator's decision never expires).
_CONTENT = (
    "dialog_id",
    "person_id",
    "platform",
    "direction",
    "message_type",
    "text",
    "payload",
    "operation",
    "target_id",
    "priority",
    "origin",
    "about_id",
)

Row = TypeVar("Row", InboundUpdate, Message)
Chosen = Iterable[int] | models.QuerySet[Any]


@transaction.atomic
def retry_updates(chosen: Chosen, *, actor: TelegramUser | None) -> int:
    """Let failed updates be handled once more, from the first try.

    Returns:
        How many.

    Raises:
        NotFailed: some did not fail.
        NothingToRetry: some could not be read or have lost their content.
        TooManyAtOnce: more than `MAX_AT_ONCE`.
    """
    updates = _lock(InboundUpdate, chosen)
    _refuse(NotFailed, updates, lambda update: update.status != InboundUpdate.Status.FAILED)
    _refuse(NothingToRetry, updates, _has_nothing_to_retry)
    InboundUpdate.objects.filter(pk__in=[update.pk for update in updates]).update(
        status=InboundUpdate.Status.PENDING, attempts=0, not_before=Now(), error="", processed_at=None
    )
    wake.updates()
    _record("engine.update.retried", updates, actor)
    return len(updates)


@transaction.atomic
def send_again(chosen: Chosen, *, actor: TelegramUser | None) -> int:
    """Queue a copy of messages that failed or whose fate is uncertain; each message is copied once, ever.

    The old message keeps its status, for it is what happened; its error tells the number of the copy. When
    the copy fails too, it is the copy that can be sent again.

    Returns:
        How many copies were queued; fewer than chosen when some were sent again before.

    Raises:
        NotUndelivered: some are neither failed nor uncertain, or came from a person.
        NothingToSend: what some said is not kept any more.
        TooManyAtOnce: more than `MAX_AT_ONCE`.
        DomainError: whoever they belong to refuses.
    """
    chosen = chosen if isinstance(chosen, models.QuerySet) else list(chosen)
    amend = prepared(Message.objects.filter(pk__in=chosen))
    messages = _lock(Message, chosen)
    _refuse(
        NotUndelivered,
        messages,
        lambda message: (
            message.direction != Message.Direction.OUTBOUND
            or message.status not in {Message.Status.FAILED, Message.Status.UNCERTAIN}
        ),
    )
    _refuse(NothingToSend, messages, _has_nothing_to_send)
    keys = {message.pk: key_of_copy(message) for message in messages}
    known = set(Message.objects.filter(dedupe_key__in=keys.values()).values_list("dedupe_key", flat=True))
    originals = [message for message in messages if keys[message.pk] not in known]
    silent = sealing.without_history(message.dialog_id for message in originals)
    unquoted = sealing.people_without_history(message.about_id for message in originals)
    copies = Message.objects.bulk_create(
        _copy(
            message,
            keys[message.pk],
            amend,
            is_kept=message.dialog_id not in silent and message.about_id not in unquoted,
        )
        for message in originals
    )
    for message, copy in zip(originals, copies, strict=True):
        _note(message, _("Sent again as message {number}.").format(number=copy.pk))
    Message.objects.bulk_update(originals, ["error"], batch_size=1000)
    wake.messages()
    _record("engine.message.sent_again", originals, actor)
    return len(copies)


@transaction.atomic
def count_as_sent(chosen: Chosen, *, actor: TelegramUser | None) -> int:
    """Settle messages whose fate is uncertain: someone has seen that they arrived.

    Returns:
        How many.

    Raises:
        NotUncertain: some are not uncertain.
        TooManyAtOnce: more than `MAX_AT_ONCE`.
    """
    messages = _lock(Message, chosen)
    _refuse(NotUncertain, messages, lambda message: message.status != Message.Status.UNCERTAIN)
    for message in messages:
        message.status = Message.Status.SENT
        _note(message, _("Counted as sent by an operator."))
    Message.objects.bulk_update(messages, ["status", "error"], batch_size=1000)
    _record("engine.message.counted_as_sent", messages, actor)
    return len(messages)


@transaction.atomic
def cancel_messages(chosen: Chosen, *, actor: TelegramUser | None) -> int:
    """Take queued messages back before they leave.

    Returns:
        How many.

    Raises:
        AlreadySending: some are on their way.
        NotQueued: some are settled already.
        TooManyAtOnce: more than `MAX_AT_ONCE`.
    """
    messages = _lock(Message, chosen)
    _refuse(AlreadySending, messages, lambda message: message.status == Message.Status.SENDING)
    _refuse(NotQueued, messages, lambda message: message.status != Message.Status.QUEUED)
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(
        status=Message.Status.CANCELLED
    )
    # What waited behind them in their chats may go.
    wake.messages()
    _record("engine.message.cancelled", messages, actor)
    return len(messages)


def _copy(message: Message, key: str, amend: Amend, *, is_kept: bool) -> Message:
    copy = Message(
        status=Message.Status.QUEUED,
        dedupe_key=key,
        sealed=message.sealed,
        **{name: getattr(message, name) for name in _CONTENT},
    )
    amend(copy)
    if not is_kept and copy.sealed is None:
        seal_message(copy)
    return copy


def _has_nothing_to_retry(update: InboundUpdate) -> bool:
    return (update.payload is None and update.sealed is None) or update.dialog_id is None


def _has_nothing_to_send(message: Message) -> bool:
    is_said = message.text or message.sealed or message.payload.keys() & {"media", "album"}
    return message.operation != Message.Operation.DELETE and not is_said


def _lock(model: type[Row], chosen: Chosen) -> list[Row]:
    """The chosen rows, locked in the order of their keys, so that two operators never wait for each other."""
    rows: models.QuerySet[Row] = model._default_manager.filter(pk__in=chosen)
    locked = list(rows.select_for_update(no_key=True).order_by("pk")[: MAX_AT_ONCE + 1])
    if len(locked) > MAX_AT_ONCE:
        raise TooManyAtOnce(limit=MAX_AT_ONCE)
    return locked


def _refuse(error: type[DomainError], rows: list[Row], is_wrong: Callable[[Row], bool]) -> None:
    if wrong := sum(map(is_wrong, rows)):
        raise error(count=wrong)


def _note(message: Message, note: str) -> None:
    message.error = f"{message.error}\n{note}".strip()


def _record(event: str, rows: list[Row], actor: TelegramUser | None) -> None:
    if rows:
        record_each(event, rows)
        logger.info("%s by %s: %s", event, actor_id(actor), ", ".join(str(row.pk) for row in rows[:20]))
