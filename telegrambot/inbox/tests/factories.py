"""Rows for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import factory
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.testing import BOT_ID
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.inbox import services
from telegrambot.inbox.models import Conversation, SavedReply


class ConversationFactory(factory.django.DjangoModelFactory):
    """An open conversation in which nothing was said yet."""

    class Meta:
        model = Conversation

    dialog = factory.SubFactory(DialogFactory)


class SavedReplyFactory(factory.django.DjangoModelFactory):
    """An answer for everybody."""

    class Meta:
        model = SavedReply

    title = factory.Sequence(lambda number: f"Saved reply {number}")
    text = "Hello, {first_name|friend}!"


def chat_with(person: TelegramUser, **values: Any) -> Dialog:
    """The bot's own chat with somebody."""
    dialog: Any = DialogFactory(
        person=person, telegram_dialog_id=str(person.telegram_id), bot_id=BOT_ID, **values
    )
    return cast("Dialog", dialog)


def operator(**values: Any) -> TelegramUser:
    """An admin who has a chat with the bot."""
    person: Any = TelegramUserFactory(**{"role": Role.ADMIN} | values)
    chat_with(person)
    return cast("TelegramUser", person)


def said(dialog: Dialog, text: str = "Hello?", moment: datetime | None = None, **values: Any) -> Message:
    """Something a person wrote that nobody else wanted; it waits in the inbox."""
    moment = moment or timezone.now()
    message: Any = MessageFactory(
        dialog=dialog,
        direction=Message.Direction.INBOUND,
        status=Message.Status.DELIVERED,
        text=text,
        timestamp=moment,
        **values,
    )
    services.receive(dialog, moment)
    return cast("Message", message)


def waiting(text: str = "Hello?", **values: Any) -> Conversation:
    """A conversation in which somebody waits for an answer."""
    dialog: Any = DialogFactory(**values)
    said(dialog, text)
    return Conversation.objects.get(dialog=dialog, is_active=True)
