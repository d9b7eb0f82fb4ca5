"""Business accounts: https://core.telegram.org/bots/features#bots-for-business"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.db import transaction

from telegrambot.sandbox import updates, wire
from telegrambot.sandbox.announcements import announce
from telegrambot.sandbox.exceptions import NotConnected, NotWithOneself
from telegrambot.sandbox.models import (
    ALL_RIGHTS,
    SandboxBusinessConnection,
    SandboxChat,
    SandboxPerson,
)
from telegrambot.sandbox.people.accounts import open_chat


def connection_of(owner: SandboxPerson) -> SandboxBusinessConnection | None:
    """The bot's connection to this person's account, None when it has none."""
    return SandboxBusinessConnection.objects.filter(owner=owner, is_enabled=True).first()


@transaction.atomic
def connect_business(owner: SandboxPerson, rights: Iterable[str] = ALL_RIGHTS) -> SandboxBusinessConnection:
    """Connect the bot to one's own account; it sees what customers write and may answer in one's name.

    Does nothing when it is connected. The bot also gets a private chat with the owner, as in Telegram.
    """
    SandboxPerson.objects.select_for_update().get(pk=owner.pk)
    found = connection_of(owner)
    if found is not None:
        return found
    open_chat(owner)
    connection = SandboxBusinessConnection.objects.create(owner=owner, rights=_known(rights))
    _announce(connection)
    return connection


@transaction.atomic
def set_rights(owner: SandboxPerson, rights: Iterable[str]) -> None:
    """Change what the bot may do: some of `ALL_RIGHTS`.

    Raises:
        NotConnected
    """
    connection = _locked(owner)
    connection.rights = _known(rights)
    connection.save(update_fields=["rights"])
    _announce(connection)


@transaction.atomic
def disconnect_business(owner: SandboxPerson) -> None:
    """End the connection: the bot neither sees nor writes anything there any more.

    Raises:
        NotConnected
    """
    connection = _locked(owner)
    connection.is_enabled = False
    connection.save(update_fields=["is_enabled"])
    _announce(connection)


@transaction.atomic
def open_business_chat(owner: SandboxPerson, customer: SandboxPerson) -> SandboxChat:
    """The chat between a business account and a customer, created on first need. Sends nothing.

    Either of them writes there with `send_text(person, text, chat=…)`.

    Raises:
        NotWithOneself
    """
    if owner.pk == customer.pk:
        raise NotWithOneself
    # Above every id of Telegram's (less than 52 bits), within what JavaScript counts exactly.
    made_up = 2**52 + secrets.randbits(52)
    chat, _ = SandboxChat.objects.get_or_create(
        owner=owner,
        customer=customer,
        defaults={"telegram_id": made_up, "kind": SandboxChat.Kind.BUSINESS},
    )
    return chat


def _known(rights: Iterable[str]) -> list[str]:
    chosen = set(rights)
    return [name for name in ALL_RIGHTS if name in chosen]


def _locked(owner: SandboxPerson) -> SandboxBusinessConnection:
    rows = SandboxBusinessConnection.objects.select_for_update(of=("self",)).select_related("owner")
    connection = rows.filter(owner=owner, is_enabled=True).first()
    if connection is None:
        raise NotConnected
    return connection


def _announce(connection: SandboxBusinessConnection) -> None:
    # Chats are always locked before the update queue: whoever writes in one does so in this order too.
    for chat in SandboxChat.objects.select_for_update().filter(owner=connection.owner_id).order_by("pk"):
        chat.moved()
    updates.queue("business_connection", wire.business_connection(connection))
    announce("menu")
