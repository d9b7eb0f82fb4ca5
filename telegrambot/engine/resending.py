"""How a message that was sent again and its copy belong together."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, TextField, Value
from django.db.models.functions import Cast, Concat

from telegrambot.engine.models import Message

_PREFIX = "again:"


def key_of_copy(message: Message) -> str:
    """The unique key of a message's copy: there is one at most."""
    return f"{_PREFIX}{message.pk}"


def was_sent_again() -> Exists:
    """The condition that a copy of a message was queued; then the message itself waits for nobody."""
    key = Concat(Value(_PREFIX), Cast(OuterRef("pk"), TextField()))
    return Exists(Message.objects.filter(dedupe_key=key))
