"""A small believable demo: a bot, four people who play the four roles, a chat of every type, and guides."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.models import BotIdentity, Dialog
from telegrambot.sandbox import demo_chats, demo_guides, people
from telegrambot.sandbox.announcements import announce
from telegrambot.sandbox.exceptions import DatabaseOfRealBot
from telegrambot.sandbox.models import (
    SandboxBot,
    SandboxChat,
    SandboxFault,
    SandboxFile,
    SandboxLogEntry,
    SandboxPerson,
    SandboxUpdate,
)


@dataclass(frozen=True)
class _Member:
    telegram_id: int
    first_name: str
    last_name: str
    username: str
    part: SandboxPerson.Part
    role: Role | None
    """What the bot already knows this person as; None: they have not met."""


OWNER_TELEGRAM_ID = 1_100_000_001

MEMBERS = (
    _Member(OWNER_TELEGRAM_ID, "Olivia", "Novak", "olivia_novak", SandboxPerson.Part.OWNER, Role.OWNER),
    _Member(1_100_000_002, "Anton", "Berg", "anton_berg", SandboxPerson.Part.ADMIN, Role.ADMIN),
    _Member(1_100_000_003, "Sara", "Haddad", "sara_haddad", SandboxPerson.Part.SUBSCRIBER, Role.SUBSCRIBER),
    _Member(1_100_000_004, "Nikita", "Orlov", "nikita_orlov", SandboxPerson.Part.NEWCOMER, None),
)
_RUSSIAN_SPEAKERS = {"nikita_orlov"}


@transaction.atomic
def fill() -> None:
    """Create what is missing of the demo; what was changed since stays as it is.

    The owner, the admin and the subscriber have met the bot, so it can write to them first. The newcomer
    is unknown to it until they write. Of the chats the bot learns as from Telegram: by updates.

    Raises:
        DatabaseOfRealBot: there are real people in this database.
    """
    _require_own_database()
    SandboxBot.objects.current()
    persons = {}
    for member in MEMBERS:
        person, _ = SandboxPerson.objects.get_or_create(
            telegram_id=member.telegram_id,
            defaults={
                "first_name": member.first_name,
                "last_name": member.last_name,
                "username": member.username,
                "language_code": "ru" if member.username in _RUSSIAN_SPEAKERS else "en",
                "part": member.part,
            },
        )
        persons[member.part] = person
        if member.role is not None:
            people.open_chat(person)
            TelegramUser.objects.get_or_create(
                telegram_id=member.telegram_id,
                defaults={
                    "first_name": member.first_name,
                    "last_name": member.last_name,
                    "username": member.username,
                    "language_code": person.language_code,
                    "role": member.role,
                },
            )
    demo_guides.fill()
    demo_chats.fill(
        owner=persons[SandboxPerson.Part.OWNER],
        admin=persons[SandboxPerson.Part.ADMIN],
        subscriber=persons[SandboxPerson.Part.SUBSCRIBER],
    )


@transaction.atomic
def reset() -> None:
    """Put everything back to the demo: people, chats, messages, faults, the log, and what the bot remembers.

    The bot keeps its token, its webhook and its command menus, and goes on counting updates where it was, so
    that the running program does not take the next ones for old ones. Its own memory of the sandbox's people
    goes with them; the demo's people have their roles again.

    Raises:
        DatabaseOfRealBot: there are real people in this database.
    """
    _require_own_database()
    # In the order in which everybody else locks them: channels, their groups, then the update queue.
    list(SandboxChat.objects.select_for_update().order_by("kind", "pk").values_list("pk"))
    bot = SandboxBot.objects.locked()
    known = list(SandboxPerson.objects.values_list("pk", flat=True))
    for model in (SandboxUpdate, SandboxChat, SandboxFile, SandboxFault, SandboxLogEntry, SandboxPerson):
        # One statement each: what hangs on the rows is deleted by the database.
        queryset = model.objects.all()
        queryset._raw_delete(queryset.db)
    bot.privacy_mode, bot.limits_enabled, bot.busy_until = True, False, None
    bot.save(update_fields=["privacy_mode", "limits_enabled", "busy_until"])
    dialogs = Dialog.objects.filter(bot_id=bot.telegram_id)
    dialogs._raw_delete(dialogs.db)
    roles = {member.telegram_id: member.role for member in MEMBERS if member.role is not None}
    TelegramUser.objects.filter(telegram_id__in=set(known) - set(roles), staff=None).delete()
    for telegram_id, role in roles.items():
        TelegramUser.objects.filter(telegram_id=telegram_id).update(
            role=role, is_active=True, blocked_at=None, opted_out_at=None
        )
    fill()
    announce("reset")


def _require_own_database() -> None:
    # Somebody on Telegram has each of the demo's numbers.
    if real := BotIdentity.objects.filter(is_sandbox=False).first():
        raise DatabaseOfRealBot(username=real.username)
