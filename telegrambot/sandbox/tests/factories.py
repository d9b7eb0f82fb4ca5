"""People and chats for tests."""

from __future__ import annotations

import base64

import factory
from django.utils import timezone

from telegrambot.sandbox.models import SandboxChat, SandboxMessage, SandboxPerson

# A picture of 2 x 1 pixels.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR4nGP4z8DwHwyBDCAAAB7KA/8hnvKuAAAAAElFTkSuQmCC"
)


class PersonFactory(factory.django.DjangoModelFactory[SandboxPerson]):
    telegram_id = factory.Sequence(lambda number: 7_000_000 + number)
    first_name = "Greta"
    last_name = "Lind"
    username = factory.Sequence(lambda number: f"greta_{number}")

    class Meta:
        model = SandboxPerson


class ChatFactory(factory.django.DjangoModelFactory[SandboxChat]):
    person = factory.SubFactory(PersonFactory)
    telegram_id = factory.SelfAttribute("person.telegram_id")

    class Meta:
        model = SandboxChat

    class Params:
        blocked = factory.Trait(blocked_at=factory.LazyFunction(timezone.now))


class MessageFactory(factory.django.DjangoModelFactory[SandboxMessage]):
    chat = factory.SubFactory(ChatFactory)
    text = "Hello"
    revision = factory.LazyAttribute(lambda message: message.chat.moved())

    class Meta:
        model = SandboxMessage
