"""A small believable demo: a bot and four people who play the four roles."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.sandbox import people
from telegrambot.sandbox.models import SandboxBot, SandboxPerson


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
    is unknown to it until they write.
    """
    SandboxBot.objects.current()
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
