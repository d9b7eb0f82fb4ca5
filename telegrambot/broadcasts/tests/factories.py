"""Rows for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import factory

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.broadcasts.models import Broadcast, Segment
from telegrambot.engine.models import BotIdentity, Dialog
from telegrambot.engine.testing import BOT_ID


class SegmentFactory(factory.django.DjangoModelFactory):
    """Everybody, until conditions are given."""

    class Meta:
        model = Segment

    name = factory.Sequence(lambda number: f"Segment {number}")


class BroadcastFactory(factory.django.DjangoModelFactory):
    """A draft for everybody."""

    class Meta:
        model = Broadcast

    title = factory.Sequence(lambda number: f"Broadcast {number}")
    message_text = "Hello, {first_name|friend}!"


def recipients(count: int, **values: Any) -> list[TelegramUser]:
    """People who have a chat with the bot."""
    return [recipient(**values) for _ in range(count)]


def recipient(**values: Any) -> TelegramUser:
    """Somebody who has a chat with the bot."""
    BotIdentity.objects.get_or_create(
        pk=1, defaults={"bot_id": BOT_ID, "username": "test_bot", "is_sandbox": True}
    )
    # Older than any moment that a test calls now.
    person: Any = TelegramUserFactory(**{"created_at": datetime(2020, 1, 1, tzinfo=UTC)} | values)
    Dialog.objects.create(
        bot_id=BOT_ID,
        telegram_dialog_id=str(person.telegram_id),
        person=person,
        title=person.full_name,
        created_at=person.created_at,
    )
    return cast("TelegramUser", person)
