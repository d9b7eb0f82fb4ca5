"""Business accounts that the bot answers for: whose they are, and whether an answer may leave there now.

https://core.telegram.org/bots/features#bots-for-business
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.models import Dialog
from telegrambot.inbox.exceptions import (
    AccountDisconnected,
    AccountNotServed,
    AnsweringWindowOver,
    MayNotAnswer,
)
from telegrambot.inbox.models import BusinessConnection, Conversation

# Telegram takes answers for so long after a customer's last message.
HOURS = 24


@transaction.atomic
def follow(
    connection_id: str,
    *,
    person: TelegramUser,
    bot_id: int,
    is_enabled: bool,
    rights: Mapping[str, Any],
    connected_at: datetime,
) -> BusinessConnection:
    """Keep what Telegram says of a connection: it was made, may do other things, or has ended.

    Args:
        rights: by Telegram's names; those that are missing are not given.
    """
    given = {name: True for name, is_given in rights.items() if is_given}
    row, _is_new = BusinessConnection.objects.update_or_create(
        connection_id=connection_id,
        defaults={
            "person": person,
            "bot_id": bot_id,
            "is_enabled": is_enabled,
            "can_reply": is_enabled and "can_reply" in given,
            "rights": given,
            "connected_at": connected_at,
        },
    )
    return row


def is_served(dialog: Dialog) -> bool:
    """Whether the inbox takes what is said in a business chat: only operators' accounts are answered for.

    Anybody on Telegram may connect any bot. A connection from before the bot heard of connections is served.
    """
    row = _connection(dialog)
    return row is None or (row.is_enabled and _is_operators(row))


def settle_in(dialog: Dialog) -> None:
    """Give a business chat its owner, and what was chosen for it under the account's earlier connections."""
    row = _connection(dialog)
    if row is None or row.person is None:
        return
    earlier = BusinessConnection.objects.filter(person=row.person_id, bot_id=row.bot_id)
    before = (
        Dialog.objects.filter(
            platform=dialog.platform,
            bot_id=dialog.bot_id,
            telegram_dialog_id=dialog.telegram_dialog_id,
            business_connection_id__in=earlier.values("connection_id"),
        )
        .exclude(pk=dialog.pk)
        .order_by("-pk")
        .first()
    )
    dialog.owner_id = row.person.staff_id
    if before is not None:
        dialog.is_processing_enabled = before.is_processing_enabled
    # Trust to answer alone is earned anew: the other chat's drafts do not count here.
    dialog.save(update_fields=["owner", "is_processing_enabled"])


def chats_of(row: BusinessConnection) -> Q:
    """The condition for the chats of a connection."""
    return Q(bot_id=row.bot_id, business_connection_id=row.connection_id)


def require_may_answer(dialog: Dialog, last_inbound_at: datetime | None) -> None:
    """Refuse what Telegram would refuse; there is nothing to refuse in other chats.

    Args:
        last_inbound_at: when the customer last wrote, as `last_heard` says.

    Raises:
        AccountDisconnected: the bot is not connected to the account any more.
        AccountNotServed: its owner is no operator (any more).
        MayNotAnswer: it may only read there.
        AnsweringWindowOver: the customer's last message is too old.
    """
    if not dialog.business_connection_id:
        return
    row = _connection(dialog)
    if row is not None and not row.is_enabled:
        raise AccountDisconnected
    if row is not None and not _is_operators(row):
        raise AccountNotServed
    if row is not None and not row.can_reply:
        raise MayNotAnswer
    if last_inbound_at is None or answerable_until(last_inbound_at) <= timezone.now():
        raise AnsweringWindowOver(hours=HOURS)


def last_heard(dialog: Dialog) -> datetime | None:
    """When the customer of a business chat wrote last, in whichever conversation; None in other chats."""
    if not dialog.business_connection_id:
        return None
    newest: datetime | None = Conversation.objects.filter(dialog=dialog).aggregate(
        newest=Max("last_inbound_at")
    )["newest"]
    return newest


def answerable_until(last_inbound_at: datetime) -> datetime:
    """Until when Telegram takes an answer in a business chat."""
    return last_inbound_at + timedelta(hours=HOURS)


def _connection(dialog: Dialog) -> BusinessConnection | None:
    rows = BusinessConnection.objects.select_related("person")
    return rows.filter(connection_id=dialog.business_connection_id).first()


def _is_operators(row: BusinessConnection) -> bool:
    return row.person is not None and row.person.role >= Role.ADMIN and row.person.is_active
