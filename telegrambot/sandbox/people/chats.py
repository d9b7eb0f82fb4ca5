"""Which chats a person has, and what they may do there."""

from __future__ import annotations

from django.db.models import Q

from telegrambot.sandbox.exceptions import BotIsBlocked, MessageGone, NotAMember, OnlyAdminsPost
from telegrambot.sandbox.locks import locked, message_in
from telegrambot.sandbox.models import SandboxChat, SandboxMember, SandboxMessage, SandboxPerson
from telegrambot.sandbox.people.accounts import open_chat


def chats_of(person: SandboxPerson) -> list[SandboxChat]:
    """A person's chats: the one with the bot (if they met), groups, channels, business chats.

    `chat.kind` says what each is, `chat.name_for(person)` what it is called (empty: the bot itself).
    """
    mine = Q(person=person) | Q(owner=person) | Q(customer=person) | Q(sandboxmember__person=person)
    rows = SandboxChat.objects.filter(mine).select_related("person", "owner", "customer", "discussion")
    return list(rows.distinct().order_by("created_at", "pk"))


def may_write(person: SandboxPerson, chat: SandboxChat) -> bool:
    """Whether the page should offer to write."""
    try:
        check_writing(person, chat)
    except (BotIsBlocked, NotAMember, OnlyAdminsPost):
        return False
    return True


def check_writing(person: SandboxPerson, chat: SandboxChat) -> None:
    """Raises:
    BotIsBlocked: their private chat with the bot is blocked.
    NotAMember: they are not in this chat.
    OnlyAdminsPost: it is a channel, and they only read it.
    """
    check_reading(person, chat)
    if chat.blocked_at:
        raise BotIsBlocked
    if chat.kind == SandboxChat.Kind.CHANNEL and not is_admin(person, chat):
        raise OnlyAdminsPost


def check_reading(person: SandboxPerson, chat: SandboxChat) -> None:
    """Raises:
    NotAMember: they are not in this chat.
    """
    if person.pk in {chat.person_id, chat.owner_id, chat.customer_id}:
        return
    if not SandboxMember.objects.filter(chat=chat, person=person).exists():
        raise NotAMember


def is_admin(person: SandboxPerson, chat: SandboxChat) -> bool:
    """Whether the person runs this group or channel."""
    member = SandboxMember.objects.filter(chat=chat, person=person).first()
    return member is not None and member.is_admin


def writable(person: SandboxPerson, chat: SandboxChat | None) -> SandboxChat:
    """The chat to write to, locked; the private one with the bot, opened on first need, when None is given.

    Raises:
        BotIsBlocked, NotAMember, OnlyAdminsPost
    """
    row = locked(chat or open_chat(person))
    check_writing(person, row)
    return row


def message_for(person: SandboxPerson, message_id: int) -> SandboxMessage:
    """A message in one of the person's chats, with its chat locked.

    Raises:
        MessageGone: there is none (any more), or it is in a chat that is not theirs.
    """
    rows = SandboxMessage.objects.select_related("chat")
    found = rows.filter(pk=message_id, deleted_at=None).first()
    if found is None:
        raise MessageGone
    chat = locked(found.chat)
    try:
        check_reading(person, chat)
    except NotAMember:
        raise MessageGone from None
    return message_in(chat, message_id)
