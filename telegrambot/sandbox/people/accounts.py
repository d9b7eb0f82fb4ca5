"""Being a person here: joining, meeting the bot, blocking it."""

from __future__ import annotations

import re
import secrets

from django.db import transaction
from django.utils import timezone

from telegrambot.engine.formatted_text import cleaned
from telegrambot.sandbox import updates, wire
from telegrambot.sandbox.exceptions import InvalidPerson, NotStarted
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxPerson


def add_person(
    *, first_name: str, last_name: str = "", username: str = "", language_code: str = "en"
) -> SandboxPerson:
    """Let somebody new join this Telegram.

    Raises:
        InvalidPerson
    """
    first_name, last_name = cleaned(first_name).strip(), cleaned(last_name).strip()
    username = username.strip().removeprefix("@")
    if not 1 <= len(first_name) <= 64 or len(last_name) > 64:
        raise InvalidPerson
    if username and not re.fullmatch(r"[A-Za-z0-9_]{3,32}", username):
        raise InvalidPerson
    if language_code not in SandboxPerson.Language.values:
        raise InvalidPerson
    return SandboxPerson.objects.create(
        telegram_id=5_000_000_000 + secrets.randbelow(2_000_000_000),
        first_name=first_name,
        last_name=last_name,
        username=username,
        language_code=language_code,
    )


def open_chat(person: SandboxPerson) -> SandboxChat:
    """The person's chat with the bot, created when they meet for the first time. Sends nothing."""
    return SandboxChat.objects.get_or_create(telegram_id=person.telegram_id, defaults={"person": person})[0]


def block(person: SandboxPerson) -> None:
    """Block the bot: it can no longer write to this person.

    Raises:
        NotStarted: there is no chat yet.
    """
    _set_blocked(person, blocked=True)


def unblock(person: SandboxPerson) -> None:
    """Let the bot write again.

    Raises:
        NotStarted: there is no chat yet.
    """
    _set_blocked(person, blocked=False)


@transaction.atomic
def _set_blocked(person: SandboxPerson, *, blocked: bool) -> None:
    chat = SandboxChat.objects.select_for_update().filter(person=person).first()
    if chat is None:
        raise NotStarted
    if bool(chat.blocked_at) == blocked:
        return
    now = timezone.now()
    chat.person = person
    chat.blocked_at = now if blocked else None
    chat.moved("blocked_at")
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    bot = SandboxBot.objects.current()
    updates.queue("my_chat_member", wire.chat_member_updated(chat, person, bot, old=old, new=new, date=now))
