"""Rows of the engine for tests."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Dialog, InboundUpdate, Message, ProcessedMessage

BOT_ID = 7_000_001


class DialogFactory(DjangoModelFactory):
    """The bot's private chat with a person."""

    class Meta:
        model = Dialog

    bot_id = BOT_ID
    person = factory.SubFactory(TelegramUserFactory)
    telegram_dialog_id = factory.LazyAttribute(lambda dialog: str(dialog.person.telegram_id))
    title = factory.LazyAttribute(lambda dialog: dialog.person.first_name)


class MessageFactory(DjangoModelFactory):
    """Something the bot said, sent."""

    class Meta:
        model = Message

    dialog = factory.SubFactory(DialogFactory)
    person = factory.SelfAttribute("dialog.person")
    direction = Message.Direction.OUTBOUND
    status = Message.Status.SENT
    text = factory.Sequence(lambda number: f"Answer {number}")


class InboundUpdateFactory(DjangoModelFactory):
    """A text somebody wrote, handled."""

    class Meta:
        model = InboundUpdate

    bot_id = BOT_ID
    update_id = factory.Sequence(lambda number: 900_000 + number)
    source = InboundUpdate.Source.POLLING
    dialog = factory.SubFactory(DialogFactory)
    kind = "message"
    payload = factory.LazyAttribute(
        lambda update: {"update_id": update.update_id, "message": {"text": "Hello"}}
    )
    status = InboundUpdate.Status.DONE


class ProcessedMessageFactory(DjangoModelFactory):
    """The mark of a thing that was handled."""

    class Meta:
        model = ProcessedMessage

    message_id = factory.Sequence(lambda number: f"upd:{BOT_ID}:{number}")
