"""How a message that was sent again and its copy belong together, and what others have to say to it."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Exists, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from telegrambot.engine.models import Message

_PREFIX = "again:"
# What changes a copy before it is queued.
Amend = Callable[[Message], None]
# Asked with the messages, before they are locked; raises a DomainError to refuse.
Prepare = Callable[[QuerySet[Message]], Amend]
_preparers: list[Prepare] = []


def before_sending_again(prepare: Prepare) -> Prepare:
    """Register who decides whether messages may be sent again, and what their copies say."""
    _preparers.append(prepare)
    return prepare


def prepared(messages: QuerySet[Message]) -> Amend:
    """Ask all of them; what is returned is to be called with each copy.

    Raises:
        DomainError: one of them refuses.
    """
    amendments = [prepare(messages) for prepare in _preparers]

    def amend(copy: Message) -> None:
        for change in amendments:
            change(copy)

    return amend


def key_of_copy(message: Message) -> str:
    """The unique key of a message's copy: there is one at most."""
    return f"{_PREFIX}{message.pk}"


def was_sent_again() -> Exists:
    """The condition that a copy of a message was queued; then the message itself waits for nobody."""
    key = Concat(Value(_PREFIX), Cast(OuterRef("pk"), TextField()))
    return Exists(Message.objects.filter(dedupe_key=key))
