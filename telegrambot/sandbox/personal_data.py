"""What the stand-in for Telegram's servers keeps of a person. On the real ones it is Telegram's own.

The person's account stays, for somebody has to get the farewell and may write again; it is called Guest then.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Min, Q, QuerySet, TextField
from django.db.models.functions import Cast

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.personal_data import Holding, exempt, register
from telegrambot.engine.farewells import PLATFORM
from telegrambot.engine.models import Message
from telegrambot.sandbox.models import (
    SandboxCallback,
    SandboxFile,
    SandboxLogEntry,
    SandboxMessage,
    SandboxPerson,
    SandboxUpdate,
)


def _person(person: TelegramUser) -> QuerySet[SandboxPerson]:
    return SandboxPerson.objects.filter(pk__in=[person.telegram_id])


def _messages(person: TelegramUser) -> QuerySet[SandboxMessage]:
    account = person.telegram_id
    quotations = Message.objects.filter(about=person).exclude(external_message_id="")
    theirs = SandboxMessage.objects.filter(
        Q(sender_id=account)
        | Q(chat__person_id=account)
        | Q(chat__customer_id=account)
        | Q(pk__in=list(quotations.values_list("external_message_id", flat=True)))
    )
    farewells = Message.objects.filter(
        dialog__platform=PLATFORM, dialog__telegram_dialog_id=str(account), dialog__business_connection_id=""
    )
    begun = farewells.aggregate(begun=Min("created_at"))["begun"]
    # The last words may be there already, and nothing came from the bot after them.
    return theirs.exclude(sender=None, sent_at__gte=begun) if begun else theirs


def _callbacks(person: TelegramUser) -> QuerySet[SandboxCallback]:
    return SandboxCallback.objects.filter(person_id=person.telegram_id)


def _files(person: TelegramUser) -> QuerySet[SandboxFile]:
    """Files that no message shows any more."""
    return SandboxFile.objects.filter(sandboxmessage=None)


def _updates(person: TelegramUser) -> QuerySet[Any]:
    updates = SandboxUpdate.objects.annotate(said=Cast("payload", TextField()))
    return updates.filter(said__regex=rf"\m{person.telegram_id}\M")


def _log(person: TelegramUser) -> QuerySet[SandboxLogEntry]:
    """All of it: what quotes them to others cannot be told apart, and it is a few minutes' log."""
    return SandboxLogEntry.objects.all() if _person(person).exists() else SandboxLogEntry.objects.none()


for _holding in (
    Holding("sandbox.log", SandboxLogEntry, "", _log, order=50),
    Holding("sandbox.updates", SandboxUpdate, "", _updates, order=51),
    Holding("sandbox.callbacks", SandboxCallback, "", _callbacks, order=52),
    Holding("sandbox.messages", SandboxMessage, "", _messages, order=53),
    Holding("sandbox.files", SandboxFile, "", _files, order=54),
    Holding(
        "sandbox.person",
        SandboxPerson,
        "",
        _person,
        blank={"first_name": "Guest", "last_name": "", "username": ""},
        order=55,
    ),
):
    register(_holding)

exempt("sandbox.SandboxBot", "The bot itself.")
exempt("sandbox.SandboxBusinessConnection", "Which account the bot is connected to, by number.")
exempt("sandbox.SandboxChat", "Titles of groups and channels.")
exempt("sandbox.SandboxCommandSet", "The bot's command menus.")
exempt("sandbox.SandboxFault", "Faults that are switched on.")
exempt("sandbox.SandboxMember", "Who is in a group, by number.")
