"""Groups and channels: making them, who is in them, and the bot's place there."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from telegrambot.engine.formatted_text import cleaned
from telegrambot.sandbox import updates, wire
from telegrambot.sandbox.exceptions import InvalidTitle, NotAMember, OnlyAdminsManage
from telegrambot.sandbox.locks import locked
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxMember, SandboxPerson
from telegrambot.sandbox.people import chats

MAX_TITLE = 128


@transaction.atomic
def create_group(
    creator: SandboxPerson,
    title: str,
    members: Iterable[SandboxPerson] = (),
    *,
    with_bot: bool = True,
    bot_is_admin: bool = False,
) -> SandboxChat:
    """Make a group of the creator, the members and (unless told otherwise) the bot.

    Raises:
        InvalidTitle
    """
    chat = _created(creator, title, SandboxChat.Kind.SUPERGROUP, members)
    if with_bot:
        add_bot(creator, chat, as_admin=bot_is_admin)
    return chat


@transaction.atomic
def create_channel(
    creator: SandboxPerson,
    title: str,
    subscribers: Iterable[SandboxPerson] = (),
    *,
    with_discussion: bool = True,
    with_bot: bool = True,
) -> SandboxChat:
    """Make a channel, with a discussion group of the same people, the bot an administrator of both.

    Raises:
        InvalidTitle
    """
    everybody = list(subscribers)
    group = None
    if with_discussion:
        # What Telegram's own apps suggest.
        name = f"{title.strip()[: MAX_TITLE - 5]} Chat" if title.strip() else ""
        group = create_group(creator, name, everybody, with_bot=with_bot, bot_is_admin=True)
    channel = _created(creator, title, SandboxChat.Kind.CHANNEL, everybody)
    if group is not None:
        channel.discussion = group
        channel.save(update_fields=["discussion"])
    if with_bot:
        add_bot(creator, channel, as_admin=True)
    return channel


@transaction.atomic
def add_member(person: SandboxPerson, chat: SandboxChat, newcomer: SandboxPerson) -> None:
    """Add somebody to a group or channel; those who are in it already stay what they are.

    Raises:
        NotAMember: the acting person is not in it. OnlyAdminsManage: it is a channel that they only read.
    """
    row = locked(chat)
    chats.check_reading(person, row)
    if row.kind == SandboxChat.Kind.CHANNEL and not chats.is_admin(person, row):
        raise OnlyAdminsManage
    SandboxMember.objects.get_or_create(chat=row, person=newcomer)
    row.moved()


@transaction.atomic
def leave(person: SandboxPerson, chat: SandboxChat) -> None:
    """Leave a group or channel.

    Raises:
        NotAMember
    """
    row = locked(chat)
    gone, _ = SandboxMember.objects.filter(chat=row, person=person).delete()
    if not gone:
        raise NotAMember
    row.moved()


def add_bot(person: SandboxPerson, chat: SandboxChat, *, as_admin: bool = False) -> None:
    """Add the bot, or change what it is there. In a channel it can only be an administrator.

    Raises:
        NotAMember, OnlyAdminsManage
    """
    is_admin = as_admin or chat.kind == SandboxChat.Kind.CHANNEL
    status = SandboxChat.BotStatus.ADMINISTRATOR if is_admin else SandboxChat.BotStatus.MEMBER
    _set_bot_status(person, chat, status)


def remove_bot(person: SandboxPerson, chat: SandboxChat) -> None:
    """Remove the bot from a group or channel.

    Raises:
        NotAMember, OnlyAdminsManage
    """
    _set_bot_status(person, chat, SandboxChat.BotStatus.KICKED)


@transaction.atomic
def _set_bot_status(person: SandboxPerson, chat: SandboxChat, status: str) -> None:
    row = locked(chat)
    if not chats.is_admin(person, row):
        chats.check_reading(person, row)
        raise OnlyAdminsManage
    old = row.bot_status
    chat.bot_status = status
    if old == status:
        return
    row.bot_status = status
    row.moved("bot_status")
    change = wire.chat_member_updated(
        row, person, SandboxBot.objects.current(), old=old, new=status, date=timezone.now()
    )
    updates.queue("my_chat_member", change)


def _created(creator: SandboxPerson, title: str, kind: str, members: Iterable[SandboxPerson]) -> SandboxChat:
    title = cleaned(title).strip()
    if not 1 <= len(title) <= MAX_TITLE:
        raise InvalidTitle(limit=MAX_TITLE)
    chat = SandboxChat.objects.create(
        # The ids of supergroups and channels: -100 and ten digits.
        telegram_id=-1_000_000_000_000 - 1_000_000_000 - secrets.randbelow(2_000_000_000),
        kind=kind,
        title=title,
        bot_status=SandboxChat.BotStatus.LEFT,
    )
    SandboxMember.objects.create(chat=chat, person=creator, status=SandboxMember.Status.CREATOR)
    others = {member.pk: member for member in members if member.pk != creator.pk}
    SandboxMember.objects.bulk_create(SandboxMember(chat=chat, person=member) for member in others.values())
    chat.moved()
    return chat
