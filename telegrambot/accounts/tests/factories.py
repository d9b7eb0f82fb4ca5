"""Rows for tests."""

from __future__ import annotations

from functools import cache
from typing import Any

import factory
from django.contrib.auth.hashers import make_password

from telegrambot.accounts.models import BotCommand, TelegramUser, User
from telegrambot.accounts.roles import Role


@cache
def _hashed(password: str) -> str:
    # Slow on purpose, so once for all accounts.
    return make_password(password)


class UserFactory(factory.django.DjangoModelFactory):
    """An account that may do nothing; give it a person (`person__role=Role.ADMIN`) or `is_superuser=True`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"staff{number}")
    password = factory.LazyFunction(lambda: _hashed("a good password"))

    @factory.post_generation
    def person(user: User, create: bool, extracted: Any, **values: Any) -> None:  # noqa: N805
        """Link the person given, or make one of `person__…`."""
        if create and (extracted or values):
            person = extracted or TelegramUserFactory(**values)
            person.staff = user
            person.save(update_fields=["staff"])


class TelegramUserFactory(factory.django.DjangoModelFactory):
    """Someone who wrote to the bot."""

    class Meta:
        model = TelegramUser

    telegram_id = factory.Sequence(lambda number: 5_000_000_000 + number)
    username = factory.Sequence(lambda number: f"person_{number}")
    first_name = factory.Sequence(lambda number: f"Person {number}")
    language_code = "en"
    role = Role.PUBLIC


class BotCommandFactory(factory.django.DjangoModelFactory):
    """A command as `sync_commands` would have made it."""

    class Meta:
        model = BotCommand

    command = factory.Sequence(lambda number: f"command{number}")
    description_en = "Does something"
    description_ru = "Делает что-то"
    code_role = Role.PUBLIC
    minimum_role = factory.SelfAttribute("code_role")
